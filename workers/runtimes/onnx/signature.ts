/**
 * Compares the inputs and outputs of a manifest with those of an ONNX graph. Shapes of outputs are not compared: files
 * declare wrong ones, and runs of the golden rows show the right ones.
 */
import {
  graphInputsOf,
  isPlainInput,
  type Manifest,
  type ManifestInput,
  type ManifestOutput,
  type Mask,
  rowShapeOf,
  type TensorType,
  tensorTypeOf,
} from '../../../src/models/manifest.ts';
import { printable } from '../../../src/process/printable.ts';

/** An input or output as ONNX Runtime describes it. A variable dimension is a name or -1. */
export interface GraphValue {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  /** Empty if the graph does not say it, or for a single element. */
  readonly shape?: readonly (number | string)[];
}

export interface GraphSignature {
  readonly inputMetadata: readonly GraphValue[];
  readonly outputMetadata: readonly GraphValue[];
}

/** The part of a manifest that describes the graph. */
export type GraphManifest = Pick<Manifest, 'inputs' | 'outputs' | 'masks' | 'axes' | 'batching'>;

/** An input or output of a manifest, or a mask. */
interface Described {
  /** For messages. */
  readonly title: string;
  readonly tensor: string;
  readonly type: TensorType;
  /** Of the whole tensor. `N` is its number of rows. */
  readonly shape: readonly (number | string)[];
}

const ROWS = 'N';

/**
 * A graph may lack inputs that a task may leave out, too: the version was trained without them. The manifest may leave
 * out inputs that have a value in the graph: ONNX Runtime does not name them. Outputs that the manifest does not name
 * are not fetched.
 *
 * @returns one sentence per disagreement, naming both sides; empty if they agree.
 */
export function signatureProblems(
  manifest: GraphManifest,
  { inputMetadata, outputMetadata }: GraphSignature,
): readonly string[] {
  const { inputs, outputs, masks } = manifest;
  const named = new Set([...inputs.flatMap(graphInputsOf), ...masks.map(({ tensor }) => tensor)]);
  const unnamed = inputMetadata.filter(({ name }) => !named.has(name));
  const needed = inputs.filter(
    (input) => input.default === undefined || inputMetadata.some(({ name }) => name === input.tensor),
  );
  return [
    ...needed.flatMap((input) => inputProblem(manifest, input, `input ${input.name}`, inputMetadata)),
    ...masks.flatMap((mask) => inputProblem(manifest, mask, 'mask', inputMetadata)),
    ...unnamed.map((value) => `the graph needs an input ${describe(value)}, the manifest names none`),
    ...outputs.flatMap((output) => outputProblem(output, outputMetadata)),
  ];
}

function inputProblem(
  manifest: GraphManifest,
  input: ManifestInput | Mask,
  title: string,
  values: readonly GraphValue[],
): string[] {
  const described = describedBy(input, title);
  const value = values.find(({ name }) => name === input.tensor);
  if (value?.isTensor && value.type === described.type) {
    const isSingle = !('shape' in input) && isPlainInput(input) && rowShapeOf(input).length === 0;
    const fault = shapeFault(manifest, described.shape, value.shape ?? [], isSingle);
    return fault === undefined ? [] : [`${disagreement(described, values, value)}${fault}`];
  }
  return [disagreement(described, values, value)];
}

function outputProblem(output: ManifestOutput, values: readonly GraphValue[]): string[] {
  const described = describedBy(output, `output ${output.name}`);
  const value = values.find(({ name }) => name === output.tensor);
  return value?.isTensor && value.type === described.type ? [] : [disagreement(described, values, value)];
}

function describedBy(field: ManifestInput | ManifestOutput | Mask, title: string): Described {
  const { tensor, batchAxis = 0 } = field;
  const row = rowShapeOf(field);
  const shape = batchAxis === null ? row : row.toSpliced(batchAxis, 0, ROWS);
  return { title, tensor, type: tensorTypeOf(field), shape };
}

/**
 * @param shape in the manifest.
 * @param isSingle whether each row has a single element: then more dimensions of one element may follow.
 * @returns undefined if the graph takes it, else what to do about it, if that is known, to be read after the rest.
 */
function shapeFault(
  { axes, batching }: GraphManifest,
  shape: readonly (number | string)[],
  inGraph: readonly (number | string)[],
  isSingle: boolean,
): string | undefined {
  // The graph does not say more. The golden rows show whether it can be run.
  if (inGraph.length === 0) return undefined;
  if (isSingle ? inGraph.length < shape.length : inGraph.length !== shape.length) return '';
  for (const [i, inFile] of inGraph.entries()) {
    const size = shape[i] ?? 1;
    if (varies(inFile) || size === inFile) continue;
    if (typeof size === 'number') return '';
    if (size === ROWS) {
      if (!isRunOf(Number(inFile), batching)) return rowsFault(Number(inFile));
    } else if (!isOnlySize(Number(inFile), axes[size]))
      return `: the only size of ${size} is ${inFile}, so its minimum and maximum, or its only bucket, must be ${inFile}`;
  }
  return undefined;
}

function rowsFault(rows: number): string {
  return rows === 1
    ? ': its runs have one row, so batching.maxBatchSize and maxBulkBatchSize must be 1'
    : `: its runs have ${rows} rows, so batching.fixedBatchSize must be ${rows}`;
}

/** Whether each run has so many rows. */
function isRunOf(
  rows: number,
  { maxBatchSize, maxBulkBatchSize, fixedBatchSize }: Manifest['batching'],
): boolean {
  return fixedBatchSize === undefined
    ? rows === 1 && maxBatchSize === 1 && maxBulkBatchSize === 1
    : rows === fixedBatchSize;
}

function isOnlySize(size: number, axis: Manifest['axes'][string] | undefined): boolean {
  const { minimum, maximum, buckets } = axis ?? { minimum: 0, maximum: 0, buckets: undefined };
  return maximum === size && (buckets === undefined ? minimum === size : buckets.length === 1);
}

function disagreement(
  { title, tensor, type, shape }: Described,
  values: readonly GraphValue[],
  value: GraphValue | undefined,
): string {
  const got = value === undefined ? `only ${values.map(describe).join(', ')}` : describe(value);
  return `the manifest's ${title} is ${printable(tensor)} ${type}[${shape.join(', ')}], the graph has ${got}`;
}

function varies(dimension: number | string): boolean {
  return typeof dimension === 'string' || dimension === -1;
}

/** Shows the name and the dimensions. They come from the file, so they are escaped. */
function describe({ name, isTensor, type, shape }: GraphValue): string {
  return printable(isTensor ? `${name} ${type}[${(shape ?? []).join(', ')}]` : `${name}, which is no tensor`);
}
