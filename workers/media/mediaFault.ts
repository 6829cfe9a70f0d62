import type { MediaInput } from '../../src/models/mediaInput.ts';
import { fileFault } from '../../src/models/mediaValue.ts';

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

/** Checks the size of a file, and what its first bytes tell: before anything is decoded. */
export function checkFile(input: MediaInput, bytes: Uint8Array): void {
  const fault = fileFault(input, bytes);
  if (fault !== undefined) throw new MediaFault(fault.expected, fault.got);
}
