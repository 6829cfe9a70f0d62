/** Compares the inputs and outputs of a manifest with those of an ONNX graph. */
import {
  graphInputsOf,
  type Manifest,
  type ManifestInput,
  type ManifestOutput,
  sizeOf,
  tensorTypeOf,
} from '../../../src/models/manifest.ts';
import { printable } from '../../../src/process/printable.ts';

/** An input or output as ONNX Runtime describes it. A variable dimension is a name or -1. */
export interface GraphValue {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

export interface GraphSignature {
  readonly inputMetadata: readonly GraphValue[];
  readonly outputMetadata: readonly GraphValue[];
}

/**
 * A graph may lack inputs that a task may leave out, too: the version was trained without them. Outputs that the
 * manifest does not name are not fetched.
 *
 * @returns one sentence per disagreement, naming both sides; empty if they agree.
 */
export function signatureProblems(
  { inputs, outputs }: Pick<Manifest, 'inputs' | 'outputs'>,
  { inputMetadata, outputMetadata }: GraphSignature,
): readonly string[] {
  const named = new Set(inputs.flatMap(graphInputsOf));
  const unnamed = inputMetadata.filter(({ name }) => !named.has(name));
  const needed = inputs.filter(
    (input) => input.default === undefined || inputMetadata.some(({ name }) => name === input.tensor),
  );
  return [
    ...needed.flatMap((input) => problem('input', input, inputMetadata)),
    ...unnamed.map((value) => `the graph needs an input ${describe(value)}, the manifest names none`),
    ...outputs.flatMap((output) => problem('output', output, outputMetadata)),
  ];
}

function problem(
  kind: 'input' | 'output',
  field: ManifestInput | ManifestOutput,
  values: readonly GraphValue[],
): string[] {
  const value = values.find(({ name }) => name === field.tensor);
  const [type, size] = [tensorTypeOf(field), sizeOf(field)];
  if (value?.isTensor && value.type === type && (isColumn(value.shape ?? [], size) || isOpen(kind, value)))
    return [];
  const got = value === undefined ? `only ${values.map(describe).join(', ')}` : describe(value);
  const shape = size === undefined ? '[N]' : `[N, ${size}]`;
  return [
    `the manifest's ${kind} ${field.name} is ${printable(field.tensor)} ${type}${shape}, the graph has ${got}`,
  ];
}

/** The shape must be [N] or [N, 1], for a vector [N, size]. A variable second dimension is checked at each run. */
function isColumn([rows, ...row]: readonly (number | string)[], size: number | undefined): boolean {
  if (rows === undefined || !varies(rows) || row.length > 1) return false;
  const [width] = row;
  if (width === undefined) return size === undefined;
  return width === (size ?? 1) || varies(width);
}

/** ONNX Runtime gives no dimensions for a shape that it cannot infer. An output's shape is checked at each run. */
function isOpen(kind: 'input' | 'output', { shape }: GraphValue): boolean {
  return kind === 'output' && shape?.length === 0;
}

function varies(dimension: number | string): boolean {
  return typeof dimension === 'string' || dimension === -1;
}

/** Shows the name and the dimensions. They come from the file, so they are escaped. */
function describe({ name, isTensor, type, shape }: GraphValue): string {
  return printable(isTensor ? `${name} ${type}[${(shape ?? []).join(', ')}]` : `${name}, which is no tensor`);
}
