/** A version as its record in the registry tells it, for those who need no more. */
import type { VersionRecord } from '../contract/messages/versionRecord.ts';
import type { ModelVersion } from '../models/models.ts';
import { RECORDS } from '../models/versionFiles.ts';

export function recordOnly(record: VersionRecord): ModelVersion {
  const { model, version, sha256, created, metrics, provenance } = record;
  return {
    sha256,
    created: new Date(created).toISOString(),
    trainedOn: provenance?.datasets.map(({ name }) => name) ?? [],
    metrics,
    bytes: modelBytesOf(record),
    version,
    folder: `${model}/${version}`,
    registered: record,
  };
}

/** See `ModelVersion.bytes`. */
export function modelBytesOf({ files }: VersionRecord): number {
  return files.reduce((sum, { path, bytes }) => (RECORDS.has(path) ? sum : sum + bytes), 0);
}
