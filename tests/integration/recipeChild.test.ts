/** Recipes in processes of their own: what they are given, what they tell, and what becomes of those that misbehave. */
import { cp, mkdir, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { ProgressNotice } from '../../workers/training/progressFrame.ts';
import { DataError } from '../../workers/training/recipe.ts';
import { RecipeDied, RecipeFailed, runRecipe } from '../../workers/training/recipeChild.ts';
import { launchOf, type RecipeSource } from '../../workers/training/recipeLaunch.ts';
import { readDocument } from '../support/documents.ts';
import { eventually } from '../support/eventually.ts';
import type { ModelsFolder } from '../support/models.ts';
import { isRunning } from '../support/processTable.ts';
import { tinyTraining, WEIGHTS } from '../support/tinyTraining.ts';

const SCRIPT: RecipeSource = { command: ['sh', 'train.sh'] };
const DAY_MS = 24 * 60 * 60 * 1_000;
let models: ModelsFolder;

beforeAll(async () => {
  models = await tinyTraining();
});
afterAll(async () => {
  await models[Symbol.asyncDispose]();
});

test('a recipe tells its progress, and leaves the files of a version', async () => {
  await using run = await openRun({ how: 'plain' });
  await run.ended;
  expect(run.progress).toEqual([{ done: 2, of: 2, unit: 'parts', metrics: [{ name: 'loss', value: 0.5 }] }]);
  expect((await readdir(run.out)).toSorted()).toEqual(['golden.json', 'metrics.json', 'model.onnx']);
});

test('the shell script of docs/training.md is a recipe', async () => {
  const [, script = ''] =
    /```sh\n(#!\/bin\/sh\nframe[\s\S]+?)```/.exec(readDocument('docs/training.md')) ?? [];
  await writeFile(join(models.model, 'documented.sh'), script);
  await cp(join(models.model, WEIGHTS.good), join(models.model, 'model.onnx'));
  await using run = await openRun({}, {}, { recipe: { command: ['sh', 'documented.sh'] } });
  await run.ended;
  expect(run.progress).toEqual([{ done: 0, of: 1, unit: 'files', metrics: [] }]);
  expect((await readdir(run.out)).toSorted()).toEqual(['golden.json', 'metrics.json', 'model.onnx']);
});

test('a recipe is given its files, its parameters and its seed, and no login of the trainer', async () => {
  vi.stubEnv('NATS_URL', 'nats://secret@localhost');
  vi.stubEnv('OPERATOR_TOKEN', 'a secret of an operator');
  await using run = await openRun({ how: 'asks' }, { checkpoint: '/tmp/earlier' });
  await run.ended;
  vi.unstubAllEnvs();
  expect(JSON.parse(run.lines[0] ?? '')).toMatchObject({
    type: 'train',
    files: { train: ['/data/x.csv'], validate: [], holdout: [] },
    params: { how: 'asks' },
    seed: 7,
    checkpoint: '/tmp/earlier',
  });
  expect(run.lines.join('\n')).not.toContain('secret');
  expect(run.lines.some((line) => line.startsWith('PATH='))).toBe(true);
});

test.each([
  ['refuses its data', 'refuses', DataError, 'x.csv: expected a number, got nothing'],
  ['ends with an error', 'fails', RecipeFailed, 'it ended with exit code 3: no luck'],
  [
    'ends with exit code 0 without a word',
    'says-nothing',
    RecipeFailed,
    'it ended without saying that it has trained',
  ],
  ['is killed', 'dies', RecipeDied, 'its process was ended by SIGKILL'],
  [
    'writes something that is no frame',
    'garbage',
    RecipeFailed,
    /^it broke the protocol: a header must have/,
  ],
])('a recipe that %s', async (_what, how, kind, message) => {
  await using run = await openRun({ how });
  await expect(run.ended).rejects.toThrow(kind);
  await expect(run.ended).rejects.toThrow(message);
});

test('a program that is not there is a failure with its name', async () => {
  await using run = await openRun({}, {}, { recipe: { command: ['./no-such-program'] } });
  await expect(run.ended).rejects.toThrow(/^it could not be started: spawn \.\/no-such-program ENOENT$/);
});

test('a recipe without any sign of life is ended', async () => {
  await using run = await openRun({ how: 'hangs' }, {}, { stallMs: 200 });
  await expect(run.ended).rejects.toThrow('it showed no sign of life for 0.2 s and was ended');
});

test('a recipe that computes without a pause is gone when the training is cancelled', async () => {
  await using run = await openRun({ how: 'computes' });
  const pid = await run.pid();
  run.cancel();
  await expect(run.ended).rejects.toThrow('cancelled');
  expect(isRunning(pid)).toBe(false);
});

test.each(['forks', 'leaves-child'])('processes that a recipe starts end with it (%s)', async (how) => {
  await using run = await openRun({ how });
  const pid = await run.pid();
  if (how === 'forks') run.cancel();
  await run.ended.catch(() => {});
  await eventually(
    () => isRunning(pid),
    (running) => !running,
  );
});

test('a flood of lines fills neither the log nor the memory, and the log says what is left out', async () => {
  await using run = await openRun({ how: 'floods' });
  const before = process.memoryUsage().rss;
  await run.ended;
  expect(run.lines.length).toBeLessThan(20_000);
  expect(run.lines.join('\n')).toMatch(/^… \d+ more lines within a second are left out$/m);
  expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000);
});

