/** Versions for the registry, brought in as trainers and `npm run model -- push` do. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blobOf } from '../../src/contract/blob.ts';
import type { VersionRecord } from '../../src/contract/messages/versionRecord.ts';
import { digestOfFiles, listFiles } from '../../src/models/versionFiles.ts';
import { type PushOptions, pushFolder } from '../../src/registry/pushedFolder.ts';
import type { NewVersion } from '../../src/registry/register.ts';
import type { Broker } from './jobs.ts';
import { addConstantVersion, type ModelsFolder, modelsWith } from './models.ts';

type RegistryBroker = Pick<Broker, 'artifacts' | 'versions'>;

/** A version without a number. Its only file is an artifact. @param weights decide its digest. */
export async function newVersion(
  { artifacts }: RegistryBroker,
  model: string,
  { weights, taskId }: { readonly weights: string; readonly taskId?: string },
): Promise<NewVersion> {
  const { digest, content } = blobOf(Buffer.from(weights));
  await artifacts.put(digest, content);
  return {
    model,
    files: [{ path: 'version.json', sha256: digest, bytes: content.bytes }],
    sha256: digest,
    created: 1_795_340_691_147,
    owner: 'local',
    metrics: [],
    gates: [],
    profile: [],
    ...(taskId === undefined ? {} : { taskId }),
  };
}

/** Folders of versions of trip-duration, each of which answers a constant. No process serves them as folders. */
export interface PushedVersions extends AsyncDisposable {
  readonly folder: ModelsFolder;
  /** Makes a version, and brings it into the registry. @param paddingMib more bytes for it to carry. */
  push(
    version: string,
    minutes: number,
    more?: { readonly paddingMib?: number } & Partial<PushOptions>,
  ): Promise<VersionRecord>;
}

export async function openPushedVersions({ versions, artifacts }: RegistryBroker): Promise<PushedVersions> {
  const folder = await modelsWith();
  return {
    folder,
    async push(version, minutes, { paddingMib = 0, ...options } = {}) {
      const place = join(folder.model, version);
      await addConstantVersion(folder, version, minutes);
      if (paddingMib > 0) await addPadding(place, paddingMib);
      const { record } = await pushFolder('trip-duration', place, {
        ...{ versions, artifacts, modelsDir: folder.path, signingKey: undefined, owner: 'local' },
        ...options,
      });
      return record;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Makes a version one with several files. */
export async function addPadding(folder: string, mib: number): Promise<void> {
  await writeFile(join(folder, 'padding.bin'), randomBytes(mib * 1024 * 1024));
  const file = join(folder, 'version.json');
  const files = await listFiles(folder);
  const record = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...record, files, sha256: digestOfFiles(files) }));
}
