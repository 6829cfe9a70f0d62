/** What `npm run model` does with the registry: `push`, `pull`, `list --registry` and `retire`. Each returns the text to print. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openRegistryConnection, type RegistryConnection } from '../../broker/registryConnection.ts';
import type { VersionRecord } from '../../contract/messages/versionRecord.ts';
import { readVersion } from '../../models/versionRecord.ts';
import type { Config } from '../../process/config.ts';
import { createLog } from '../../process/log.ts';
import { pullVersion } from '../../registry/pulledFolder.ts';
import { pushFolder } from '../../registry/pushedFolder.ts';
import { retireVersion } from '../../registry/retirement.ts';
import { readSigningKey, readTrustedKeys, signatureProblem } from '../../registry/signature.ts';
import { accessToBroker } from '../runningBroker.ts';
import { ModelFileError } from './modelFileError.ts';
import { readManifest } from './modelFolder.ts';
import { formatSize, formatTable } from './tables.ts';

export interface RegistryTarget {
  readonly model: string;
  readonly version: string;
}

/** Who pushes and retires by these commands. */
const OWNER = 'local';
const PATIENCE_MS = 5_000;

/** @throws {ConfigurationError} if no broker is known. If none answers, it throws the failure after 5 seconds. */
export async function openRegistry(config: Config): Promise<RegistryConnection> {
  const access = await accessToBroker(config, 'trainer');
  const log = createLog({ ...config, logLevel: 'error', logFormat: 'pretty' }, 'model');
  const { blobsNatsUrl } = config;
  return openRegistryConnection({
    access,
    blobsNatsUrl,
    name: 'model',
    log,
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}

export async function push(
  registry: RegistryConnection,
  { model, version }: RegistryTarget,
  config: Config,
): Promise<string> {
  const { modelsDir, modelSigningKey } = config;
  await readManifest(modelsDir, model);
  const { record, isNew } = await pushFolder(model, join(modelsDir, model, version), {
    ...registry,
    modelsDir,
    signingKey: modelSigningKey === undefined ? undefined : readSigningKey(modelSigningKey),
    owner: OWNER,
  });
  return `${model}/${record.version} ${isNew ? 'is' : 'was already'} in the registry (${sizeOf(record)}, ${signedness(record)})`;
}

/** Into a folder of MODELS_DIR. */
export async function pull(
  registry: RegistryConnection,
  { model, version }: RegistryTarget,
  { modelsDir, modelTrustedKeys }: Config,
): Promise<string> {
  await readManifest(modelsDir, model);
  const record = await recordOf(registry, { model, version });
  const problem = modelTrustedKeys && signatureProblem(record, readTrustedKeys(modelTrustedKeys));
  if (problem !== undefined) throw new ModelFileError(`${model}/${version}: ${problem}`);
  const folder = join(modelsDir, model, version);
  if (existsSync(folder) && (await readVersion(folder)).sha256 !== record.sha256)
    throw new ModelFileError(
      `${folder} is there already, with other weights than in the registry: move it away first`,
    );
  // A person pulls it by name, so it may be code.
  await pullVersion(record, {
    root: modelsDir,
    artifacts: registry.artifacts,
    areSigned: true,
    signal: new AbortController().signal,
  });
  return `${folder} has the version now. It is one of MODELS_DIR: without a rollout the newest of them answers.`;
}

export async function listRegistry(registry: RegistryConnection): Promise<string> {
  const { versions } = await registry.versions.read();
  const rows = versions.map(({ model, version, record, retired }) => [
    model,
    version,
    record === undefined ? '–' : record.sha256.slice(0, 12),
    record === undefined ? '–' : sizeOf(record),
    record === undefined ? '–' : new Date(record.created).toISOString(),
    record === undefined ? '–' : signedness(record),
    retired === undefined ? '' : `retired ${new Date(retired.retiredAt).toISOString()} by ${retired.by}`,
  ]);
  const sorted = rows.toSorted((a, b) => (a[0] ?? '').localeCompare(b[0] ?? ''));
  return formatTable([['model', 'version', 'digest', 'size', 'created', 'signature', 'end'], ...sorted]);
}

export async function retire(
  registry: RegistryConnection,
  { model, version }: RegistryTarget,
): Promise<string> {
  await retireVersion(registry, { model, version, by: OWNER });
  return `${model}/${version} is retired`;
}

async function recordOf(
  { versions }: RegistryConnection,
  { model, version }: RegistryTarget,
): Promise<VersionRecord> {
  const all = (await versions.read()).versions.filter(
    (each) => each.model === model && each.retired === undefined,
  );
  const record = all.find((each) => each.version === version)?.record;
  if (record !== undefined) return record;
  const present = all.map((each) => each.version).join(', ') || 'none';
  throw new ModelFileError(`the registry must have ${model}/${version}; of ${model} it has ${present}`);
}

function sizeOf({ files }: VersionRecord): string {
  return formatSize(files.reduce((sum, { bytes }) => sum + bytes, 0));
}

function signedness({ signature }: VersionRecord): string {
  return signature === undefined ? 'not signed' : 'signed';
}
