/** Reads and checks `version.json` of a version folder. Anybody may have written it. */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ConfigurationError } from '../contract/errors.ts';
import { isObject, readJson, shownJson } from '../process/jsonFile.ts';
import { filesOfVersion } from './folders.ts';
import type { ModelVersion, VersionRecord } from './models.ts';

/** @throws {ConfigurationError} naming version.json and what is wrong with it. */
export async function readVersion(folder: string): Promise<ModelVersion> {
  const file = join(folder, 'version.json');
  if (await isMissing(file))
    throw new ConfigurationError(`${file} must be there: it makes the folder a version`);
  await filesOfVersion(folder);
  const record = await readJson(file);
  const problem = recordProblem(record);
  if (problem !== undefined) throw new ConfigurationError(`${file}: ${problem}`);
  const { sha256, created, trainedOn, metrics } = record as VersionRecord;
  return { sha256, created, trainedOn, metrics, version: basename(folder), folder };
}

/** @returns its fault; undefined if it is a `VersionRecord`. It may have other members, too. */
function recordProblem(record: unknown): string | undefined {
  if (!isObject(record)) return `it must be a JSON object, got ${shownJson(record)}`;
  const { sha256, created, trainedOn, metrics } = record;
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))
    return `sha256 must be 64 hex digits, got ${shownJson(sha256)}`;
  if (typeof created !== 'string' || Number.isNaN(Date.parse(created)))
    return `created must be an RFC 3339 time, got ${shownJson(created)}`;
  if (!Array.isArray(trainedOn) || !Array.isArray(metrics)) return 'trainedOn and metrics must be lists';
  const noName = trainedOn.find((name) => typeof name !== 'string');
  if (noName !== undefined) return `trainedOn must be a list of texts, and has ${shownJson(noName)}`;
  const noMetric = metrics.findIndex((metric) => !isMetric(metric));
  if (noMetric === -1) return undefined;
  return `metrics must be a list of { data, name, unit } with a number as value, and has ${shownJson(metrics[noMetric])}`;
}

function isMetric(metric: unknown): boolean {
  if (!isObject(metric)) return false;
  const { data, name, unit, value } = metric;
  return [data, name, unit].every((text) => typeof text === 'string') && Number.isFinite(value);
}

/** A file counts as absent only if the system says so. Every other error means that it is there. */
export async function isMissing(file: string): Promise<boolean> {
  const problem: NodeJS.ErrnoException | undefined = await stat(file).then(
    () => undefined,
    (error) => error,
  );
  return problem?.code === 'ENOENT';
}
