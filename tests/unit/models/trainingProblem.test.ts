/** Manifests whose `training` is refused, each with what is wrong with it. */
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { manifestCheck } from '../../../src/models/manifestCheck.ts';
import type { ManifestTraining } from '../../../src/models/training.ts';
import { isRecipe, missingRecipe } from '../../../src/models/trainingProblem.ts';
import { MODELS } from '../../support/models.ts';

const COMMITTED = JSON.parse(await readFile(join(MODELS, 'trip-duration/model.json'), 'utf8'));
const check = await manifestCheck();

function checked(change: object) {
  const manifest = structuredClone(COMMITTED);
  manifest.training = { ...manifest.training, ...change };
  return check(manifest, 'trip-duration', 'model.json');
}

const number = { name: 'trees', type: 'int32', unit: 'trees', description: 'Trees.' };
const rmse = { output: 'durationMinutes', metric: 'rmse', most: 6 };

test('the committed manifest is right, and what it leaves out has defaults', () => {
  expect(checked({ gate: undefined }).training).toMatchObject({
    class: 'cpu',
    timeoutMs: 7_200_000,
    stallMs: 1_800_000,
    maxAttempts: 3,
    gate: { metrics: [], slices: [] },
  });
});

test.each<[what: string, change: object, message: string]>([
  ['no recipe', { recipe: undefined }, 'training must have a recipe or a command, got none'],
  ['a recipe and a command', { command: ['./train'] }, 'training must have a recipe or a command, got both'],
  ['a recipe of another folder', { recipe: '../train.py' }, '/training/recipe must match pattern'],
  ['no target', { targets: {} }, '/training/targets must NOT have fewer than 1 properties'],
  [
    'a target of no output',
    { targets: { minutes: '1' } },
    'training.targets names minutes, which is no output',
  ],
  ['a column of no input', { columns: { zone: 'z' } }, 'training.columns names zone, which is no input'],
  ['an empty column', { columns: { pickupAt: '' } }, '/training/columns/pickupAt'],
  ['a timeout of a second', { timeoutMs: 1_000 }, '/training/timeoutMs must be >= 60000'],
  ['a timeout of more than a week', { timeoutMs: 604_800_001 }, '/training/timeoutMs must be <= 604800000'],
  ['no tries', { maxAttempts: 0 }, '/training/maxAttempts must be >= 1'],
  [
    'a default beyond the limits',
    { params: [{ ...number, minimum: 10, maximum: 20, default: 30 }] },
    'training.params: trees: default must be from 10 to 20, got 30',
  ],
  [
    'a minimum above the maximum',
    { params: [{ ...number, minimum: 20, maximum: 10, default: 15 }] },
    'training.params: trees: minimum must not exceed maximum',
  ],
  [
    'a fraction of a whole number',
    { params: [{ ...number, minimum: 1, maximum: 2, default: 1.5 }] },
    'training.params: trees: its numbers must be whole and of 32 bits, got 1.5',
  ],
  [
    'a parameter that is named twice',
    { params: [1, 2].map(() => ({ ...number, minimum: 1, maximum: 2, default: 1 })) },
    'training.params: trees is named twice',
  ],
  [
    'a default that is no choice',
    { params: [{ name: 'loss', type: 'choice', values: ['l1', 'l2'], default: 'l3', description: 'Loss.' }] },
    'training.params: loss: default must be one of l1, l2, got l3',
  ],
  [
    'a gate of an output without a target',
    { gate: { metrics: [{ ...rmse, output: 'price' }] } },
    'training.gate.metrics[0] names price, which is no output with a target',
  ],
  [
    'a gate without a limit',
    { gate: { metrics: [{ ...rmse, most: undefined }] } },
    'training.gate.metrics[0]: one of most, least, mostRatioToLive and leastRatioToLive must be given',
  ],
  [
    'a gate that nothing can pass',
    { gate: { metrics: [{ ...rmse, least: 7 }] } },
    'training.gate.metrics[0]: least must not exceed most',
  ],
  [
    'a figure of probabilities for minutes',
    { gate: { metrics: [{ ...rmse, metric: 'auc' }] } },
    'auc is a figure of probabilities, whose minimum is 0 and whose maximum is 1',
  ],
  [
    'a slice without a limit',
    { gate: { metrics: [rmse], slices: [{ name: 'night', where: 'true' }] } },
    'training.gate.slices: night must have mostRatioToLive or leastRatioToLive, got none',
  ],
  [
    'a slice of no metric',
    { gate: { metrics: [], slices: [{ name: 'night', where: 'true', mostRatioToLive: 1 }] } },
    'training.gate.slices compares the metrics of the gate, and the gate has none',
  ],
])('%s is refused', (_, change, message) => {
  expect(() => checked(change)).toThrow(message);
});

test('a vector has no target', () => {
  const manifest = structuredClone(COMMITTED);
  manifest.outputs[0] = { ...manifest.outputs[0], size: 3 };
  expect(() => check(manifest, 'trip-duration', 'model.json')).toThrow(
    'training.targets names durationMinutes, and an output with a target is one number, text or boolean',
  );
});

test('a recipe that is not in the folder of the model is told', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  const manifest = { ...COMMITTED, training: COMMITTED.training as ManifestTraining };
  expect(missingRecipe(manifest, folder.path)).toBe(
    'training.recipe names train.py, which is not in the folder of the model',
  );
  await writeFile(join(folder.path, 'train.py'), '');
  expect(missingRecipe(manifest, folder.path)).toBeUndefined();
});

test('a recipe is a regular file of the folder itself, in TypeScript or Python', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  await mkdir(join(folder.path, 'folder.py'));
  for (const name of ['train.py', 'quick.ts', 'train.sh']) await writeFile(join(folder.path, name), '');
  const names = [
    'train.py',
    'quick.ts',
    'nope.ts',
    'train.sh',
    'folder.py',
    '../x/train.py',
    `${'x'.repeat(300)}.py`,
  ];
  const found = await Promise.all(names.map((name) => isRecipe(name, folder.path)));
  expect(names.filter((_, i) => found[i])).toEqual(['train.py', 'quick.ts']);
});
