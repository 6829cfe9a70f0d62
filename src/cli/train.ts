/**
 * `npm run train -- <model> --train <file> …`: trains one version of a model by its recipe, as a trainer does, and
 * stores it.
 *
 * Exit codes: 0 stored; 1 the data or the version's folder cannot be used, the recipe's Python is not available, or the
 * recipe failed; 2 a wrong command line. An expected failure is one line on stderr, behind what a recipe that failed has
 * printed there. The folder stays as it was.
 */
import { constants } from 'node:fs';
import { copyFile, glob, mkdir, mkdtempDisposable, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { bytesOf } from '../../workers/loadVersion.ts';
import type { ProgressNotice } from '../../workers/training/progressFrame.ts';
import { DataError, type Metric, type TrainingFiles } from '../../workers/training/recipe.ts';
import { RecipeDied, RecipeFailed, runRecipe } from '../../workers/training/recipeChild.ts';
import { isPython, launchOf, type RecipeSource } from '../../workers/training/recipeLaunch.ts';
import { completeVersion } from '../../workers/training/trainedFolder.ts';
import { ConfigurationError } from '../contract/errors.ts';
import { versionsIn } from '../models/folders.ts';
import type { ModelVersion } from '../models/models.ts';
import { listFiles, modelDigestOf } from '../models/versionFiles.ts';
import { type Config, readConfig } from '../process/config.ts';
import { ensurePython, PythonError } from '../process/pythonEnvironment.ts';
import { digestRegularFile } from '../process/regularFile.ts';
import { HELP_OPTION, parseStrictly, requireSeparator, UsageError } from './commandLine.ts';
import { modelsIn, readManifest } from './model/modelFolder.ts';
import { print, printDefect, printError } from './print.ts';
import { readParams } from './train/params.ts';

const USAGE =
  'usage: npm run train -- <model> --train <file> [--train <file> …] [--validate <file> …] [--holdout <file> …] [--recipe train.ts|train.py] [--param <name>=<value> …] [--seed <number>] [--out <folder>]';
const TEXTS = { type: 'string', multiple: true } as const;
const TEXT = { type: 'string' } as const;
const OPTIONS = {
  train: TEXTS,
  validate: TEXTS,
  holdout: TEXTS,
  recipe: TEXT,
  param: TEXTS,
  seed: TEXT,
  out: TEXT,
  help: HELP_OPTION,
} as const;
const HELP = `${USAGE}

Trains the next version of a model, and writes it to <MODELS_DIR>/<model>/<version>; MODELS_DIR is models by default.

  --train      training data; may be repeated
  --validate   data on which the recipe stops or chooses; may be repeated
  --holdout    data on which only the finished version is judged; may be repeated
  --recipe     train.ts or train.py of the model's folder; default: the first that is there, else the manifest's command
  --param      a parameter of the manifest's "training", such as trees=100; may be repeated
  --seed       of the recipe's random numbers; default: 0
  --out        another folder for the version
  -h, --help   prints this help

models/README.md, "Training", describes recipes and data.`;
const RECIPES = ['train.ts', 'train.py'] as const;
/** How long a recipe may be silent: a person who waits decides. */
const STALL_MS = 7 * 24 * 60 * 60 * 1_000;
const TELL_EVERY_MS = 1_000;

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    printError(`train: ${error.message}; ${USAGE}`);
    process.exitCode = 2;
  } else {
    // The message of a file system error (no permission, no space) is enough. Other errors are defects, with their
    // stack.
    const expected =
      error instanceof DataError ||
      error instanceof ConfigurationError ||
      error instanceof PythonError ||
      error instanceof RecipeFailed ||
      error instanceof RecipeDied ||
      (error instanceof Error && 'syscall' in error);
    if (expected) printError(`train: ${error.message}`);
    else printDefect('train', error);
    process.exitCode = 1;
  }
}

async function main(args: string[]): Promise<void> {
  const wanted = readArguments(args);
  if (wanted === undefined) {
    print(HELP);
    return;
  }
  const { model, out } = wanted;
  const { modelsDir, recipeEnv } = readConfig(process.env);
  const recipe = await findRecipe(modelsDir, model, wanted.recipe);
  const startedAt = performance.now();
  const report = (step: string) => {
    const seconds = (performance.now() - startedAt) / 1000;
    print(`${seconds.toFixed(1).padStart(6)} s  ${step}`);
  };
  await using made = await mkdtempDisposable(join(tmpdir(), 'tidings-train-'));
  const version = await train({
    ...wanted,
    modelsDir,
    recipe,
    variables: recipeEnv,
    made: made.path,
    report,
  });
  const folder = out ?? (await chooseFolder(join(modelsDir, model), version));
  await storeVersion(folder, version);
  print(`\n${formatMetrics(version.metrics)}\n`);
  const bytes = await bytesOf(version);
  print(`${folder}: ${bytes} bytes, sha256 ${version.sha256}`);
}

/** Runs the recipe in a temporary folder. */
async function train({
  modelsDir,
  model,
  files,
  recipe,
  variables,
  param,
  seed,
  made,
  report,
}: Omit<Wanted, 'recipe'> & {
  readonly modelsDir: string;
  readonly recipe: RecipeSource;
  readonly variables: Config['recipeEnv'];
  readonly made: string;
  readonly report: (step: string) => void;
}): Promise<ModelVersion> {
  const folder = join(modelsDir, model);
  const params = readParams((await readManifest(modelsDir, model)).training?.params ?? [], param);
  const requirements = join(folder, 'requirements.txt');
  const python = isPython(recipe) ? (await ensurePython({ requirements, report })).python : undefined;
  const [outFolder, scratch] = [join(made, 'out'), join(made, 'scratch')];
  for (const inside of [outFolder, scratch]) await mkdir(inside);
  let tellAgainAt = 0;
  await runRecipe({
    launch: launchOf({ folder, recipe, python, variables }),
    ask: { files, params, seed, out: outFolder, scratch },
    maxMib: 0,
    stallMs: STALL_MS,
    signal: new AbortController().signal,
    onLine: (line, stream) => (stream === 'stdout' ? report(line) : printError(line)),
    onProgress: (progress) => {
      if (performance.now() < tellAgainAt) return;
      tellAgainAt = performance.now() + TELL_EVERY_MS;
      report(formatProgress(progress));
    },
    onCheckpoint: async () => {},
  });
  const trainedOn = files.train.map((file) => basename(file));
  return completeVersion(outFolder, { created: new Date().toISOString(), trainedOn });
}

