/** A version as its record in the registry tells it, for those who need no more. */
import type { VersionRecord } from '../contract/messages/versionRecord.ts';
import type { ModelVersion } from '../models/models.ts';

export function recordOnly(record: VersionRecord): ModelVersion {
  const { model, version, sha256, created, metrics, provenance } = record;
  const trainedOn = provenance?.datasets.map(({ name }) => name) ?? [];
  const createdAt = new Date(created).toISOString();
  return {
    sha256,
    created: createdAt,
    trainedOn,
    metrics,
    version,
    folder: `${model}/${version}`,
    registered: record,
  };
}
