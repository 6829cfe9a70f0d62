/** Writes how an operation asks for an output, in examples. */
import { isTensorOutput, type ManifestOutput, tensorTypeOf } from './manifest.ts';

/** The most elements of a tensor that an example asks for. */
const SHOWN_ELEMENTS = 10;

/** The field of a prediction with what is asked of it, such as `logits { shape values(first: 10) url }`. */
export function outputSelection(output: ManifestOutput): string {
  if ('labels' in output) return `${output.name} { top { label score } }`;
  if (!isTensorOutput(output)) return output.name;
  const type = tensorTypeOf(output);
  if (type === 'string') return `${output.name} { shape texts(first: ${SHOWN_ELEMENTS}) }`;
  const list = type === 'bool' ? 'booleans' : 'values';
  return `${output.name} { shape ${list}(first: ${SHOWN_ELEMENTS}) url }`;
}
