/** Reads and checks `version.json` of a version folder. Anybody may have written it. */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ConfigurationError } from '../contract/errors.ts';
import { isObject, readJson, shownJson } from '../process/jsonFile.ts';
import { filesOfVersion } from './folders.ts';
import { type ModelVersion, Runtime, type VersionCode, type VersionRecord } from './models.ts';
import { digestOfFiles, filesProblem, MODEL_FILE, type VersionFile } from './versionFiles.ts';

/** A path inside the version's folder, and a name as Python and JavaScript have it. */
const ENTRY = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*\/)*[A-Za-z0-9_][A-Za-z0-9_.-]*:[A-Za-z_$][A-Za-z0-9_$]*$/;

/** @throws {ConfigurationError} naming version.json and what is wrong with it. */
export async function readVersion(folder: string): Promise<ModelVersion> {
  const file = join(folder, 'version.json');
  if (await isMissing(file))
    throw new ConfigurationError(`${file} must be there: it makes the folder a version`);
  await filesOfVersion(folder);
  const version = versionIn(await readJson(file), folder);
  return {
    ...version,
    bytes: version.bytes ?? (await stat(join(folder, MODEL_FILE)).catch(() => undefined))?.size,
  };
}

/**
 * @param record the content of version.json, from wherever it was read. @param folder of the version.
 * @throws {ConfigurationError} naming version.json and what is wrong with it.
 */
export function versionIn(record: unknown, folder: string): ModelVersion {
  const file = join(folder, 'version.json');
  const problem = recordProblem(record);
  if (problem !== undefined) throw new ConfigurationError(`${file}: ${problem}`);
  const { sha256, created, trainedOn, metrics, files } = record as ListedRecord;
  const code = codeIn(record as ListedRecord);
  const bytes = files?.reduce((sum, file) => sum + file.bytes, 0);
  return { sha256, created, trainedOn, metrics, code, files, bytes, version: basename(folder), folder };
}

/** A record with the members of versions that have several files. */
type ListedRecord = VersionRecord &
  Pick<ModelVersion, 'files'> &
  (VersionCode | { readonly runtime?: 'onnx' });

function codeIn(record: ListedRecord): VersionCode | undefined {
  switch (record.runtime) {
    case Runtime.Python:
    case Runtime.Node:
      return { runtime: record.runtime, entry: record.entry };
    case Runtime.Command:
      return { runtime: record.runtime, command: record.command };
    default:
      return undefined;
  }
}

/** @returns its fault; undefined if it is a `VersionRecord`. It may have other members, too. */
function recordProblem(record: unknown): string | undefined {
  if (!isObject(record)) return `it must be a JSON object, got ${shownJson(record)}`;
  const { sha256, created, trainedOn, metrics, runtime = Runtime.Onnx, files } = record;
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))
    return `sha256 must be 64 hex digits, got ${shownJson(sha256)}`;
  if (typeof created !== 'string' || Number.isNaN(Date.parse(created)))
    return `created must be an RFC 3339 time, got ${shownJson(created)}`;
  if (!Array.isArray(trainedOn) || !Array.isArray(metrics)) return 'trainedOn and metrics must be lists';
  const noName = trainedOn.find((name) => typeof name !== 'string');
  if (noName !== undefined) return `trainedOn must be a list of texts, and has ${shownJson(noName)}`;
  const noMetric = metrics.findIndex((metric) => !isMetric(metric));
  if (noMetric !== -1)
    return `metrics must be a list of { data, name, unit } with a number as value, and has ${shownJson(metrics[noMetric])}`;
  if (runtime === Runtime.Onnx && files === undefined) return undefined;
  const problem = codeProblem(record) ?? filesProblem(files);
  if (problem !== undefined) return problem;
  const listed = files as readonly VersionFile[];
  if (runtime === Runtime.Onnx && !listed.some(({ path }) => path === MODEL_FILE))
    return `files must have ${MODEL_FILE}, got ${shownJson(listed.map(({ path }) => path))}`;
  return digestProblem(listed, sha256);
}

function codeProblem({
  runtime = Runtime.Onnx,
  entry,
  command,
}: Readonly<Record<string, unknown>>): string | undefined {
  switch (runtime) {
    case Runtime.Onnx:
      return undefined;
    case Runtime.Python:
    case Runtime.Node:
      if (typeof entry === 'string' && ENTRY.test(entry)) return undefined;
      return `entry must be a file of the version and a class in it, such as predictor.py:Predictor, got ${shownJson(entry)}`;
    case Runtime.Command:
      if (Array.isArray(command) && command.length > 0 && command.every(isArgument)) return undefined;
      return `command must be a program and its arguments, such as ["./serve"], got ${shownJson(command)}`;
    default:
      return `runtime must be one of ${Object.values(Runtime).join(', ')}, got ${shownJson(runtime)}`;
  }
}

function isArgument(argument: unknown): boolean {
  return typeof argument === 'string' && argument !== '' && !argument.includes('\0');
}

function digestProblem(files: readonly VersionFile[], sha256: string): string | undefined {
  const digest = digestOfFiles(files);
  return digest === sha256 ? undefined : `sha256 must be that of files, ${digest}, got ${sha256}`;
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