type Wanted = NonNullable<ReturnType<typeof readArguments>>;

/** @returns undefined if help is asked for. */
function readArguments(args: string[]) {
  const { values, positionals } = parseStrictly(args, OPTIONS);
  if (values.help) return undefined;
  requireSeparator(process.env, { command: 'train', usage: '<model> --train <file> …', options: OPTIONS });
  const [model, ...others] = positionals;
  if (model === undefined || others.length > 0) {
    throw new UsageError(`expected the name of one model, got ${positionals.join(' ') || 'none'}`);
  }
  const { train = [], validate = [], holdout = [], recipe, param = [], seed = '0', out } = values;
  if (train.length === 0) throw new UsageError('expected at least one --train <file>, got none');
  if (!/^[0-9]{1,9}$/.test(seed))
    throw new UsageError(`expected a whole number from 0 on as --seed, got ${seed}`);
  const files: TrainingFiles = {
    train: train.map((file) => resolve(file)),
    validate: validate.map((file) => resolve(file)),
    holdout: holdout.map((file) => resolve(file)),
  };
  return { model, files, recipe, param, seed: Number(seed), out };
}

/** The recipe that was asked for, or the first that the model has. */
async function findRecipe(
  modelsDir: string,
  model: string,
  asked: string | undefined,
): Promise<RecipeSource> {
  const files = await Array.fromAsync(glob(`*/{${RECIPES}}`, { cwd: modelsDir }));
  const own = RECIPES.filter((name) => files.includes(join(model, name)));
  const command = own.length === 0 ? await commandOf(modelsDir, model) : undefined;
  if (asked === undefined && command !== undefined) return { command };
  const models = [...new Set(files.map((file) => dirname(file)))].sort();
  if (!models.includes(model)) {
    throw new UsageError(`expected a model with a recipe (${models.join(', ')}), got ${model}`);
  }
  const file = asked === undefined ? own[0] : own.find((name) => name === asked);
  if (file === undefined)
    throw new UsageError(`expected a recipe of ${model} (${own.join(', ')}), got ${asked}`);
  return { file };
}

/** @returns undefined if there is no such model, or if it has none. */
async function commandOf(modelsDir: string, model: string): Promise<readonly string[] | undefined> {
  if (!(await modelsIn(modelsDir)).includes(model)) return undefined;
  return (await readManifest(modelsDir, model)).training?.command;
}

/** The folder of the version that has these weights already; if there is none, of the next version. */
async function chooseFolder(folder: string, version: ModelVersion): Promise<string> {
  const versions = await versionsIn(folder);
  for (const name of versions) {
    if ((await storedDigest(join(folder, name))) === modelDigestOf(version)) return join(folder, name);
  }
  return join(folder, String(Number(versions.at(-1) ?? 0) + 1));
}

/** Of the weights in a folder. @returns undefined if there are none that can be read. */
async function storedDigest(folder: string): Promise<string | undefined> {
  return await digestRegularFile(join(folder, 'model.onnx')).then(
    ({ sha256 }) => sha256,
    () => undefined,
  );
}

/**
 * Stores a complete version: every file is first written under another name, and renamed when all are written. The last
 * is version.json, which has the digests of the files. An existing version never gets other weights.
 */
async function storeVersion(folder: string, version: ModelVersion): Promise<void> {
  const stored = await storedDigest(folder);
  if (stored !== undefined && stored !== modelDigestOf(version)) {
    throw new DataError(`${folder} holds another model, and a version never changes: choose another --out`);
  }
  const served = (await listFiles(version.folder)).map(({ path }) => path);
  const paths = [...served, 'golden.json', 'version.json'];
  const partial = (path: string) => join(folder, `${path}.partial`);
  await mkdir(folder, { recursive: true });
  try {
    for (const path of paths) {
      await mkdir(dirname(partial(path)), { recursive: true });
      await rm(partial(path), { force: true });
      await copyFile(join(version.folder, path), partial(path), constants.COPYFILE_EXCL);
    }
    for (const path of paths) await rename(partial(path), join(folder, path));
  } finally {
    for (const path of paths) await rm(partial(path), { force: true });
  }
}

/** One line per data file, with its figures in the order in which the recipe gave them. */
function formatMetrics(metrics: readonly Metric[]): string {
  const width = Math.max(...metrics.map((metric) => metric.data.length));
  return [...Map.groupBy(metrics, (metric) => metric.data)]
    .map(([data, figures]) => [data.padEnd(width), ...figures.map(formatFigure)].join('   '))
    .join('\n');
}

function formatFigure({ name, value, unit }: Metric): string {
  return `${name} ${value.toFixed(4)} ${unit}`;
}

function formatProgress({ done, of, unit, metrics = [] }: ProgressNotice): string {
  const figures = metrics.map(({ name, value }) => `${name} ${value.toPrecision(6)}`);
  return [`${done}${of === undefined ? '' : ` of ${of}`} ${unit}`, ...figures].join('   ');
}
