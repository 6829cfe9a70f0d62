/** The rules of a manifest about shapes, axes and batches that JSON Schema cannot express. */
import {
  type Manifest,
  type ManifestInput,
  type ManifestOutput,
  rowShapeOf,
  type Shape,
} from './manifest.ts';

/** @returns the first rule that is broken, naming the member; undefined if there is none. */
export function shapeProblem(manifest: Manifest): string | undefined {
  const { inputs, outputs, masks } = manifest;
  return (
    first(Object.entries(manifest.axes), ([name, axis]) => axisProblem(name, axis)) ??
    first(inputs, (input) => inputProblem(manifest, input)) ??
    first(masks, (mask) => unknownAxis(manifest, `masks: ${mask.tensor}`, mask.shape)) ??
    first([...inputs, ...outputs], (field) => batchProblem(manifest, field))
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
  if (padded === undefined || ('pad' in input && input.pad !== undefined)) return undefined;
  return `${input.name}: pad must be given, since axis ${padded} has buckets`;
}

/** Outputs may name axes that no input has: their sizes are the model's. */
function unknownAxis({ axes }: Manifest, subject: string, shape: Shape): string | undefined {
  const unknown = namesIn(shape).find((name) => axes[name] === undefined);
  return unknown && `${subject}: axes must have the limits of ${unknown}, which its shape names`;
}

function namesIn(shape: Shape): readonly string[] {
  return shape.filter((size) => typeof size === 'string');
}

function batchProblem(
  { batching: { maxBatchSize, fixedBatchSize } }: Manifest,
  field: ManifestInput | ManifestOutput,
): string | undefined {
  const { name, batchAxis = 0 } = field;
  if (fixedBatchSize !== undefined && maxBatchSize !== fixedBatchSize)
    return `batching: maxBatchSize must be fixedBatchSize, ${fixedBatchSize}, got ${maxBatchSize}`;
  if (batchAxis === null)
    return maxBatchSize === 1
      ? undefined
      : `batching: maxBatchSize must be 1, since ${name} has no batch axis, got ${maxBatchSize}`;
  const rank = rowShapeOf(field).length;
  return batchAxis <= rank ? undefined : `${name}: batchAxis must be from 0 to ${rank}, got ${batchAxis}`;
}
