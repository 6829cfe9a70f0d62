/**
 * Brings a version of the registry into a folder of this machine. It is written into a hidden folder, synced, and then
 * renamed, so a version is there as a whole or not at all. Several processes may share the folder: the first one that is
 * done gives the version its name, and the others keep nothing.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { Artifacts } from '../contract/artifact.ts';
import type { VersionRecord } from '../contract/messages/versionRecord.ts';
import type { ArtifactFile } from '../contract/work.ts';
import { type ModelVersion, Runtime } from '../models/models.ts';
import { readVersion } from '../models/versionRecord.ts';
import { processIsAlive } from '../process/processIsAlive.ts';
import { readableBytes } from '../process/readableBytes.ts';
import { digestRegularFile } from '../process/regularFile.ts';

export interface PullOptions {
  /** Holds a folder for each model. */
  readonly root: string;
  readonly artifacts: Pick<Artifacts, 'read'>;
  /** Whether signatures are checked. A version that is code does not come without. */
  readonly areSigned: boolean;
  /** After each piece of a file. The next one is written once it has resolved. @default none */
  readonly rest?: () => Promise<void>;
  /** Ends the pull. */
  readonly signal: AbortSignal;
}

const PRIVATE_FOLDER = 0o700;
const PLAIN = 0o644;
const EXECUTABLE = 0o755;
/** Stays free on the disk, for others. */
const SPARE_BYTES = 16 * 1024 * 1024;
/** A hidden folder tells the machine and the process that write it. */
const HIDDEN = /^\.([1-9][0-9]*)@(.+)@([0-9]+)$/;

/**
 * @returns the version, from its folder. If the folder is there already, it is compared with the record.
 * @throws {Error} saying what is wrong with the version, or with this machine. Then nothing is left of it.
 */
export async function pullVersion(record: VersionRecord, options: PullOptions): Promise<ModelVersion> {
  const folder = join(options.root, record.model, record.version);
  if (!(await holds(folder, record))) await bring(record, folder, options);
  return { ...(await readVersion(folder)), registered: record };
}

/** Removes the folder of a version that is retired. */
export async function removePulled(root: string, model: string, version: string): Promise<void> {
  await rm(join(root, model, version), { recursive: true, force: true });
}

/** Removes what processes of this machine have left that died in the middle of a pull. */
export async function removeLeftovers(root: string, model: string): Promise<void> {
  const names = await readdir(join(root, model)).catch(() => []);
  for (const name of names) {
    const [, , host, pid] = HIDDEN.exec(name) ?? [];
    if (host === hostname() && !processIsAlive(Number(pid)))
      await rm(join(root, model, name), { recursive: true, force: true });
  }
}

async function bring(
  record: VersionRecord,
  folder: string,
  { root, areSigned, ...reading }: PullOptions,
): Promise<void> {
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true, mode: PRIVATE_FOLDER });
  await requireRoom(root, record.files);
  const hidden = join(parent, `.${record.version}@${hostname()}@${process.pid}`);
  await rm(hidden, { recursive: true, force: true });
  try {
    for (const file of record.files) await bringFile(file, hidden, reading);
    await prepare(hidden, record, { areSigned });
    await syncFolders(hidden);
    await giveName(hidden, folder, record);
    await syncFolder(parent);
  } finally {
    await rm(hidden, { recursive: true, force: true });
  }
}

async function bringFile(
  { path, sha256, bytes }: ArtifactFile,
  folder: string,
  { artifacts, rest, signal }: Pick<PullOptions, 'artifacts' | 'rest' | 'signal'>,
): Promise<void> {
  const place = join(folder, path);
  await mkdir(dirname(place), { recursive: true });
  await using file = await open(place, 'wx', PLAIN);
  const hash = createHash('sha256');
  let written = 0;
  for await (const piece of artifacts.read(sha256)) {
    signal.throwIfAborted();
    written += piece.length;
    if (written > bytes) break;
    hash.update(piece);
    await file.writeFile(piece);
    await rest?.();
  }
  const got = hash.digest('hex');
  if (written !== bytes || got !== sha256)
    throw new Error(`its file ${path} must have ${bytes} bytes with the SHA-256 ${sha256}, got ${got}`);
  await file.sync();
}

/** Refuses a version that its record does not describe. The registry keeps no rights of files, so programs get theirs. */
async function prepare(
  folder: string,
  { files, sha256 }: VersionRecord,
  { areSigned }: Pick<PullOptions, 'areSigned'>,
): Promise<void> {
  const { code, sha256: got } = await readVersion(folder);
  if (got !== sha256)
    throw new Error(`its version.json must have the digest of its record, ${sha256}, got ${got}`);
  if (code !== undefined && !areSigned)
    throw new Error(
      'it is code, which comes only signed: set MODEL_TRUSTED_KEYS, or copy it into MODELS_DIR',
    );
  if (code?.runtime !== Runtime.Command) return;
  for (const { path } of files) {
    await using file = await open(join(folder, path));
    await file.chmod(EXECUTABLE);
  }
}

/** Another process may have given the name meanwhile. A folder of another content makes room. */
async function giveName(hidden: string, folder: string, record: VersionRecord): Promise<void> {
  try {
    await rename(hidden, folder);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && isTaken(error.code))) throw error;
    if (await holds(folder, record)) return;
    await rm(folder, { recursive: true, force: true });
    await rename(hidden, folder);
  }
}

function isTaken(code: unknown): boolean {
  return code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR';
}

/**
 * Whether a folder has the files of a record. Only the digests of small ones are compared: a worker compares those of the
 * others before it loads them.
 */
async function holds(folder: string, { files }: VersionRecord): Promise<boolean> {
  for (const { path, sha256, bytes } of files) {
    const found = await stat(join(folder, path)).catch(() => undefined);
    if (!found?.isFile() || found.size !== bytes) return false;
    if (path.endsWith('.json') && (await digestRegularFile(join(folder, path))).sha256 !== sha256)
      return false;
  }
  return true;
}

async function requireRoom(root: string, files: readonly ArtifactFile[]): Promise<void> {
  const needed = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const { bavail, bsize } = await statfs(root);
  const free = bavail * bsize;
  if (needed + SPARE_BYTES > free)
    throw new Error(
      `DATA_DIR must have room for its ${readableBytes(needed)} and ${readableBytes(SPARE_BYTES)} more, got ${readableBytes(free)}`,
    );
}

async function syncFolders(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await syncFolders(join(folder, entry.name));
  await syncFolder(folder);
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder);
  await handle.sync();
}
