/** Lists the folders of MODELS_DIR. They are read again and again, so the number of entries in a folder is limited. */
import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError, messageOf } from '../contract/errors.ts';

/** The most entries of MODELS_DIR, and of the folder of a model. */
const FOLDER_MAX_ENTRIES = 10_000;
/** The most entries of a version's folder: each of its files is looked at. */
const VERSION_MAX_ENTRIES = 1_000;
/** In a model's folder: the packages of its recipe in Python, for trainers without a network. */
export const WHEELS_FOLDER = 'wheels';
const VERSION_NAME = /^[1-9][0-9]{0,8}$/;

export function isVersionName(name: string): boolean {
  return VERSION_NAME.test(name);
}

/** The names of the version folders of a model's folder, oldest first. */
export async function versionsIn(path: string): Promise<readonly string[]> {
  return (await foldersIn(path)).filter(isVersionName).toSorted((a, b) => Number(a) - Number(b));
}

/**
 * The names of the folders in a folder, without hidden ones. A link counts as a folder unless it leads to a file. A
 * link to nowhere counts, too, so that the error of reading it names it.
 *
 * @throws {ConfigurationError} if the folder cannot be read, or has too many entries.
 */
export async function foldersIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await entriesIn(folder, FOLDER_MAX_ENTRIES);
    const areFolders = await Promise.all(
      entries.map(
        async (entry) =>
          entry.isDirectory() || (entry.isSymbolicLink() && !(await leadsToFile(join(folder, entry.name)))),
      ),
    );
    return entries.filter(({ name }, i) => areFolders[i] && !name.startsWith('.')).map(({ name }) => name);
  } catch (cause) {
    throw new ConfigurationError(
      `MODELS_DIR must be a readable folder, got ${folder} (${messageOf(cause)})`,
      { cause },
    );
  }
}

/**
 * The names of all entries of a version's folder.
 *
 * @throws {ConfigurationError} if there are too many. Errors of the file system pass through.
 */
export async function filesOfVersion(folder: string): Promise<readonly string[]> {
  return (await entriesIn(folder, VERSION_MAX_ENTRIES)).map(({ name }) => name).toSorted();
}

async function entriesIn(folder: string, limit: number): Promise<readonly Dirent[]> {
  const entries: Dirent[] = [];
  for await (const entry of await opendir(folder, { bufferSize: 256 })) {
    if (entries.length === limit)
      throw new ConfigurationError(`${folder} must have at most ${limit} entries, got more`);
    entries.push(entry);
  }
  return entries;
}

async function leadsToFile(link: string): Promise<boolean> {
  const target = await stat(link).catch(() => undefined);
  return target !== undefined && !target.isDirectory();
}
