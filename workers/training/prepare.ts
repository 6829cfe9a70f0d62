/** The step `prepare`: finds the files of a training, and cuts a dataset into training and hold-out rows if that is asked. */
import { ANY_TEXT, LONGEST_LIST } from '../../src/contract/bounds.ts';
import type { DatasetRecord } from '../../src/contract/messages/datasetRecord.ts';
import { listOf, object, oneOf, type Passing } from '../../src/contract/schema.ts';
import { TaskErrorCode } from '../../src/contract/task.ts';
import {
  DATA_FILE_MEMBERS,
  DataPlace,
  type DatasetUse,
  DataUse,
  type Split,
} from '../../src/contract/work.ts';
import { keepFile } from './artifactFiles.ts';
import { fetchDataFiles } from './dataFiles.ts';
import type { DataReader } from './dataReader.ts';
import { type Step, type StepContext, StepFailed } from './step.ts';
import { failureOfData, trainedModel } from './trainedModel.ts';

const PREPARED_FILE = object('a data file and its use', {
  ...DATA_FILE_MEMBERS,
  use: oneOf(Object.values(DataUse)),
});
export type PreparedFile = Passing<typeof PREPARED_FILE>;
export const PREPARE_OUTPUT = object('what the step prepare gives', {
  files: listOf('a list of data files', PREPARED_FILE, { minItems: 1 }),
  notes: listOf('a list of texts', ANY_TEXT, { maxItems: LONGEST_LIST }),
});
export type PrepareOutput = Passing<typeof PREPARE_OUTPUT>;

export interface PrepareStepOptions {
  /** Where data files lie that were not uploaded. */
  readonly datasetsDir: string | undefined;
  readonly data: DataReader;
  /** Datasets that were checked. */
  readonly datasets: { find(name: string, digest: string): Promise<DatasetRecord | undefined> };
}

/**
 * @returns a step that throws {StepFailed} `DATA_UNUSABLE` if a dataset is not there, belongs to another model or is
 *   unusable, or if it cannot be cut.
 */
export function prepareStep(options: PrepareStepOptions): Step {
  return async (context) => {
    const { training } = context.job;
    if (training === undefined) throw new StepFailed(TaskErrorCode.MalformedJob, 'the job is no training');
    const records: { readonly record: DatasetRecord; readonly use: DataUse }[] = [];
    for (const { use, ...dataset } of training.datasets)
      records.push({ record: await usableRecord(dataset, options, context.job.model), use });
    const [first, ...others] = records;
    if (training.split !== undefined && others.length > 0)
      throw unusable(`a split cuts one dataset, got ${records.length}: leave out split, or name one dataset`);
    const output: PrepareOutput =
      training.split === undefined || first === undefined
        ? {
            files: records.flatMap(({ record, use }) => record.files.map((file) => ({ ...file, use }))),
            notes: records.map(({ record, use }) => `${use}: ${described(record)}`),
          }
        : await cut(first.record, training.split, { ...options, context });
    return { output, note: output.notes.join('; ') };
  };
}

async function usableRecord(
  { name, digest }: Pick<DatasetUse, 'name' | 'digest'>,
  { datasets }: PrepareStepOptions,
  model: string,
): Promise<DatasetRecord> {
  const record = await datasets.find(name, digest);
  const dataset = `the dataset ${name} (${digest})`;
  if (record === undefined) throw unusable(`${dataset} is not there: add it with addDataset`);
  if (record.model !== model) throw unusable(`${dataset} was added for ${record.model}, not for ${model}`);
  if (!record.usable) throw unusable(`${dataset} is unusable: ${record.problems[0]?.message}`);
  return record;
}

function described({ name, digest, rowCount }: DatasetRecord): string {
  return `${name} ${digest.slice(0, 8)}, ${rowCount} rows`;
}

async function cut(
  record: DatasetRecord,
  split: Split,
  { datasetsDir, data, context }: PrepareStepOptions & { readonly context: StepContext },
): Promise<PrepareOutput> {
  const { folder, artifacts, signal } = context;
  const files = await fetchDataFiles(record.files, { folder, datasetsDir, context });
  const model = trainedModel(context);
  try {
    const { train, holdout } = await data.split({ files, folder, model, signal }, split);
    const store = async (use: DataUse, { name, path }: { readonly name: string; readonly path: string }) => {
      const { sha256, bytes } = await keepFile(artifacts, path, name);
      return { name: `${record.name}-${name}`, sha256, bytes, place: DataPlace.Store, use };
    };
    const rows = `cut by ${split.by}: ${train.rows} for training, ${holdout.rows} held out`;
    return {
      files: [await store(DataUse.Train, train), await store(DataUse.Holdout, holdout)],
      notes: [`${described(record)}, ${rows}`],
    };
  } catch (error) {
    throw failureOfData(error);
  }
}

function unusable(message: string): StepFailed {
  return new StepFailed(TaskErrorCode.DataUnusable, message);
}
