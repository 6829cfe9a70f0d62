/** The inputs and outputs of a manifest as the frames of a version have them, and how large its answers may be. */
import { elementsOf } from '../../../src/contract/tensor.ts';
import {
  graphInputsOf,
  graphOutputsOf,
  MAX_OUTPUT_CHARACTERS,
  type ManifestInput,
  type ManifestOutput,
  type Mask,
  rowShapeOf,
  tensorTypeOf,
} from '../../../src/models/manifest.ts';
import type { Columns } from '../onnx/encoder.ts';
import type { GraphManifest } from '../onnx/signature.ts';

/** What an answer may be larger than its outputs need: a process may give another type, and is told so. */
const BODY_SLACK_BYTES = 64 * 1024;
/** The largest answer of any model. */
const BODY_MAX_BYTES = 256 * 1024 * 1024;
const ELEMENT_MAX_BYTES = 8;
const TEXT_MAX_BYTES = 4 + 4 * MAX_OUTPUT_CHARACTERS;

/** The members of the header that asks a process to load a version. */
export function fieldsOf({ inputs, masks, outputs }: GraphManifest) {
  return {
    inputs: [...inputs.flatMap(describeInput), ...masks.map(describeField)],
    outputs: outputs.flatMap(describeOutput),
  };
}

function describeField(field: ManifestInput | ManifestOutput | Mask) {
  return { name: field.tensor, type: tensorTypeOf(field), shape: rowShapeOf(field) };
}

/** A mask of a sound, for example, has the type and the shape of the sound. */
function describeInput(input: ManifestInput) {
  return graphInputsOf(input).map((name) => ({ ...describeField(input), name }));
}

/** Scores and classes of boxes have the type of the boxes. The manifest does not say their shapes. */
function describeOutput(output: ManifestOutput) {
  const [, ...others] = graphOutputsOf(output);
  const type = tensorTypeOf(output);
  return [describeField(output), ...others.map((name) => ({ name, type }))];
}

/** The length of the axis on which the rows of all columns lie. */
export function rowsOf({ inputs: [input] }: GraphManifest, columns: Columns): number {
  const { batchAxis = 0, tensor = '' } = input ?? {};
  return batchAxis === null ? 1 : (columns[tensor]?.dims[batchAxis] ?? 0);
}

/** The largest body of an answer to so many rows. */
export function mostAnswerBytes({ outputs, axes }: GraphManifest, rows: number): number {
  const bytes = outputs.reduce((sum, output) => sum + rows * mostRowBytes(output, axes), 0);
  return Math.min(bytes + BODY_SLACK_BYTES, BODY_MAX_BYTES);
}

/** A dimension that varies is as large as the manifest allows; one that it does not limit, as large as a body. */
function mostRowBytes(output: ManifestOutput, axes: GraphManifest['axes']): number {
  // The manifest does not say the shapes of scores and classes.
  if (graphOutputsOf(output).length > 1) return BODY_MAX_BYTES;
  const sizes = rowShapeOf(output).map((size) =>
    typeof size === 'number' ? size : (axes[size]?.maximum ?? BODY_MAX_BYTES),
  );
  return elementsOf(sizes) * (output.type === 'string' ? TEXT_MAX_BYTES : ELEMENT_MAX_BYTES);
}
