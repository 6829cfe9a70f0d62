/**
 * The files that a recipe leaves in its folder: `model.onnx`, `metrics.json`, `golden.json`, and others of the version.
 * `completeVersion` makes the folder of a version of them.
 */
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelVersion } from '../../src/models/models.ts';
import { digestOfFiles, listFiles } from '../../src/models/versionFiles.ts';
import { isObject, readJson, shownJson } from '../../src/process/jsonFile.ts';
import { GOLDEN_MAX_BYTES } from '../../src/process/regularFile.ts';
import type { GoldenRows } from '../golden.ts';
import { formatGoldenRows } from '../goldenFile.ts';
import type { Metric } from './recipe.ts';
import { RecipeFailed } from './recipeChild.ts';

const MODEL = 'model.onnx';
const METRICS = 'metrics.json';
const GOLDEN = 'golden.json';
const RECORD = 'version.json';
const MOST_METRICS = 1_000;

/** What `version.json` says beside what the files tell. */
export interface VersionOrigin {
  /** RFC 3339. */
  readonly created: string;
  /** Base names of data files. */
  readonly trainedOn: readonly string[];
}

/**
 * Writes `version.json` and the final `golden.json`.
 *
 * @returns the version; its `version` is empty, because it has no number.
 * @throws {RecipeFailed} naming what is missing or cannot be read.
 */
export async function completeVersion(folder: string, origin: VersionOrigin): Promise<ModelVersion> {
  const model = await stat(join(folder, MODEL)).catch(() => undefined);
  if (model === undefined || !model.isFile() || model.size === 0)
    throw new RecipeFailed(`it ended without leaving ${MODEL}`);
  const metrics = await readMetrics(folder);
  const golden = await readGolden(folder);
  await rm(join(folder, METRICS), { force: true });
  const files = await listFiles(folder);
  const [only] = files;
  const description =
    files.length === 1 && only !== undefined
      ? { sha256: only.sha256 }
      : { sha256: digestOfFiles(files), files };
  const record = { ...description, ...origin, metrics };
  await writeFile(join(folder, GOLDEN), formatGoldenRows(golden));
  await writeFile(join(folder, RECORD), `${JSON.stringify(record, null, 2)}\n`);
  return { version: '', folder, ...record };
}

async function readMetrics(folder: string): Promise<readonly Metric[]> {
  const metrics = await read(folder, METRICS);
  const wrong = Array.isArray(metrics) ? metrics.find((metric) => !isMetric(metric)) : metrics;
  if (!Array.isArray(metrics) || wrong !== undefined || metrics.length > MOST_METRICS)
    throw new RecipeFailed(
      `its ${METRICS} must be a list of at most ${MOST_METRICS} figures { data, name, unit, value } with a finite value, and has ${shownJson(wrong)}`,
    );
  return metrics;
}

function isMetric(metric: unknown): metric is Metric {
  if (!isObject(metric)) return false;
  const isText = (name: string) => typeof metric[name] === 'string' && metric[name] !== '';
  return isText('data') && isText('name') && isText('unit') && Number.isFinite(metric.value);
}

/** The rows are compared with the manifest when the version is loaded. */
async function readGolden(folder: string): Promise<GoldenRows> {
  const golden = await read(folder, GOLDEN);
  if (isObject(golden) && Array.isArray(golden.rows)) return golden as unknown as GoldenRows;
  throw new RecipeFailed(`its ${GOLDEN} must have a tolerance and rows`);
}

/** Python writes NaN as no other reader of JSON understands it. */
async function read(folder: string, name: string): Promise<unknown> {
  try {
    return await readJson(join(folder, name), GOLDEN_MAX_BYTES);
  } catch (error) {
    const { cause } = error as Error;
    const reason = cause instanceof Error ? cause.message : '';
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new RecipeFailed(
      missing
        ? `it ended without leaving ${name}`
        : `its ${name} must be JSON with finite numbers: ${reason}`,
    );
  }
}