test('the file of a checkpoint may be changed once it is kept', async () => {
  await using run = await openRun({ how: 'goes-on' });
  await expect(run.ended).rejects.toThrow(RecipeDied);
  expect(run.kept).toEqual(['1\n']);
});

test('a recipe in TypeScript gets what the run is about, and its checkpoints are kept', async () => {
  const recipe = join(models.model, 'other.ts');
  await writeFile(
    recipe,
    `import { writeFileSync } from 'node:fs';
     export async function train(files: { train: string[] }, report: (step: string) => void, run: any) {
       report('read ' + files.train.join());
       run.progress({ done: run.params.trees, unit: 'trees', metrics: { loss: Number.NaN, rmse: 2 } });
       const file = run.scratch + '/state';
       writeFileSync(file, String(run.seed));
       await run.checkpoint(file);
       report(String(run.resumesFrom) + ' ' + run.cancelled);
       return { model: Buffer.from('onnx'), metrics: [], golden: { tolerance: 1, rows: [] } };
     }`,
  );
  await using run = await openRun({ trees: 3 }, {}, { recipe: { file: 'other.ts' } });
  await run.ended;
  expect(run.lines).toEqual(['read /data/x.csv', 'undefined false']);
  expect(run.progress).toEqual([{ done: 3, unit: 'trees', metrics: [{ name: 'rmse', value: 2 }] }]);
  expect(run.kept).toEqual(['7']);
  expect(await readFile(join(run.out, 'model.onnx'), 'utf8')).toBe('onnx');
});

test('an error of a recipe in TypeScript is told in one sentence, and its stack is in the log', async () => {
  const recipe = join(models.model, 'broken.ts');
  await writeFile(recipe, `export async function train() { throw new TypeError('never'); }`);
  await using run = await openRun({}, {}, { recipe: { file: 'broken.ts' } });
  await expect(run.ended).rejects.toThrow(/^it ended with exit code 1: TypeError: never$/);
  expect(run.lines.join('\n')).toContain('at train');
});

interface How {
  readonly recipe?: RecipeSource;
  readonly stallMs?: number;
}

/** Starts a recipe; the script of `tinyTraining` unless told otherwise. */
async function openRun(
  params: Readonly<Record<string, string | number>>,
  more: { readonly checkpoint?: string } = {},
  { recipe = SCRIPT, stallMs = DAY_MS }: How = {},
) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-recipe-'));
  const [out, scratch] = [join(folder.path, 'out'), join(folder.path, 'scratch')];
  for (const inside of [out, scratch]) await mkdir(inside);
  const lines: string[] = [];
  const progress: ProgressNotice[] = [];
  const kept: string[] = [];
  const cancelling = new AbortController();
  const ended = runRecipe({
    launch: launchOf({ folder: models.model, recipe, variables: [] }),
    ask: {
      files: { train: ['/data/x.csv'], validate: [], holdout: [] },
      params: { weights: WEIGHTS.good, ...params },
      seed: 7,
      out,
      scratch,
      ...more,
    },
    maxMib: 0,
    stallMs,
    signal: cancelling.signal,
    onProgress: (notice) => progress.push(notice),
    onCheckpoint: async (file) => void kept.push(await readFile(file, 'utf8')),
    onLine: (line) => lines.push(line),
  });
  ended.catch(() => {});
  return {
    out,
    lines,
    progress,
    kept,
    ended,
    cancel: () => cancelling.abort(new Error('cancelled')),
    /** The process that the recipe names. */
    async pid() {
      const line = await eventually(
        () => lines.find((each) => each.startsWith('pid ')),
        (found) => found !== undefined,
      );
      return Number(line?.slice(4));
    },
    async [Symbol.asyncDispose]() {
      cancelling.abort(new Error('the test is over'));
      await ended.catch(() => {});
      await folder.remove();
    },
  };
}
