/** Reads of a version what a gateway needs: its version.json, which is an artifact. Gateways have no folder for it. */
import type { Artifacts } from '../contract/artifact.ts';
import { messageOf } from '../contract/errors.ts';
import type { VersionRecord } from '../contract/messages/versionRecord.ts';
import type { ArtifactFile } from '../contract/work.ts';
import type { ModelVersion } from '../models/models.ts';
import { versionIn } from '../models/versionRecord.ts';
import { RECORD_MAX_BYTES } from '../process/regularFile.ts';
import { modelBytesOf } from './recordOnly.ts';

const FILE = 'version.json';

/** @throws {Error} saying what is wrong with the version. */
export async function readRegistered(
  record: VersionRecord,
  artifacts: Pick<Artifacts, 'read'>,
): Promise<ModelVersion> {
  const { model, version, files, sha256 } = record;
  const read = await readVersionFile(files, `${model}/${version}`, artifacts);
  if (read.sha256 !== sha256)
    throw new Error(`its ${FILE} must have the digest of its record, ${sha256}, got ${read.sha256}`);
  return { ...read, bytes: modelBytesOf(record), registered: record };
}

/** @param name of the version, for messages. @throws {Error} saying what is wrong with its version.json. */
export async function readVersionFile(
  files: readonly ArtifactFile[],
  name: string,
  artifacts: Pick<Artifacts, 'read'>,
): Promise<ModelVersion> {
  const file = files.find(({ path }) => path === FILE);
  if (file === undefined)
    throw new Error(`it must have a ${FILE}, got ${files.map(({ path }) => path).join(', ')}`);
  if (file.bytes > RECORD_MAX_BYTES)
    throw new Error(`its ${FILE} must have ${RECORD_MAX_BYTES} bytes at most, got ${file.bytes}`);
  const content = Buffer.concat(await Array.fromAsync(artifacts.read(file.sha256)));
  return versionIn(parsed(content.toString()), name);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`its ${FILE} must be JSON: ${messageOf(cause)}`, { cause });
  }
}
