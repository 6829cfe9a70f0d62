/** The rules of a manifest about shapes, axes and batches that JSON Schema cannot express. */
import { encodeElements } from './elements.ts';
import {
  isTensorInput,
  type Manifest,
  type ManifestInput,
  type ManifestOutput,
  type Mask,
  rowShapeOf,
  type Shape,
  type TensorType,
  tensorTypeOf,
} from './manifest.ts';

/** @returns the first rule that is broken, naming the member; undefined if there is none. */
export function shapeProblem(manifest: Manifest): string | undefined {
  const { inputs, outputs, masks } = manifest;
  return (
    first(Object.entries(manifest.axes), ([name, axis]) => axisProblem(name, axis)) ??
    first(inputs, (input) => inputProblem(manifest, input)) ??
    first(outputs, columnsProblem) ??
    first(masks, (mask) => maskProblem(manifest, mask)) ??
    batchingProblem(manifest.batching) ??
    first([...inputs, ...outputs], (field) => batchProblem(manifest, field.name, field)) ??
    first(masks, (mask) => batchProblem(manifest, `masks: ${mask.tensor}`, mask))
  );
}

function first<T>(items: readonly T[], problemOf: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function axisProblem(
  name: string,
  { minimum, maximum, buckets }: Manifest['axes'][string],
): string | undefined {
  if (minimum > maximum) return `axes: ${name}: minimum must not exceed maximum`;
  if (buckets === undefined) return undefined;
  const isAscending = buckets.every((size, i) => i === 0 || size > (buckets[i - 1] ?? 0));
  if (isAscending && buckets.at(-1) === maximum) return undefined;
  return `axes: ${name}: buckets must ascend, and end with the maximum, ${maximum}`;
}

function inputProblem(manifest: Manifest, input: ManifestInput): string | undefined {
  const shape = rowShapeOf(input);
  const problem = unknownAxis(manifest, input.name, shape);
  if (problem !== undefined) return problem;
  const padded = namesIn(shape).find((name) => manifest.axes[name]?.buckets !== undefined);
  if (!isTensorInput(input)) return undefined;
  const { name, pad } = input;
  if (pad !== undefined && !isElement(tensorTypeOf(input), pad))
    return `${name}: pad must be an element of ${tensorTypeOf(input)}, got ${JSON.stringify(pad)}`;
  return padded === undefined || pad !== undefined
    ? undefined
    : `${name}: pad must be given, since axis ${padded} has buckets`;
}

/** Detections have other columns, see `mediaProblem.ts`. */
function columnsProblem(output: ManifestOutput): string | undefined {
  if (!('columns' in output) || 'kind' in output) return undefined;
  const { name, columns = [] } = output;
  const last = 'shape' in output ? output.shape.at(-1) : undefined;
  return columns.length === last
    ? undefined
    : `${name}: columns must be as many as the numbers along the last axis, ${last ?? 'which the shape lacks'}, got ${columns.length}`;
}

/** A mask has the sizes of the task, so inputs must have its names. */
function maskProblem(manifest: Manifest, { tensor, shape }: Mask): string | undefined {
  const named = new Set(manifest.inputs.flatMap((input) => namesIn(rowShapeOf(input))));
  const unknown = namesIn(shape).find((name) => !named.has(name));
  if (unknown !== undefined)
    return `masks: ${tensor}: an input must have the dimension ${unknown}, which its shape names`;
  return manifest.inputs.some((input) => input.tensor === tensor)
    ? `masks: ${tensor} is the tensor of an input, too`
    : undefined;
}

/** Outputs may name axes that no input has: their sizes are the model's. */
function unknownAxis({ axes }: Manifest, subject: string, shape: Shape): string | undefined {
  const unknown = namesIn(shape).find((name) => axes[name] === undefined);
  return unknown && `${subject}: axes must have the limits of ${unknown}, which its shape names`;
}

function namesIn(shape: Shape): readonly string[] {
  return shape.filter((size) => typeof size === 'string');
}

function isElement(type: TensorType, value: unknown): boolean {
  return type === 'string' ? typeof value === 'string' : typeof encodeElements(type, [value]) !== 'number';
}

function batchingProblem({ fixedBatchSize, ...batching }: Manifest['batching']): string | undefined {
  if (fixedBatchSize === undefined) return undefined;
  const [member, size] = runSizes(batching).find(([, size]) => size !== fixedBatchSize) ?? [];
  return member && `batching: ${member} must be fixedBatchSize, ${fixedBatchSize}, got ${size}`;
}

/** Without a size of row batches, which the manifest may leave out: that follows the other one. */
function runSizes({ maxBatchSize, maxBulkBatchSize }: Omit<Manifest['batching'], 'fixedBatchSize'>) {
  return Object.entries({ maxBatchSize, maxBulkBatchSize: maxBulkBatchSize ?? maxBatchSize });
}

function batchProblem(
  { batching }: Manifest,
  name: string,
  field: ManifestInput | ManifestOutput | Mask,
): string | undefined {
  const { batchAxis = 0 } = field;
  if (batchAxis === null) {
    const [member, size] = runSizes(batching).find(([, size]) => size !== 1) ?? [];
    return member && `batching: ${member} must be 1, since ${name} has no batch axis, got ${size}`;
  }
  const rank = rowShapeOf(field).length;
  return batchAxis <= rank ? undefined : `${name}: batchAxis must be from 0 to ${rank}, got ${batchAxis}`;
}
