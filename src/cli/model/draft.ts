/**
 * Drafts the first manifest of a model from its ONNX file. All that the file does not tell gets a placeholder: the unit
 * "unknown", and limits so wide that hardly any value is refused.
 */
import type { GraphSignature, GraphValue } from '../../../workers/runtimes/onnx/signature.ts';
import {
  completeBatching,
  completeNames,
  type Manifest,
  type ManifestInput,
  type ManifestOutput,
  type NumberType,
  UNKNOWN_UNIT,
} from '../../models/manifest.ts';
import { printable } from '../../process/printable.ts';
import { ModelFileError } from './modelFileError.ts';
import { fieldNames, mutationFor, typesFor } from './names.ts';

export interface DraftOptions {
  readonly model: string;
  /** @default made from the model's name */
  readonly mutation?: string | undefined;
  /** Base name of the ONNX file. */
  readonly source: string;
  /** Output tensors that the manifest does not name. They are not fetched. */
  readonly leaveOut: readonly string[];
  /** @default 64 */
  readonly maxBatchSize?: number | undefined;
  /**
   * The numbers in a row of tensors whose shape in the file does not tell it. An output without an entry has one
   * number.
   */
  readonly widths: ReadonlyMap<string, number>;
}

/** The end of all descriptions in a draft. */
export const UNDESCRIBED = 'not described yet.';
export const NUMBER_LIMIT = 1_000_000_000;
export const STRING_MAX_LENGTH = 200;
/** The largest `size` that a manifest may give. */
const MAX_WIDTH = 4096;
const NUMBER_TYPES: readonly (string | undefined)[] = ['float32', 'float64', 'int32', 'int64'];
const SUPPORTED =
  'What can be served: float32, float64, int32 and int64 of shape [N], [N, 1] or [N, k]; string and bool of shape [N] or [N, 1]. N is the batch and must not be fixed.';

/**
 * @returns a manifest whose example is still empty.
 * @throws {ModelFileError} with a line for each input and output that cannot be served, and what to do about it.
 */
export function draftManifest(graph: GraphSignature, options: DraftOptions): Manifest {
  const { model, mutation = mutationFor(model), source, leaveOut, maxBatchSize = 64 } = options;
  const inputs = graph.inputMetadata;
  const outputs = graph.outputMetadata.filter(({ name }) => !leaveOut.includes(name));
  refuseUnservable(graph, outputs, options);
  return {
    name: model,
    description: printable(`Added from ${source}, ${UNDESCRIBED}`),
    versions: 'all',
    graphql: completeNames({ mutation, ...typesFor(mutation) }),
    inputs: inputs.map(draftInput(fieldNames(inputs.map(({ name }) => name)), options)),
    outputs: outputs.map(draftOutput(fieldNames(outputs.map(({ name }) => name)), options)),
    batching: completeBatching({ maxBatchSize, maxWaitMs: 0 }),
    axes: {},
    masks: [],
    coalesce: false,
    partialOutputs: false,
    isolation: 'shared',
    limits: { timeoutMs: 60_000, runTimeoutMs: 30_000, maxAttempts: 3 },
    example: {},
  };
}

/** The name, type and shape, as in `features float32[N, 4]`; only the name if the value is no tensor. */
function describeValue({ name, isTensor, type, shape = [] }: GraphValue): string {
  return isTensor ? `${name} ${type}[${shape.map((size) => size || '?').join(', ')}]` : name;
}

/** Whether the file does not tell how many numbers a row has, so that a run or a row of the user must tell it. */
export function hasUnknownWidth({ isTensor, shape = [] }: GraphValue): boolean {
  return isTensor && (shape.length === 0 || (shape.length === 2 && typeof shape[1] === 'string'));
}

function refuseUnservable(
  graph: GraphSignature,
  outputs: readonly GraphValue[],
  { source, leaveOut, widths }: DraftOptions,
): void {
  const unknown = leaveOut.find((tensor) => !graph.outputMetadata.some(({ name }) => name === tensor));
  if (unknown !== undefined) {
    const names = graph.outputMetadata.map(({ name }) => name).join(', ');
    throw new ModelFileError(`--leave-out must name an output of ${source} (${names}), got ${unknown}`);
  }
  const problems = [
    ...(graph.inputMetadata.length === 0 ? ['It has no input.'] : []),
    ...(outputs.length === 0 ? ['No output is left.'] : []),
    ...graph.inputMetadata.flatMap((value) => inputProblem(value, widths)),
    ...outputs.flatMap(outputProblem),
  ];
  if (problems.length === 0) return;
  throw new ModelFileError(
    `${source} cannot be served as it is:\n${problems.map((text) => `- ${printable(text)}`).join('\n')}\n${SUPPORTED}`,
  );
}

