/**
 * The files of a version that has several, as `version.json` lists them: `files`, each with its SHA-256. The version's
 * own SHA-256 is that of the list, so it covers every file.
 *
 * Not listed are `version.json` and `golden.json`, hidden files, and what Python compiles (`__pycache__`).
 */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PATH_INSIDE } from '../contract/bounds.ts';
import { ConfigurationError, messageOf } from '../contract/errors.ts';
import { isObject, shownJson } from '../process/jsonFile.ts';
import { digestRegularFile } from '../process/regularFile.ts';
import type { Manifest } from './manifest.ts';
import type { ModelVersion } from './models.ts';

export interface VersionFile {
  /** Relative to the version's folder, with `/` between names. */
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
  readonly bytes: number;
}

/** The most files of a version: each is read at each load. */
const FILES_MAX = 1_000;
/** Files of each version that are in no list. */
export const RECORDS: ReadonlySet<string> = new Set(['version.json', 'golden.json']);
export const MODEL_FILE = 'model.onnx';
const COMPILED = '__pycache__';
const PATH = new RegExp(PATH_INSIDE, 'u');

/** @returns what is wrong with the member `files` of a version.json; undefined if it is a list of `VersionFile`. */
export function filesProblem(files: unknown): string | undefined {
  if (!Array.isArray(files) || files.length === 0 || files.length > FILES_MAX)
    return `files must be a list of 1 to ${FILES_MAX} files, got ${shownJson(files)}`;
  const wrong = files.findIndex((file) => !isVersionFile(file));
  if (wrong !== -1)
    return `files must be a list of { path, sha256, bytes }, with paths inside the folder, and has ${shownJson(files[wrong])}`;
  return undefined;
}

/**
 * The SHA-256 of a version with these files: that of the lines `<sha256>  <path>`, in the order of the paths' bytes, as
 * `sha256sum` prints them.
 */
export function digestOfFiles(files: readonly VersionFile[]): string {
  const lines = files.map(({ path, sha256 }) => ({ path: Buffer.from(path), line: `${sha256}  ${path}\n` }));
  const hash = createHash('sha256');
  for (const { line } of lines.toSorted((a, b) => Buffer.compare(a.path, b.path))) hash.update(line);
  return hash.digest('hex');
}

/** The SHA-256 of `model.onnx`: that of the version, unless it has further files, such as a tokenizer. */
export function modelDigestOf({ sha256, files = [] }: Pick<ModelVersion, 'sha256' | 'files'>): string {
  return files.find(({ path }) => path === MODEL_FILE)?.sha256 ?? sha256;
}

/** The first file that the manifest names and that the version's digest does not cover; undefined if there is none. */
export function uncoveredFile(
  { files = [] }: Pick<ModelVersion, 'files'>,
  { inputs }: Pick<Manifest, 'inputs'>,
): string | undefined {
  return inputs
    .flatMap((input) => ('tokenizer' in input && input.tokenizer !== undefined ? [input.tokenizer] : []))
    .find((name) => !files.some(({ path }) => path === name));
}

/** Lists the files of a folder, with their digests. @throws {ConfigurationError} naming a file that cannot be read. */
export async function listFiles(folder: string): Promise<readonly VersionFile[]> {
  const paths = await pathsIn(folder);
  const files: VersionFile[] = [];
  for (const path of paths.toSorted()) files.push({ path, ...(await digest(folder, path)) });
  return files;
}

/**
 * Checks that a folder has the files of a list, and no others.
 *
 * @throws {ConfigurationError} naming the first file that is missing, changed or not listed.
 */
export async function verifyFiles(folder: string, files: readonly VersionFile[]): Promise<void> {
  for (const { path, sha256, bytes } of files) {
    const found = await digest(folder, path);
    if (found.sha256 !== sha256)
      throw new ConfigurationError(
        `${join(folder, path)} must have the SHA-256 of its version.json, ${sha256} of ${bytes} bytes, got ${found.sha256} of ${found.bytes} bytes`,
      );
  }
  const listed = new Set(files.map(({ path }) => path));
  const other = (await pathsIn(folder)).find((path) => !listed.has(path));
  if (other !== undefined)
    throw new ConfigurationError(
      `${join(folder, other)} is not among the files of version.json, so its digest does not cover it: remove the file, or add the version again`,
    );
}

function isVersionFile(file: unknown): file is VersionFile {
  if (!isObject(file)) return false;
  const { path, sha256, bytes } = file;
  return (
    typeof path === 'string' &&
    PATH.test(path) &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    Number.isSafeInteger(bytes)
  );
}

async function digest(folder: string, path: string): Promise<Omit<VersionFile, 'path'>> {
  try {
    return await digestRegularFile(join(folder, path));
  } catch (error) {
    throw new ConfigurationError(`${join(folder, path)} cannot be read: ${messageOf(error)}`);
  }
}

async function pathsIn(folder: string): Promise<readonly string[]> {
  const paths: string[] = [];
  const look = async (inside: string): Promise<void> => {
    for (const entry of await readdir(join(folder, inside), { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === COMPILED) continue;
      const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
      if (entry.isDirectory()) await look(path);
      else if (!RECORDS.has(path)) paths.push(path);
      if (paths.length > FILES_MAX)
        throw new ConfigurationError(`${folder} must have at most ${FILES_MAX} files, got more`);
    }
  };
  await look('');
  return paths;
}
