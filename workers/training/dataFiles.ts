/** Brings the files of datasets to the disk of a step: from the store of artifacts, or from `DATASETS_DIR`. */
import { link, mkdir, realpath, stat, symlink } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { BlobGone } from '../../src/broker/broker.ts';
import { isDataFileName } from '../../src/contract/dataset.ts';
import { TaskErrorCode } from '../../src/contract/task.ts';
import { type DataFile, DataPlace } from '../../src/contract/work.ts';
import { digestRegularFile } from '../../src/process/regularFile.ts';
import { fetchFile, requireRoom } from './artifactFiles.ts';
import { type StepContext, StepFailed } from './step.ts';

/** A data file on this machine, whose digest was checked. */
export interface LocalFile extends DataFile {
  readonly path: string;
}

type Fetching = Pick<StepContext, 'artifacts' | 'signal'>;

/**
 * @param folder for the files. Each gets a folder of its own there, so two may have one name.
 * @param datasetsDir the folder `DATASETS_DIR`, if the trainer has one.
 * @returns the files in their order, with the sizes that they have.
 * @throws {StepFailed} `DATA_UNUSABLE` if one is missing or has another digest, `TRAINING_FAILED` if the disk has no room.
 */
export async function fetchDataFiles(
  files: readonly DataFile[],
  { folder, datasetsDir, context }: { folder: string; datasetsDir: string | undefined; context: Fetching },
): Promise<readonly LocalFile[]> {
  const known: DataFile[] = [];
  for (const file of files) known.push({ ...file, bytes: await sizeOf(file, datasetsDir) });
  await requireRoom(
    folder,
    known.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  const fetched: LocalFile[] = [];
  for (const [i, file] of known.entries()) {
    const own = join(folder, `data-${i}`);
    await mkdir(own);
    fetched.push({ ...file, path: await fetchDataFile(file, { folder: own, datasetsDir, context }) });
  }
  return fetched;
}

/** @returns the path of the file in the folder, under its own name. @throws as `fetchDataFiles`. */
async function fetchDataFile(
  file: DataFile,
  { folder, datasetsDir, context }: { folder: string; datasetsDir: string | undefined; context: Fetching },
): Promise<string> {
  const path = join(folder, basename(file.name));
  if (file.place === DataPlace.Folder) {
    const { source } = await sharedFile(file, datasetsDir);
    // A hard link stays right if the file is replaced by another one. It needs the same file system.
    await link(source, path).catch(() => symlink(source, path));
    await requireDigest(file, path);
    return path;
  }
  try {
    await fetchFile(context.artifacts, file, path, context.signal);
    return path;
  } catch (error) {
    if (!(error instanceof BlobGone)) throw error;
    throw unusable(`${file.name} (${file.sha256}) is in the store no more: add the dataset again`);
  }
}

async function sizeOf(file: DataFile, datasetsDir: string | undefined): Promise<number> {
  return file.place === DataPlace.Store ? file.bytes : (await sharedFile(file, datasetsDir)).bytes;
}

/** A link may lead to another place in the folder, but not out of it: the folder's users may not read what trainers can. */
async function sharedFile(
  { name, sha256 }: DataFile,
  datasetsDir: string | undefined,
): Promise<{ readonly source: string; readonly bytes: number }> {
  // Gateways refuse such a name, but other processes may write jobs, too.
  if (!isDataFileName(name)) throw unusable(`${name} must be a path below the folder DATASETS_DIR`);
  if (datasetsDir === undefined)
    throw unusable(
      `${name} (${sha256}) was not uploaded, and the trainer has no DATASETS_DIR where it could be: upload it, or set DATASETS_DIR`,
    );
  try {
    const folder = await realpath(datasetsDir);
    const source = await realpath(resolve(folder, name));
    if (!source.startsWith(folder + (folder.endsWith(sep) ? '' : sep)))
      throw unusable(`${name} must be a file in DATASETS_DIR, and is a link to a place outside of it`);
    const found = await stat(source);
    if (!found.isFile()) throw unusable(`${name} must be a file in DATASETS_DIR, and is none`);
    return { source, bytes: found.size };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error) || error instanceof StepFailed) throw error;
    throw unusable(
      `${name} was not uploaded, and cannot be read in DATASETS_DIR (${error.code}): upload it, or put it there`,
    );
  }
}

/** Others can change a file in a shared folder at any time. */
async function requireDigest({ name, sha256 }: DataFile, path: string): Promise<void> {
  const { sha256: digest } = await digestRegularFile(path);
  // The digest of a file that the client has not seen is not told: with it, its rows could be asked for.
  if (digest !== sha256)
    throw unusable(`${name} in DATASETS_DIR must have the SHA-256 ${sha256}: it was changed, or is another`);
}

function unusable(message: string): StepFailed {
  return new StepFailed(TaskErrorCode.DataUnusable, message);
}
