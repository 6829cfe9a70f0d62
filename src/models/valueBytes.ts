/** The size of values in bytes: in a message at most (messages are JSON, and a broker takes 1 MiB), and in memory. */
import type { Values } from '../contract/values.ts';
import { MAX_OUTPUT_CHARACTERS, type ManifestInput, type ManifestOutput, sizeOf } from './manifest.ts';

/** The longest number, -2.2250738585072014e-308, and a comma. */
export const NUMBER_BYTES = 25;
/** A control character is written as \u0001. Every other character has four bytes at most. */
export const CHARACTER_BYTES = 6;
const QUOTES_BYTES = 3;

/** The most bytes of one value of an input or output. */
export function largestBytesOf(field: ManifestInput | ManifestOutput): number {
  if ('maxLength' in field) return CHARACTER_BYTES * field.maxLength + QUOTES_BYTES;
  if (field.type === 'string') return CHARACTER_BYTES * MAX_OUTPUT_CHARACTERS + QUOTES_BYTES;
  if (field.type === 'enum') return Math.max(...field.values.map(({ name }) => name.length)) + QUOTES_BYTES;
  return NUMBER_BYTES * (sizeOf(field) ?? 1);
}

/** An object's member of eight bytes, with its overhead. */
const MEMBER_BYTES = 32;
const NUMBER_IN_MEMORY_BYTES = 8;
export const CHARACTER_IN_MEMORY_BYTES = 2;

/** The approximate size of values in memory. */
export function bytesInMemory(values: Values): number {
  let bytes = 0;
  for (const name in values) {
    const value = values[name];
    bytes += MEMBER_BYTES;
    if (typeof value === 'string') bytes += CHARACTER_IN_MEMORY_BYTES * value.length;
    else if (typeof value === 'object') bytes += NUMBER_IN_MEMORY_BYTES * value.length;
  }
  return bytes;
}
