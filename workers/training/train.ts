/**
 * The step `train`: fetches the data, runs the recipe in a child, checks the version that it leaves as a worker would,
 * and stores its files. A version that was made of the same things is not made again.
 */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { BlobGone } from '../../src/broker/broker.ts';
import { ANY_TEXT, FINITE, LONGEST_LIST, NAME } from '../../src/contract/bounds.ts';
import { messageOf } from '../../src/contract/errors.ts';
import { checkOf } from '../../src/contract/messages/decoder.ts';
import { METRICS } from '../../src/contract/messages/versionRecord.ts';
import { custom, listOf, object, type Passing } from '../../src/contract/schema.ts';
import { shortText, TaskErrorCode } from '../../src/contract/task.ts';
import { DataUse, FILE, SHA256, StepName, type TrainingAsk } from '../../src/contract/work.ts';
import type { ModelVersion } from '../../src/models/models.ts';
import type { ManifestTraining } from '../../src/models/training.ts';
import { isRecipe } from '../../src/models/trainingProblem.ts';
import { listFiles } from '../../src/models/versionFiles.ts';
import { PythonError } from '../../src/process/pythonEnvironment.ts';
import { loadVersion } from '../loadVersion.ts';
import { SessionProcess } from '../runtimes/sessionProcess.ts';
import { fetchFile, keepFile } from './artifactFiles.ts';
import { fetchDataFiles } from './dataFiles.ts';
import { PREPARE_OUTPUT } from './prepare.ts';
import { DataError, type TrainingFiles } from './recipe.ts';
import { RecipeDied, RecipeFailed, runRecipe } from './recipeChild.ts';
import { environmentOf } from './recipeEnvironment.ts';
import { digestOfRecipe } from './recipeFiles.ts';
import { launchOf, type RecipeSource } from './recipeLaunch.ts';
import { runKeyOf } from './runKey.ts';
import { type Step, type StepContext, StepFailed, type StepOutcome } from './step.ts';
import { completeVersion } from './trainedFolder.ts';

export const TRAIN_OUTPUT = object(
  'what the step train gives',
  { runKey: SHA256 },
  {
    /** The version that was there already, made of the same things. Then there is nothing else. */
    reused: NAME,
    files: listOf('a list of files', FILE, { minItems: 1, maxItems: LONGEST_LIST }),
    /** As version.json has it. */
    sha256: SHA256,
    metrics: METRICS,
    recipe: object('a recipe', { file: NAME, sha256: SHA256 }),
    environment: ANY_TEXT,
    reproducible: custom<boolean>('true or false', { type: 'boolean' }),
    /** How long the recipe took. */
    seconds: FINITE,
    /** Of the folder of the models, in Git. */
    revision: ANY_TEXT,
  },
);
export type TrainOutput = Passing<typeof TRAIN_OUTPUT>;

export interface TrainStepOptions {
  readonly modelsDir: string;
  /** Where data files lie that were not uploaded. */
  readonly datasetsDir: string | undefined;
  /** Variables of the environment that recipes get beside those that all get. */
  readonly recipeEnv: readonly string[];
  /** The memory limit of the recipe's process in MiB; 0: no limit. */
  readonly maxMib: number;
  /** That of the process in which the finished version is checked, as of a session. */
  readonly sessionMaxMib: number;
  /** @returns the number of the version with that run key, if there is one that may be used. */
  readonly findVersion: (model: string, runKey: string) => Promise<string | undefined>;
}

const checkPrepared = checkOf(PREPARE_OUTPUT);
const run = promisify(execFile);
/** Where `checkpoint` lies when a recipe goes on. */
const CHECKPOINT = 'checkpoint';

export function trainStep(options: TrainStepOptions): Step {
  return async (context) => {
    try {
      return await train(options, context);
    } catch (error) {
      throw failureOf(error);
    }
  };
}

