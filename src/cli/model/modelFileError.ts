/**
 * Thrown if a model file, a folder or a row cannot be used. The message says what was found and what to do. It may have
 * several lines.
 */
export class ModelFileError extends Error {
  override readonly name = 'ModelFileError';
}

/** Whether a file system error says that there is no such file. */
export function isNotThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
