/** Required JSON files, of a model or of Tidings itself. */
import { ConfigurationError, messageOf } from '../contract/errors.ts';
import { RECORD_MAX_BYTES, readRegularFile } from './regularFile.ts';

/** @throws {ConfigurationError} if the file is absent, no regular file, larger than `maxBytes`, or no JSON. */
export async function readJson(file: string, maxBytes = RECORD_MAX_BYTES): Promise<unknown> {
  try {
    return JSON.parse((await readRegularFile(file, maxBytes)).toString());
  } catch (cause) {
    throw new ConfigurationError(`${file} must be a readable JSON file: ${messageOf(cause)}`, { cause });
  }
}

/** Whether a value read from JSON has members. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value from a file as messages show it. A long one is cut off. */
export function shownJson(value: unknown, maxCharacters = 200): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
}
