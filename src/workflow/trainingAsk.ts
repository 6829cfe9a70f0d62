/** What a client asks for with `trainModel`, checked against the manifest and the datasets that are there. */
import { join } from 'node:path';
import type { KnownDataset } from '../broker/broker.ts';
import { isDigest } from '../contract/blob.ts';
import { DATASET_NAME } from '../contract/dataset.ts';
import { badValue, quoted } from '../contract/errors.ts';
import { type DatasetUse, DataUse, type Split, type TrainingAsk } from '../contract/work.ts';
import type { Model } from '../models/models.ts';
import type { ManifestTraining } from '../models/training.ts';
import { isRecipe } from '../models/trainingProblem.ts';
import { checkParams, type GivenParams } from './trainingParams.ts';

/** A dataset, or the newest ones of a name. */
export interface AskedDataset {
  readonly name: string;
  readonly digest?: string | null | undefined;
  /** So many of the newest. */
  readonly last?: number | null | undefined;
  readonly use: DatasetUse['use'];
}

export interface TrainingRequest {
  readonly datasets: readonly AskedDataset[];
  readonly split?: Split | null | undefined;
  readonly recipe?: string | null | undefined;
  readonly params?: GivenParams | null | undefined;
  readonly seed?: number | null | undefined;
}

/** The datasets that were checked. */
export interface Datasets {
  /** The newest of a name, newest first, `count` at most. @throws {RequestError} `BROKER_UNAVAILABLE`. */
  newest(name: string, count: number): Promise<readonly KnownDataset[]>;
  find(name: string, digest: string): Promise<KnownDataset | undefined>;
}

export const MAX_LAST_DATASETS = 100;
const MAX_DATASETS = 100;
const MAX_SEED = 2 ** 31 - 1;

export interface KnownToTrain {
  readonly datasets: Datasets;
  readonly modelsDir: string;
}

/** @throws {RequestError} `BAD_USER_INPUT`, `BROKER_UNAVAILABLE`. */
export async function trainingAsk(
  { manifest }: Model,
  request: TrainingRequest,
  { datasets: known, modelsDir }: KnownToTrain,
): Promise<TrainingAsk> {
  const { training, name } = manifest;
  if (training === undefined)
    throw badValue('model', 'a model whose model.json says how it is trained (training)', quoted(name));
  const { split, seed } = request;
  if (seed != null && (seed < 0 || seed > MAX_SEED))
    throw badValue('seed', `from 0 to ${MAX_SEED}`, String(seed));
  const params = checkParams(training, request.params ?? {});
  const recipe = await recipeOf(training, request.recipe, join(modelsDir, name));
  const datasets = await findDatasets(name, request.datasets, known);
  checkUses(datasets, split ?? undefined);
  return {
    datasets,
    recipe,
    params,
    seed: seed ?? 0,
    class: training.class,
    maxAttempts: training.maxAttempts,
    ...(split && { split: { holdoutPercent: split.holdoutPercent, by: split.by } }),
  };
}

async function recipeOf(
  { recipe, command }: ManifestTraining,
  asked: string | null | undefined,
  folder: string,
): Promise<string> {
  if (asked == null) return recipe ?? command?.[0] ?? 'train.ts';
  if (command !== undefined)
    throw badValue('recipe', 'left out, since the model is trained by training.command', quoted(asked));
  if (!(await isRecipe(asked, folder)))
    throw badValue('recipe', "a file of the model's folder, such as train.py", quoted(asked));
  return asked;
}

async function findDatasets(
  model: string,
  asked: readonly AskedDataset[],
  known: Datasets,
): Promise<readonly DatasetUse[]> {
  if (asked.length === 0 || asked.length > MAX_DATASETS)
    throw badValue('datasets', `a list of 1 to ${MAX_DATASETS}`, `${asked.length} entries`);
  const found: DatasetUse[] = [];
  for (const [i, dataset] of asked.entries()) {
    const field = `datasets[${i}]`;
    for (const record of await recordsOf(field, dataset, known)) {
      checkRecord(field, record, model);
      found.push({ name: record.name, digest: record.digest, use: dataset.use });
    }
  }
  if (found.length > MAX_DATASETS)
    throw badValue('datasets', `at most ${MAX_DATASETS} datasets in all`, String(found.length));
  return found;
}

async function recordsOf(
  field: string,
  { name, digest, last }: AskedDataset,
  known: Datasets,
): Promise<readonly KnownDataset[]> {
  if (!DATASET_NAME.test(name)) throw badValue(`${field}.name`, 'the name of a dataset', quoted(name));
  if (digest != null && last != null) throw badValue(field, 'given with a digest or with last', 'both');
  if (last != null && (last < 1 || last > MAX_LAST_DATASETS))
    throw badValue(`${field}.last`, `from 1 to ${MAX_LAST_DATASETS}`, String(last));
  if (digest == null) {
    const newest = await known.newest(name, last ?? 1);
    if (newest.length > 0) return newest;
    throw badValue(`${field}.name`, 'a dataset that addDataset has found usable', quoted(name));
  }
  const record = isDigest(digest) ? await known.find(name, digest) : undefined;
  if (record !== undefined) return [record];
  throw badValue(
    `${field}.digest`,
    `the digest of a version of ${quoted(name)}, as datasets lists it`,
    quoted(digest),
  );
}

function checkRecord(field: string, { name, digest, model, usable }: KnownDataset, wanted: string): void {
  const what = `${name} ${digest.slice(0, 12)}`;
  if (model !== wanted) throw badValue(field, `a dataset of the model ${wanted}`, `${what}, of ${model}`);
  if (!usable)
    throw badValue(field, 'a usable dataset', `${what}, which is not: datasets shows its problems`);
}

/** A version is judged by rows that it was not trained on. */
function checkUses(datasets: readonly DatasetUse[], split: Split | undefined): void {
  const digests = new Set(datasets.map(({ digest }) => digest));
  if (digests.size < datasets.length) throw badValue('datasets', 'different datasets', 'one of them twice');
  const uses = datasets.map(({ use }) => use);
  if (!uses.includes(DataUse.Train)) throw badValue('datasets', 'one of the use TRAIN at least', 'none');
  if (split === undefined) {
    if (uses.includes(DataUse.Holdout)) return;
    throw badValue('datasets', 'one of the use HOLDOUT at least, or one dataset and a split', 'none');
  }
  const { holdoutPercent } = split;
  if (!(holdoutPercent > 0 && holdoutPercent < 100))
    throw badValue('split.holdoutPercent', 'above 0 and below 100', String(holdoutPercent));
  if (datasets.length > 1)
    throw badValue('datasets', 'one dataset, which split cuts', `${datasets.length} datasets`);
}