async function train(options: TrainStepOptions, context: StepContext): Promise<StepOutcome> {
  const { model, job, folder, signal, write, note } = context;
  const { training } = model.manifest;
  const ask = job.training;
  if (training === undefined || ask === undefined)
    throw new RecipeFailed(`${model.manifest.name} has no "training" in its manifest`);
  const modelFolder = join(options.modelsDir, model.manifest.name);
  const recipe = sourceOf(training, ask);
  if ('file' in recipe && !(await isRecipe(recipe.file, modelFolder)))
    throw new RecipeFailed(
      `the trainer must have ${recipe.file} in the folder of ${model.manifest.name}, and has not: put it into its MODELS_DIR`,
    );
  const scratch = join(folder, 'scratch');
  const out = join(folder, 'out');
  for (const inside of [scratch, out]) await mkdir(inside);

  const { python, environment, reproducible } = await environmentOf({
    folder: modelFolder,
    recipe,
    variables: options.recipeEnv,
    report: (line) => {
      write(line);
      note(line);
    },
    signal,
  });
  note(undefined);
  const recipeSha256 = await digestOfRecipe(modelFolder);
  const runKey = runKeyOf({ ...ask, recipeSha256, environment });
  const reused = await options.findVersion(model.manifest.name, runKey);
  if (reused !== undefined)
    return {
      output: { runKey, reused } satisfies TrainOutput,
      note: `version ${reused} was made of the same data by the same recipe`,
    };

  const files = await fetchAll(options, context);
  const startedAt = performance.now();
  await runRecipe({
    launch: launchOf({ folder: modelFolder, recipe, python, variables: options.recipeEnv }),
    ask: {
      files,
      params: ask.params,
      seed: ask.seed,
      out,
      scratch,
      checkpoint: await fetchCheckpoint(context),
    },
    maxMib: options.maxMib,
    stallMs: training.stallMs,
    signal,
    onProgress: (progress) => context.report(progress),
    onCheckpoint: (file) => keep(context, file),
    onLine: write,
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  const version = await completeVersion(out, {
    // A try that is repeated gives the same bytes.
    created: new Date(job.submittedAt).toISOString(),
    trainedOn: files.train.map((file) => basename(file)),
  });
  await check(context, version, options.sessionMaxMib);
  const output: TrainOutput = {
    runKey,
    files: await storeVersion(context, out),
    sha256: version.sha256,
    metrics: version.metrics,
    recipe: { file: ask.recipe, sha256: recipeSha256 },
    environment,
    reproducible,
    seconds,
    revision: await revisionOf(options.modelsDir),
  };
  return { output };
}

function sourceOf({ command }: ManifestTraining, { recipe }: TrainingAsk): RecipeSource {
  return command === undefined ? { file: recipe } : { command };
}

/** The recipe gets no hold-out rows: the finished version is judged on them. */
async function fetchAll({ datasetsDir }: TrainStepOptions, context: StepContext): Promise<TrainingFiles> {
  const prepared = checkPrepared(context.earlier.get(StepName.Prepare)).files;
  const wanted = prepared.filter(({ use }) => use !== DataUse.Holdout);
  const fetched = await fetchDataFiles(wanted, { folder: context.folder, datasetsDir, context });
  const of = (use: DataUse) => fetched.flatMap(({ path }, i) => (wanted[i]?.use === use ? path : []));
  return { train: of(DataUse.Train), validate: of(DataUse.Validate), holdout: [] };
}

/** @returns the file where the try before had come to. Without one that can be read, the recipe begins from scratch. */
async function fetchCheckpoint(context: StepContext): Promise<string | undefined> {
  const { checkpoint, artifacts, folder, signal, write } = context;
  if (checkpoint === undefined) return undefined;
  const file = join(folder, CHECKPOINT);
  try {
    await fetchFile(artifacts, checkpoint, file, signal);
    return file;
  } catch (error) {
    // A broker that is away for a moment must not cost days of training.
    if (!(error instanceof BlobGone)) throw error;
    write(
      `the checkpoint of the try before cannot be read, so this one begins from scratch: ${messageOf(error)}`,
    );
    return undefined;
  }
}

/** A checkpoint that cannot be kept is a loss for the next try only. */
async function keep({ keep: store, write }: StepContext, file: string): Promise<void> {
  await store(file).catch((error) => write(`a checkpoint could not be kept: ${messageOf(error)}`));
}

/** Loads the version and runs its golden rows, as each worker will do. */
async function check(
  { model: { manifest }, log, signal }: StepContext,
  version: ModelVersion,
  maxMib: number,
): Promise<void> {
  await using process = new SessionProcess({ maxMib });
  const giveUp = () => void process[Symbol.asyncDispose]();
  signal.addEventListener('abort', giveUp);
  try {
    await loadVersion(process, { manifest, version, executionProviders: ['cpu'], threads: 1, log });
  } catch (error) {
    signal.throwIfAborted();
    throw new RecipeFailed(
      `it left a version that workers would refuse: ${withoutPath(messageOf(error), version)}`,
    );
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

function withoutPath(message: string, { folder }: ModelVersion): string {
  return message.replaceAll(`${folder}/`, '');
}

async function storeVersion({ artifacts }: StepContext, folder: string) {
  const listed = (await listFiles(folder)).map(({ path }) => path);
  const stored = [];
  for (const path of [...listed, 'golden.json', 'version.json'])
    stored.push(await keepFile(artifacts, join(folder, path), path));
  return stored;
}

/** The commit of the models, and whether there are changes beside it; undefined if they are not in Git. */
async function revisionOf(modelsDir: string): Promise<string | undefined> {
  const git = async (...args: string[]) => (await run('git', ['-C', modelsDir, ...args])).stdout.trim();
  try {
    const commit = await git('rev-parse', 'HEAD');
    const changes = await git('status', '--porcelain', '--', '.');
    return changes === '' ? commit : `${commit}, with changes that are not committed`;
  } catch {
    return undefined;
  }
}

/** Failures of the recipe, and of the trainer's disk, are those of the task. Others are passed on. */
function failureOf(error: unknown): unknown {
  if (error instanceof DataError)
    return new StepFailed(
      TaskErrorCode.DataUnusable,
      `The recipe cannot use the data: ${shortText(error.message)}`,
    );
  if (error instanceof RecipeFailed)
    return new StepFailed(TaskErrorCode.TrainingFailed, `The recipe failed: ${shortText(error.message)}`);
  if (error instanceof PythonError)
    return new StepFailed(TaskErrorCode.TrainingFailed, shortText(error.message));
  if (error instanceof RecipeDied || !isDiskFull(error)) return error;
  return new StepFailed(
    TaskErrorCode.TrainingFailed,
    `There is no space left on the trainer's disk: ${messageOf(error)}`,
  );
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
