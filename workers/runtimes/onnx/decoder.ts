/** Reads predictions from the output tensors of a run. It knows the manifest, not ONNX Runtime. */
import { elementsOf } from '../../../src/contract/tensor.ts';
import { type AxisSizes, paddedSizes } from '../../../src/models/axes.ts';
import { bytesIn, type Elements, exactNumber } from '../../../src/models/elements.ts';
import {
  isMediaOutput,
  isTensorOutput,
  MAX_OUTPUT_CHARACTERS,
  type Manifest,
  type ManifestOutput,
  type NumberOutput,
  type PlainOutput,
  rowShapeOf,
  type TensorOutput,
  type TensorType,
  tensorTypeOf,
} from '../../../src/models/manifest.ts';
import { inlineBytesOf } from '../../../src/models/valueBytes.ts';
import type { Answer, Answers } from '../../answer.ts';
import type { MediaAnswer } from '../../media/media.ts';
import { copyCorner, filledWith, fromBatchAxis, type TensorData } from '../../tensorLayout.ts';
import type { RunRows } from './encoder.ts';

/** Output tensors as they came, by tensor name. */
export type OutputTensors = Readonly<Record<string, OutputTensor>>;

export interface OutputTensor {
  /** In row-major order. */
  readonly data: TensorData;
  readonly dims: readonly number[];
}

/** The decoded output tensors: a value for each row and output, except for rows without a prediction. */
export interface DecodedColumns {
  /** The columns by GraphQL name. */
  readonly columns: ReadonlyMap<string, readonly Answer[]>;
  /** By index: why a row has no prediction (a number that is not finite, or a text that is too long). */
  readonly problems: ReadonlyMap<number, string>;
  /** By index: why a row could not be run (a file that cannot be decoded). */
  readonly faults: ReadonlyMap<number, string>;
}

/** What a run has answered. */
export interface RunOutputs {
  readonly outputs: OutputTensors;
  /** If the model takes or gives pictures, sounds or texts. */
  readonly media?: MediaAnswer | undefined;
}

/**
 * Reads one prediction per row from the output tensors.
 *
 * @param run of which they are the answer.
 * @returns predictions by GraphQL name, in the order of the rows. If a number or a number of a vector is not finite, or
 *   a text is too long, it is a sentence that says so instead. A tensor may have any numbers.
 * @throws {RangeError} if a tensor is missing or has another shape than the manifest says.
 */
export function decodeBatch(manifest: Manifest, answered: RunOutputs, run: RunRows): (Answers | string)[] {
  const { columns, problems, faults } = decodeColumns(manifest, answered, run);
  return Array.from({ length: run.count }, (_, row) => {
    const problem = faults.get(row) ?? problems.get(row);
    if (problem !== undefined) return problem;
    const values: Record<string, Answer> = {};
    for (const [name, column] of columns) values[name] = column[row] as Answer;
    return values;
  });
}

/** The same, output by output, with the same errors. */
export function decodeColumns(
  manifest: Manifest,
  { outputs, media }: RunOutputs,
  given: RunRows,
): DecodedColumns {
  const columns = new Map<string, readonly Answer[]>(media?.columns);
  const problems = new Map<number, string>(media?.problems);
  const faults = media?.faults ?? new Map<number, string>();
  // Then nothing was run.
  if (faults.size === given.count) return { columns, problems, faults };
  const run = media === undefined ? given : withFiles(given, media);
  const padded = paddedIn(manifest, given, media);
  for (const output of manifest.outputs) {
    if (isMediaOutput(output)) continue;
    const tensor = checked(output, outputs[output.tensor], run, padded);
    const column = isTensorOutput(output)
      ? decodeTensors(output, tensor, run)
      : decodeValues(output, tensor, run);
    const problemOf = isTensorOutput(output) ? textsProblem(manifest) : valueProblem;
    for (let row = 0; row < run.count; row++) {
      const problem = problemOf(column[row] as Answer);
      if (problem !== undefined && !problems.has(row)) problems.set(row, `${output.name} must be ${problem}`);
    }
    columns.set(output.name, column);
  }
  return { columns, problems, faults };
}

/** The rows with the sizes of named dimensions that their files have. */
function withFiles(run: RunRows, { sizes }: MediaAnswer): RunRows {
  if (sizes.length === 0) return run;
  return { ...run, sizes: sizes.map((ofFiles, row) => new Map([...(run.sizes?.[row] ?? []), ...ofFiles])) };
}

/** The sizes of named dimensions in the run. */
function paddedIn(
  manifest: Manifest,
  { sizes }: RunRows,
  media: MediaAnswer | undefined,
): AxisSizes | undefined {
  const padded = sizes?.[0] && paddedSizes(manifest, sizes[0]);
  return media === undefined ? padded : new Map([...(padded ?? []), ...media.padded]);
}

