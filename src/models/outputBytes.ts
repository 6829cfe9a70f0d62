/** How many bytes the outputs of a task may take in the store of blobs, before they are known. */
import { storedBytesOf } from '../contract/blob.ts';
import { ELEMENT_BYTES, elementsOf } from '../contract/tensor.ts';
import type { Value } from '../contract/values.ts';
import { axisSizes } from './axes.ts';
import { DETECTION_BYTES } from './detection.ts';
import { type Manifest, type ManifestOutput, tensorTypeOf } from './manifest.ts';
import { inlineBytesOf } from './valueBytes.ts';

type OutputsManifest = Pick<Manifest, 'inputs' | 'outputs' | 'axes'>;

/**
 * The most that it can be. Dimensions that the inputs name have the size that they have there, others their maximum.
 *
 * @param valueIn the value of an input, by its name.
 */
export function largestBlobBytes(
  manifest: OutputsManifest,
  valueIn: (input: string) => Value | undefined,
): number {
  const { outputs, axes } = manifest;
  const sizes = axisSizes(manifest, valueIn);
  const sizeOf = (axis: number | string) =>
    typeof axis === 'number' ? axis : (sizes.get(axis) ?? axes[axis]?.maximum ?? 1);
  const inline = inlineBytesOf(outputs);
  return outputs.reduce((sum, output) => {
    const bytes = largestBytes(output, sizeOf);
    return bytes > inline ? sum + storedBytesOf(bytes) : sum;
  }, 0);
}

/** Of an output that is bytes or a tensor of them. Texts and single numbers are never blobs. */
function largestBytes(output: ManifestOutput, sizeOf: (axis: number | string) => number): number {
  if (!('shape' in output)) return 0;
  if ('kind' in output && output.kind === 'detections') return DETECTION_BYTES * output.maximum;
  const elements = elementsOf(output.shape.map(sizeOf));
  // A PNG file of noise has a byte for each element.
  if ('kind' in output) return elements;
  const type = tensorTypeOf(output);
  return type === 'string' ? 0 : elements * ELEMENT_BYTES[type];
}
