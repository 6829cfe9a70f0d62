/** The part of some bytes that a request asks for: `Range` with one range (RFC 9110). */

export interface ByteRange {
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

/**
 * @param length of all bytes.
 * @returns undefined if all of them are to be sent: none or several ranges are asked for, or the header cannot be read.
 *   `unsatisfiable` if the range lies behind the end.
 */
export function readRange(
  header: string | undefined,
  length: number,
): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || first + last === '') return undefined;
  if (first === '') {
    const count = Math.min(Number(last), length);
    return count === 0 ? 'unsatisfiable' : { from: length - count, to: length };
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return undefined;
  if (from >= length) return 'unsatisfiable';
  return { from, to: last === '' ? length : Math.min(Number(last) + 1, length) };
}