function inputProblem(value: GraphValue, widths: ReadonlyMap<string, number>): string[] {
  const subject = `The input ${describeValue(value)}`;
  if (!value.isTensor) return [`${subject} is no tensor: give each column an input of its own.`];
  if (value.shape?.length === 0)
    return [`${subject} is a single value, or the file does not say its shape: export it as [N].`];
  const problems = tensorProblem(subject, value, 'takes');
  if (problems.length > 0 || !hasUnknownWidth(value) || widths.has(value.name)) return problems;
  return [
    `${subject} does not say how many numbers a row has: show one with --example '{"${value.name}": […]}', or export it with a fixed width.`,
  ];
}

function outputProblem(value: GraphValue): string[] {
  const subject = `The output ${describeValue(value)}`;
  const option = `--leave-out ${value.name}`;
  if (!value.isTensor)
    return [
      `${subject} is a sequence or a map, as ZipMap makes it: export it as a tensor (skl2onnx: options={'zipmap': False}), or leave it out: ${option}.`,
    ];
  return tensorProblem(subject, value, 'gives').map((problem) => `${problem} Or leave it out: ${option}.`);
}

function tensorProblem(subject: string, { type, shape = [] }: GraphValue, verb: 'takes' | 'gives'): string[] {
  const [rows, width] = shape;
  const isText = type === 'string' || type === 'bool';
  if (!isText && !NUMBER_TYPES.includes(type))
    return [`${subject} has the type ${type}: convert it inside the graph, with a Cast to or from float32.`];
  if (typeof rows === 'number' && rows >= 0)
    return [
      `${subject} ${verb} exactly ${rows} ${rows === 1 ? 'row' : 'rows'}, and rows are run in batches of any size: export it with a first dimension that varies (torch: dynamic_axes; skl2onnx: a shape that begins with None).`,
    ];
  if (shape.length > 2)
    return [`${subject} has ${shape.length} dimensions: reshape it to [N, k] inside the graph.`];
  if (isText && shape.length === 2 && width !== 1)
    return [`${subject} holds several of type ${type} in a row: give each column a tensor of its own.`];
  if (typeof width === 'number' && (width < 1 || width > MAX_WIDTH))
    return [
      `${subject} has ${width} numbers in a row, and 1 to ${MAX_WIDTH} are possible: split it, inside the graph, into several tensors.`,
    ];
  return [];
}

function draftInput(names: ReadonlyMap<string, string>, { source, widths }: DraftOptions) {
  return (value: GraphValue): ManifestInput => {
    const description = printable(`The tensor ${value.name} of ${source}, ${UNDESCRIBED}`);
    const field = { name: names.get(value.name) ?? value.name, tensor: value.name };
    if (value.type === 'string')
      return { ...field, type: 'string', maxLength: STRING_MAX_LENGTH, description };
    if (value.type === 'bool') return { ...field, type: 'boolean', description };
    const limits = { minimum: -NUMBER_LIMIT, maximum: NUMBER_LIMIT };
    return { ...field, ...numbers(value, widths), ...limits, description };
  };
}

function draftOutput(names: ReadonlyMap<string, string>, { source, widths }: DraftOptions) {
  return (value: GraphValue): ManifestOutput => {
    const description = printable(`The tensor ${value.name} of ${source}, ${UNDESCRIBED}`);
    const field = { name: names.get(value.name) ?? value.name, tensor: value.name };
    if (value.type === 'string') return { ...field, type: 'string', description };
    if (value.type === 'bool') return { ...field, type: 'boolean', description };
    return { ...field, ...numbers(value, widths), description };
  };
}

function numbers(value: GraphValue, widths: ReadonlyMap<string, number>) {
  const [, width] = value.shape ?? [];
  const size = typeof width === 'number' ? width : (widths.get(value.name) ?? 1);
  return { type: value.type as NumberType, ...(size > 1 && { size }), unit: UNKNOWN_UNIT };
}
