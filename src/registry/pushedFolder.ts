import { join } from 'node:path';
import type { Artifacts } from '../contract/artifact.ts';
import { ConfigurationError } from '../contract/errors.ts';
import type { VersionRecord } from '../contract/messages/versionRecord.ts';
import type { ArtifactFile } from '../contract/work.ts';
import type { ModelVersion } from '../models/models.ts';
import { MODEL_FILE, RECORDS, verifyFiles } from '../models/versionFiles.ts';
import { readVersion } from '../models/versionRecord.ts';
import { digestRegularFile } from '../process/regularFile.ts';
import { newVersion, type RegisterOptions, registerVersion } from './register.ts';
import { storeFile } from './storeFile.ts';

export interface PushOptions extends RegisterOptions {
  readonly artifacts: Artifacts;
  readonly owner: string;
  /** The task that made the version. Then it gets the next number, and not that of its folder. */
  readonly taskId?: string | undefined;
  /** Called before a file is stored. */
  readonly onFile?: (file: ArtifactFile) => void;
}

/**
 * @param folder of a version. Its name is the number that the version gets, unless a task made it.
 * @throws {ConfigurationError} naming a file that is missing or has another digest than version.json says. Otherwise
 *   throws as `registerVersion` and `Artifacts.put`.
 */
export async function pushFolder(
  model: string,
  folder: string,
  options: PushOptions,
): Promise<{ readonly record: VersionRecord; readonly isNew: boolean }> {
  const version = await readVersion(folder);
  const files = await filesToPush(version);
  await storeFiles(folder, files, options);
  const wanted = options.taskId === undefined ? version.version : undefined;
  const pushed = await registerVersion(newVersion(model, version, { ...options, files }), options, wanted);
  // A sweep may have removed an old artifact that no record named yet.
  await storeFiles(folder, files, { artifacts: options.artifacts });
  return pushed;
}

/** Stores what is missing of the files of a folder. Throws as `Artifacts.put`. */
export async function storeFiles(
  folder: string,
  files: readonly ArtifactFile[],
  { artifacts, onFile = () => {} }: Pick<PushOptions, 'artifacts' | 'onFile'>,
): Promise<void> {
  for (const file of files) {
    onFile(file);
    await storeFile(artifacts, join(folder, file.path), file);
  }
}

/** The files that make a version, each with its digest as it is now. */
async function filesToPush({ folder, sha256, files }: ModelVersion): Promise<readonly ArtifactFile[]> {
  if (files !== undefined) await verifyFiles(folder, files);
  const records = await Promise.all(
    [...RECORDS].map(async (path) => ({ path, ...(await digestRegularFile(join(folder, path))) })),
  );
  if (files !== undefined) return [...files, ...records];
  const model = { path: MODEL_FILE, ...(await digestRegularFile(join(folder, MODEL_FILE))) };
  if (model.sha256 === sha256) return [model, ...records];
  throw new ConfigurationError(
    `${join(folder, MODEL_FILE)} must have the SHA-256 of its version.json, ${sha256}, got ${model.sha256}`,
  );
}
