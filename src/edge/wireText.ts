/**
 * Texts as clients send them, read strictly. A byte or an escape that stands for no character would become U+FFFD on its
 * way through the broker, and two different requestIds one.
 */
import { isUtf8 } from 'node:buffer';

/** Whether a JSON text may have an escaped half of a surrogate pair: no other text has to be looked through. */
const ANY_SURROGATE = /\\u[dD][89a-fA-F]/;
/** In turn: a pair, a half, any other escape. */
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