/** @param padded the sizes of named dimensions in this run. An output may name others: their sizes are the model's. */
function checked(
  output: ManifestOutput,
  tensor: OutputTensor | undefined,
  { runCount }: RunRows,
  padded: AxisSizes | undefined,
): OutputTensor {
  const { batchAxis = 0 } = output;
  const shape = rowShapeOf(output).map((axis) =>
    typeof axis === 'string' ? (padded?.get(axis) ?? axis) : axis,
  );
  const expected = batchAxis === null ? shape : shape.toSpliced(batchAxis, 0, runCount);
  const dims = tensor?.dims ?? [];
  // A single value may have more dimensions, of one element each.
  const length = !isTensorOutput(output) && shape.length === 0 ? dims.length : expected.length;
  const fits =
    dims.length === length &&
    expected.length <= length &&
    dims.every((size, i) => size === (expected[i] ?? 1) || typeof expected[i] === 'string');
  if (tensor !== undefined && fits) return tensor;
  const got = tensor === undefined ? 'none' : `[${dims.join(', ')}]`;
  throw new RangeError(`output ${output.tensor} must have shape [${expected.join(', ')}], got ${got}`);
}

function decodeValues(
  output: NumberOutput | PlainOutput,
  { data, dims }: OutputTensor,
  { count }: RunRows,
): Answer[] {
  const { batchAxis = 0 } = output;
  const rowsFirst = batchAxis ? fromBatchAxis(tensorTypeOf(output), data, dims, batchAxis) : data;
  const column: Answer[] = [];
  for (let row = 0; row < count; row++) column.push(decodeValue(output, rowsFirst, row));
  return column;
}

function decodeValue(output: NumberOutput | PlainOutput, data: TensorData, row: number): Answer {
  switch (output.type) {
    case 'string':
      return String(data[row]);
    case 'boolean':
      return Boolean(data[row]);
    default:
      if (output.exact) return exactNumber(BigInt(data[row] ?? 0));
      if (output.size === undefined) return Number(data[row]);
      return Array.from(data.slice(row * output.size, (row + 1) * output.size), Number);
  }
}

/** The rows share the memory of the tensor where they lie in it in one piece. */
function decodeTensors(output: TensorOutput, { data, dims }: OutputTensor, run: RunRows): Answer[] {
  const { batchAxis = 0 } = output;
  const type = tensorTypeOf(output);
  const rowsFirst = fromBatchAxis(type, data, dims, batchAxis);
  const shape = batchAxis === null ? dims : dims.toSpliced(batchAxis, 1);
  const size = elementsOf(shape);
  return Array.from({ length: run.count }, (_, row) => {
    const sizes = run.sizes?.[row];
    const real = output.shape.map((axis, i) => sizes?.get(String(axis)) ?? shape[i] ?? 0);
    const padded =
      'subarray' in rowsFirst
        ? rowsFirst.subarray(row * size, (row + 1) * size)
        : rowsFirst.slice(row * size, (row + 1) * size);
    if (real.every((length, i) => length === shape[i])) return tensorOf(type, padded, shape);
    const cut = filledWith(type, elementsOf(real));
    copyCorner(type, { data: padded, shape }, { data: cut, shape: real });
    return tensorOf(type, cut, real);
  });
}

function tensorOf(type: TensorType, data: TensorData, shape: readonly number[]): Answer {
  return type === 'string'
    ? { shape, texts: data as readonly string[] }
    : { type, shape, data: bytesIn(data as Elements) };
}

/** @returns the rule that a model's value breaks, to be read after "must be"; undefined if it is right. */
function valueProblem(value: Answer): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : `a finite number, got ${value}`;
    case 'string':
      return value.length <= MAX_OUTPUT_CHARACTERS
        ? undefined
        : `a text of at most ${MAX_OUTPUT_CHARACTERS} characters, got ${value.length}`;
    case 'object': {
      if (!('length' in value)) return undefined;
      const wrong = value.find((item) => !Number.isFinite(item));
      return wrong === undefined ? undefined : `finite numbers, got ${wrong}`;
    }
    default:
      return undefined;
  }
}

/** Texts always travel in messages. The numbers of a tensor may be anything, since NaN is what some models mean. */
function textsProblem({ outputs }: Manifest): (value: Answer) => string | undefined {
  const most = inlineBytesOf(outputs);
  return (value) => {
    if (typeof value !== 'object' || !('texts' in value)) return undefined;
    const bytes = Buffer.byteLength(JSON.stringify(value.texts));
    return bytes <= most ? undefined : `texts of at most ${most} bytes in JSON, got ${bytes}`;
  };
}
