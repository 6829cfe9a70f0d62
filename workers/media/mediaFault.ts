/** A picture, sound or text that cannot become a tensor. It is the fault of its row alone. */
export class MediaFault extends Error {
  /** To be read after "must be". */
  readonly expected: string;
  /** To be read after "got". */
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`${expected}, got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}

const SHOWN_BYTES = 8;

/** Bytes that have the wrong format, as messages show them. */
export function shownBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'no bytes';
  const first = [...bytes.subarray(0, SHOWN_BYTES)].map((byte) => byte.toString(16).padStart(2, '0'));
  return `${bytes.length} bytes that begin with ${first.join(' ')}`;
}
