/**
 * Reads the small files that settings name: keys, tokens, certificates. It is synchronous, because a configuration is
 * read as a whole, once, before anything runs.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** The largest bundle of certificates that systems ship has 250 KiB. */
const MAX_BYTES = 1024 * 1024;

/**
 * @returns the content without white space around it.
 * @throws {Error} if it is no regular file, or larger than 1 MiB. Errors of the file system pass through.
 */
export function readSmallFile(path: string): string {
  // Without O_NONBLOCK, opening a pipe would wait for its writer.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw new Error('it must be a regular file');
    if (found.size > MAX_BYTES) throw new Error('it must have 1 MiB at most');
    return readFileSync(file, 'utf8').trim();
  } finally {
    closeSync(file);
  }
}
