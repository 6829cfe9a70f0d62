/** What `npm run data` does: adds a dataset and waits for its report, or lists datasets. */
import { randomUUID } from 'node:crypto';
import { readableBytes } from '../../process/readableBytes.ts';
import { Gateway, GatewayError } from '../gateway.ts';
import { print, printError } from '../print.ts';
import { Progress } from '../progress.ts';
import type { AddArguments, ListArguments } from './arguments.ts';
import { type FoundFile, findFiles } from './dataFiles.ts';
import { DATASET_FIELDS, type DatasetView, formatDatasets, formatReport } from './report.ts';
import { missingFiles, upload } from './upload.ts';

interface TaskView {
  readonly id: string;
  readonly state: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly dataset: DatasetView | null;
}

const TASK = `id state error { code message } dataset { ${DATASET_FIELDS} }`;
const ADD = `mutation ($input: AddDatasetInput!, $options: WorkOptions) { task: addDataset(input: $input, options: $options) { ${TASK} } }`;
const WATCH = `subscription ($id: ID!) { task: taskUpdates(id: $id) { ${TASK} } }`;
const LIST = `query ($model: String, $name: String, $first: Int!) {
  datasets(model: $model, name: $name, first: $first) { edges { node { ${DATASET_FIELDS} } } } }`;
const UNFINISHED: ReadonlySet<string> = new Set(['QUEUED', 'RUNNING']);

/** @returns whether the dataset is usable. @throws {GatewayError}, {DataFault} */
export async function add(
  { name, model, files: paths, inFolder, url, key }: AddArguments,
  signal: AbortSignal,
): Promise<boolean> {
  const files = await findFiles(paths, inFolder);
  print(`to Tidings at ${url}`);
  const gateway = new Gateway({ url, key, command: 'data', signal });
  await requireModel(gateway, model);
  await uploadMissing(name, files, { gateway, signal });
  const input = { name, model, files: files.map(({ name: file, sha256 }) => ({ name: file, sha256 })) };
  const { task } = await gateway.ask<{ task: TaskView }>(ADD, {
    input,
    options: { requestId: randomUUID() },
  });
  print(`checking, in the task ${task.id}`);
  const { error, dataset } = await endOf(gateway, task);
  if (dataset !== null) {
    print(`\n${formatReport(dataset)}`);
    return dataset.usable;
  }
  printError(
    `data: ${error === null ? 'the check ended without a report' : `${error.code}: ${error.message}`}`,
  );
  return false;
}

/** Prints the datasets. @throws {GatewayError} */
export async function list(
  { url, key, model, name, first }: ListArguments,
  signal: AbortSignal,
): Promise<void> {
  printError(`datasets of Tidings at ${url}`);
  const gateway = new Gateway({ url, key, command: 'data', signal });
  const { datasets } = await gateway.ask<{
    datasets: { readonly edges: readonly { readonly node: DatasetView }[] };
  }>(LIST, { model, name, first });
  print(formatDatasets(datasets.edges.map(({ node }) => node)));
}

/** Refuses before anything is uploaded. @throws {GatewayError} */
async function requireModel(gateway: Gateway, name: string): Promise<void> {
  const { models } = await gateway.ask<{
    models: readonly { readonly name: string; readonly training: object | null }[];
  }>('{ models { name training { class } } }', {});
  const trained = models.filter(({ training }) => training !== null);
  if (trained.some((model) => model.name === name)) return;
  const names = trained.map((model) => model.name).join(', ') || 'there is none';
  throw new GatewayError(`--model must be a model that can be trained (${names}), got ${name}`);
}

async function uploadMissing(
  name: string,
  files: readonly FoundFile[],
  options: { readonly gateway: Gateway; readonly signal: AbortSignal },
): Promise<void> {
  const missing = await missingFiles(files, options);
  const total = missing.reduce((sum, { bytes }) => sum + bytes, 0);
  const there = files.length - missing.length;
  if (there > 0) print(`there already: ${there} of ${countOf(files)}`);
  if (missing.length === 0) return;
  const progress = new Progress({ name, total, unit: 'bytes', terminal: process.stderr });
  try {
    for (const file of missing) await upload(file, options, (bytes) => progress.add(bytes));
  } finally {
    progress.end();
  }
  print(`uploaded ${countOf(missing)}, ${readableBytes(total)}, ${progress.summary()}`);
}

function countOf({ length }: readonly FoundFile[]): string {
  return length === 1 ? '1 file' : `${length} files`;
}

async function endOf(gateway: Gateway, task: TaskView): Promise<TaskView> {
  if (!UNFINISHED.has(task.state)) return task;
  for await (const update of gateway.subscribe<{ task: TaskView }>(WATCH, { id: task.id }))
    if (!UNFINISHED.has(update.task.state)) return update.task;
  throw new GatewayError(`the task ${task.id} was watched to its end, which did not come`);
}
