/** Compares what a manifest says about an ONNX graph with what the graph says about itself. */
import type { Manifest, ManifestOutput } from '../src/models.ts';

/** As ONNX Runtime describes an input or output. A dimension that varies is a name or -1. */
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

/** @returns one sentence per disagreement, naming both sides; empty if they agree. */
export function signatureProblems(
  { inputs, outputs }: Pick<Manifest, 'inputs' | 'outputs'>,
  { inputMetadata, outputMetadata }: GraphSignature,
): readonly string[] {
  const unnamed = inputMetadata.filter(({ name }) => !inputs.some(({ tensor }) => tensor === name));
  return [
    ...inputs.flatMap((input) => problem('input', input, inputMetadata, false)),
    ...unnamed.map((value) => `the graph needs an input ${describe(value)}, the manifest names none`),
    // Outputs that the manifest leaves out are simply not fetched.
    ...outputs.flatMap((output) => problem('output', output, outputMetadata, true)),
  ];
}

function problem(
  kind: 'input' | 'output',
  { name, tensor, type }: ManifestOutput,
  values: readonly GraphValue[],
  columnAllowed: boolean,
): string[] {
  const value = values.find((candidate) => candidate.name === tensor);
  if (value?.isTensor && value.type === type && isColumn(value.shape ?? [], columnAllowed)) return [];
  const got = value === undefined ? `only ${values.map(describe).join(', ')}` : describe(value);
  return [`the manifest's ${kind} ${name} is ${tensor} ${type}[N], the graph has ${got}`];
}

/** [N], with N not fixed; an output may also be [N, 1]. */
function isColumn(shape: readonly (number | string)[], columnAllowed: boolean): boolean {
  const [rows, width] = shape;
  const varies = typeof rows === 'string' || rows === -1;
  return varies && (shape.length === 1 || (columnAllowed && shape.length === 2 && width === 1));
}

function describe({ name, isTensor, type, shape }: GraphValue): string {
  return isTensor ? `${name} ${type}[${(shape ?? []).join(', ')}]` : `${name}, which is no tensor`;
}
