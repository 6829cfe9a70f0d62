/** JSON files that belong to a model or to Tidings: who reads one cannot go on without it. */
import { readFile } from 'node:fs/promises';
import { ConfigurationError, messageOf } from './errors.ts';

/** @throws {ConfigurationError} if the file is absent or no JSON. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new ConfigurationError(`${file} must be a readable JSON file: ${messageOf(cause)}`, { cause });
  }
}
