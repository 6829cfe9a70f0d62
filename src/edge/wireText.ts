/**
 * Reads texts of clients strictly. Bytes or escapes that are no character would become U+FFFD on their way through the
 * broker, and two different requestIds could become one.
 */
import { isUtf8 } from 'node:buffer';

/** Matches texts that may have an escaped half of a surrogate pair. Other texts need no search. */
const ANY_SURROGATE = /\\u[dD][89a-fA-F]/;
/** Matches, in this order: a pair, a half, any other escape. */
const ESCAPES =
  /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u[dD][89a-fA-F][\da-fA-F]{2})|\\./gs;

/** @returns undefined unless the bytes are UTF-8. */
export function textOf(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString() : undefined;
}

/** @returns the first escaped half of a surrogate pair in a JSON text. */
export function halfCharacterIn(json: string): string | undefined {
  if (!ANY_SURROGATE.test(json)) return undefined;
  for (const [, half] of json.matchAll(ESCAPES)) if (half !== undefined) return half;
  return undefined;
}
