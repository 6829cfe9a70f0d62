/**
 * `npm run train -- <model> --train <file> …`: trains one version of a model by its recipe, in TypeScript or Python,
 * and stores it.
 *
 * Exit codes: 0 stored; 1 the data or the version's folder cannot be used, or the recipe's Python is not available; 2 a
 * wrong command line. An expected failure is one line on stderr. The folder stays as it was.
 */
import { createHash } from 'node:crypto';
import { glob, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PackageMissing } from '../data/duckdb.ts';
import { versionsIn } from '../models/folders.ts';
import { digestOfFiles, type VersionFile } from '../models/versionFiles.ts';
import { PythonError } from '../process/pythonEnvironment.ts';
import { MODEL_MAX_BYTES, readRegularFile } from '../process/regularFile.ts';
import { HELP_OPTION, parseStrictly, requireSeparator, UsageError } from './commandLine.ts';
import { formatGoldenRows } from './model/goldenFile.ts';
import { print, printDefect, printError } from './print.ts';
import { pythonRecipe } from './train/pythonRecipe.ts';
import { DataError, type Metric, type Recipe, type TrainedVersion } from './train/recipe.ts';

const MODELS = fileURLToPath(new URL('../../models/', import.meta.url));
const USAGE =
  'usage: npm run train -- <model> --train <file> [--train <file> …] [--validate <file> …] [--holdout <file> …] [--recipe train.ts|train.py] [--out <folder>]';
const FILES = { type: 'string', multiple: true } as const;
const TEXT = { type: 'string' } as const;
const OPTIONS = {
  train: FILES,
  validate: FILES,
  holdout: FILES,
  recipe: TEXT,
  out: TEXT,
  help: HELP_OPTION,
} as const;
const HELP = `${USAGE}

Trains the next version of a model, and writes it to models/<model>/<version>.

  --train      training data; may be repeated
  --validate   data on which the recipe stops or chooses; may be repeated
  --holdout    data on which only the finished version is judged; may be repeated
  --recipe     train.ts or train.py of the model's folder; default: the first that is there
  --out        another folder for the version
  -h, --help   prints this help

models/README.md, "Training", describes recipes and data.`;
const RECIPES = ['train.ts', 'train.py'] as const;

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
      error instanceof PythonError ||
      error instanceof PackageMissing ||
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
  const { model, files, recipe, out } = wanted;
  const train = await findRecipe(model, recipe);
  const startedAt = performance.now();
  const version = await train(files, (step) => {
    const seconds = (performance.now() - startedAt) / 1000;
    print(`${seconds.toFixed(1).padStart(6)} s  ${step}`);
  });
  const folder = out ?? (await chooseFolder(model, version));
  const sha256 = await storeVersion(folder, version, files.train);
  print(`\n${formatMetrics(version.metrics)}\n`);
  print(`${folder}: ${version.model.byteLength} bytes, sha256 ${sha256}`);
}

/** @returns undefined if help is asked for. */
function readArguments(args: string[]) {
  const { values, positionals } = parseStrictly(args, OPTIONS);
  if (values.help) return undefined;
  requireSeparator(process.env, { command: 'train', usage: '<model> --train <file> …', options: OPTIONS });
  const [model, ...others] = positionals;
  if (model === undefined || others.length > 0) {
    throw new UsageError(`expected the name of one model, got ${positionals.join(' ') || 'none'}`);
  }
  const { train = [], validate = [], holdout = [], recipe, out } = values;
  if (train.length === 0) throw new UsageError('expected at least one --train <file>, got none');
  return { model, files: { train, validate, holdout }, recipe, out };
}

/** The recipe that was asked for, or the first that the model has. */
async function findRecipe(model: string, asked: string | undefined): Promise<Recipe> {
  const files = await Array.fromAsync(glob(`*/{${RECIPES}}`, { cwd: MODELS }));
  const models = [...new Set(files.map((file) => dirname(file)))].sort();
  if (!models.includes(model)) {
    throw new UsageError(`expected a model with a recipe (${models.join(', ')}), got ${model}`);
  }
  const own = RECIPES.filter((name) => files.includes(join(model, name)));
  const chosen = asked === undefined ? own[0] : own.find((name) => name === asked);
  if (chosen === undefined)
    throw new UsageError(`expected a recipe of ${model} (${own.join(', ')}), got ${asked}`);
  if (chosen === 'train.py') return pythonRecipe(join(MODELS, model, chosen));
  const { train }: { readonly train: Recipe } = await import(`../../models/${model}/train.ts`);
  return train;
}

/** The folder of the version that has these weights already; if there is none, of the next version. */
async function chooseFolder(model: string, { model: bytes }: TrainedVersion): Promise<string> {
  const folder = relative('', join(MODELS, model));
  const versions = await versionsIn(folder);
  for (const version of versions) {
    const stored = await storedModel(join(folder, version));
    if (stored?.equals(bytes)) return join(folder, version);
  }
  return join(folder, String(Number(versions.at(-1) ?? 0) + 1));
}

/** @returns undefined if there is no file that can be read. */
async function storedModel(folder: string): Promise<Buffer | undefined> {
  return await readRegularFile(join(folder, 'model.onnx'), MODEL_MAX_BYTES).catch(() => undefined);
}

/**
 * Stores a complete version: every file is first written under another name, and renamed when all are written. The last
 * is version.json, which has the digests of the files. An existing version never gets other weights.
 *
 * @returns the SHA-256 of the version, in hex.
 */
async function storeVersion(
  folder: string,
  version: TrainedVersion,
  trainingFiles: string[],
): Promise<string> {
  const stored = await storedModel(folder);
  if (stored && !stored.equals(version.model)) {
    throw new DataError(`${folder} holds another model, and a version never changes: choose another --out`);
  }
  const { model, metrics, golden, files = {} } = version;
  const served = { ...files, 'model.onnx': model };
  const listed = Object.entries(served).map(([path, content]) => versionFile(path, content));
  const trainedOn = trainingFiles.map((file) => basename(file));
  const hasMore = listed.length > 1;
  const sha256 = hasMore ? digestOfFiles(listed) : digestOf(model);
  const description = {
    sha256,
    ...(hasMore ? { files: listed } : {}),
    created: new Date().toISOString(),
    trainedOn,
    metrics,
  };
  const contents = {
    ...served,
    'golden.json': formatGoldenRows(golden),
    'version.json': `${JSON.stringify(description, null, 2)}\n`,
  };
  await mkdir(folder, { recursive: true });
  const partial = (name: string) => join(folder, `${name}.partial`);
  try {
    for (const [name, content] of Object.entries(contents)) {
      await rm(partial(name), { force: true });
      await writeFile(partial(name), content, { flag: 'wx' });
    }
    for (const name of Object.keys(contents)) await rename(partial(name), join(folder, name));
  } finally {
    for (const name of Object.keys(contents)) await rm(partial(name), { force: true });
  }
  return sha256;
}

function versionFile(path: string, content: string | Uint8Array): VersionFile {
  return { path, sha256: digestOf(content), bytes: Buffer.byteLength(content) };
}

function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
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
