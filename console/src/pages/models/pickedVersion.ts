/** Files from the disk as a version of a model, and what is wrong with them before they are sent. */
import { PageProblem } from '../../api/refusal.ts';
import type { HashedFile } from '../../api/useUploads.ts';
import { sizeProblem } from '../../parts/ChosenFiles.tsx';
import type { PickedFile } from './pickedFiles.ts';

export interface PickedVersion {
  /** Its number, if its folder is named like one. */
  readonly number: string | undefined;
  /** Those that make the version, by their paths in its folder. */
  readonly files: readonly PickedFile[];
  /** What lies beside them and is not sent. */
  readonly leftOut: readonly string[];
  /** Its digest. */
  readonly sha256: string;
  /** The digests that version.json says, by path. */
  readonly listed: ReadonlyMap<string, string>;
}

interface VersionFile {
  readonly sha256?: unknown;
  readonly runtime?: unknown;
  readonly files?: readonly { readonly path: string; readonly sha256: string }[];
}

const VERSION_FILE = 'version.json';
const GOLDEN_FILE = 'golden.json';
const MODEL_FILE = 'model.onnx';
const MANIFEST = 'model.json';
const LARGEST_JSON = 1_048_576;
const NUMBER = /^[1-9][0-9]{0,8}$/;
const DIGEST = /^[0-9a-f]{64}$/;

/** @throws saying why the files are no version of the model. */
export async function readPicked(all: readonly PickedFile[], model: string): Promise<PickedVersion> {
  const records = all.filter(({ path }) => nameOf(path) === VERSION_FILE);
  const [record, ...others] = records;
  if (record === undefined)
    throw new PageProblem(
      'version.json must be among the files: choose the folder of a version. `npm run model -- add` makes one of a model that you have.',
    );
  if (others.length > 0)
    throw new PageProblem(
      `Choose the folder of one version, got ${records.map(({ path }) => folderOf(path) || path).join(', ')}.`,
    );
  const folder = folderOf(record.path);
  await requireModel(all, model);
  const { sha256, listed } = await readRecord(record.file);
  const files: PickedFile[] = [];
  for (const path of [...listed.keys(), VERSION_FILE, GOLDEN_FILE]) {
    const found = all.find((each) => each.path === `${folder}${folder && '/'}${path}`);
    if (found === undefined) throw new PageProblem(`${path} is missing beside version.json.`);
    files.push({ path, file: found.file });
  }
  const sent = new Set(files.map(({ file }) => file));
  const number = nameOf(folder);
  return {
    number: NUMBER.test(number) ? number : undefined,
    ...{ files, sha256, listed },
    leftOut: all.filter(({ file }) => !sent.has(file)).map(({ path }) => path),
  };
}

/** @returns what is wrong with files, by path, as far as their digests are known. */
export function problemsOf(
  { files, listed }: PickedVersion,
  hashed: readonly HashedFile[],
  maxBytes: number,
): ReadonlyMap<string, string> {
  const digests = new Map(hashed.map(({ file, sha256 }) => [file, sha256]));
  const problems = new Map<string, string>();
  for (const { path, file } of files) {
    const problem = sizeProblem(file, maxBytes) ?? digestProblem(listed.get(path), digests.get(file));
    if (problem !== undefined) problems.set(path, problem);
  }
  return problems;
}

function digestProblem(expected: string | undefined, digest: string | undefined): string | undefined {
  if (expected === undefined || digest === undefined || digest === expected) return undefined;
  return `It is not the file that version.json names: its SHA-256 is ${digest.slice(0, 12)}…, there it is ${expected.slice(0, 12)}…`;
}

/** @returns why a version cannot have a number; undefined if it can, as far as the page knows. */
export function numberProblem(
  number: string,
  digest: string | undefined,
  versions: readonly { readonly version: string; readonly digest: string }[],
): string | undefined {
  if (number === '') return undefined;
  if (!NUMBER.test(number)) return 'A whole number from 1 on';
  const taken = versions.find(({ version }) => version === number);
  if (taken === undefined || digest === undefined || taken.digest === digest) return undefined;
  return `Version ${number} has other weights: choose another number`;
}

async function readRecord(file: File): Promise<Pick<PickedVersion, 'sha256' | 'listed'>> {
  const { sha256, runtime = 'onnx', files } = (await readJson(file)) as VersionFile;
  if (typeof sha256 !== 'string' || !DIGEST.test(sha256))
    throw new PageProblem('version.json must have a sha256 of 64 hex digits.');
  if (runtime !== 'onnx')
    throw new PageProblem(
      `A version that is code (${runtime}) is taken only signed: use npm run model -- push with MODEL_SIGNING_KEY_FILE.`,
    );
  if (files === undefined) return { sha256, listed: new Map([[MODEL_FILE, sha256]]) };
  if (!Array.isArray(files)) throw new PageProblem('version.json must have a list of files.');
  return { sha256, listed: new Map(files.map((each) => [String(each?.path), String(each?.sha256)])) };
}

/** Refuses a folder of another model. */
async function requireModel(all: readonly PickedFile[], model: string): Promise<void> {
  const manifest = all.find(({ path }) => nameOf(path) === MANIFEST);
  if (manifest === undefined) return;
  const { name } = (await readJson(manifest.file)) as { readonly name?: unknown };
  if (name !== model)
    throw new PageProblem(`These files are of the model ${name} (model.json), not of ${model}.`);
}

async function readJson(file: File): Promise<object> {
  if (file.size > LARGEST_JSON)
    throw new PageProblem(`${file.name} must have ${LARGEST_JSON} bytes at most.`);
  try {
    return Object(JSON.parse(await file.text()));
  } catch (error) {
    throw new PageProblem(`${file.name} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
