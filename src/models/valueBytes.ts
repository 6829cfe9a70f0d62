/** How much room values take in a message, at most: messages are JSON, and a broker takes 1 MiB by default. */
import { MAX_OUTPUT_CHARACTERS, type ManifestInput, type ManifestOutput, sizeOf } from './manifest.ts';

/** -2.2250738585072014e-308 and a comma. */
export const NUMBER_BYTES = 25;
/** A control character is \u0001, any other has four bytes at most. */
export const CHARACTER_BYTES = 6;
const QUOTES_BYTES = 3;

/** Of one value of an input or output. */
export function largestBytesOf(field: ManifestInput | ManifestOutput): number {
  if ('maxLength' in field) return CHARACTER_BYTES * field.maxLength + QUOTES_BYTES;
  if (field.type === 'string') return CHARACTER_BYTES * MAX_OUTPUT_CHARACTERS + QUOTES_BYTES;
  if (field.type === 'enum') return Math.max(...field.values.map(({ name }) => name.length)) + QUOTES_BYTES;
  return NUMBER_BYTES * (sizeOf(field) ?? 1);
}
