/** Files of a trainer's disk in the store of artifacts, and back. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm, statfs } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Artifacts } from '../../src/contract/artifact.ts';
import { TaskErrorCode } from '../../src/contract/task.ts';
import type { ArtifactFile } from '../../src/contract/work.ts';
import { readableBytes } from '../../src/process/readableBytes.ts';
import { digestRegularFile } from '../../src/process/regularFile.ts';
import { storeFile } from '../../src/registry/storeFile.ts';
import { StepFailed } from './step.ts';

/** Input is copied, its parts are cut, and a recipe writes files of its own. */
const ROOM_FACTOR = 3;

/**
 * Stores a file. It must not change meanwhile.
 *
 * @param path by which records name it. Errors of the store and of the file system pass through.
 */
export async function keepFile(artifacts: Artifacts, file: string, path: string): Promise<ArtifactFile> {
  const digest = await digestRegularFile(file);
  await storeFile(artifacts, file, digest);
  return { path, ...digest };
}

/**
 * Fetches a file. What is fetched has the digest, or there is no file.
 *
 * @throws {BlobGone} if it is not stored, or not as a whole. Errors of the file system pass through.
 */
export async function fetchFile(
  artifacts: Artifacts,
  { sha256 }: Pick<ArtifactFile, 'sha256'>,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const hash = createHash('sha256');
  async function* pieces() {
    for await (const piece of artifacts.read(sha256)) {
      hash.update(piece);
      yield piece;
    }
  }
  try {
    await pipeline(pieces(), createWriteStream(file), { signal });
    const got = hash.digest('hex');
    if (got !== sha256) throw new Error(`the artifact ${sha256} has other content, of the SHA-256 ${got}`);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

/** @param bytes of the input of a step. @throws {StepFailed} if the disk of a folder has too little room for it. */
export async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const [free, needed] = [bavail * bsize, ROOM_FACTOR * bytes];
  if (free >= needed) return;
  throw new StepFailed(
    TaskErrorCode.TrainingFailed,
    `the trainer's disk must have ${readableBytes(needed)} free, three times the input, and has ${readableBytes(free)}`,
  );
}
