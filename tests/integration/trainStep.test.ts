/** The step `train` of a trainer: from the data files to the files of a version in the store of artifacts. */
import { cp, mkdtempDisposable, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { blobOf } from '../../src/contract/blob.ts';
import { DataPlace, DataUse, StepName } from '../../src/contract/work.ts';
import { Catalog } from '../../src/models/catalog.ts';
import type { Model } from '../../src/models/models.ts';
import { environmentOf } from '../../workers/training/recipeEnvironment.ts';
import { digestOfRecipe } from '../../workers/training/recipeFiles.ts';
import type { StepContext } from '../../workers/training/step.ts';
import { type TrainOutput, trainStep } from '../../workers/training/train.ts';
import { MemoryArtifacts } from '../support/memoryArtifacts.ts';
import { type ModelsFolder, SILENT } from '../support/models.ts';
import { canMountDisks, mountSmallDisk } from '../support/smallDisk.ts';
import { tinyTraining, trainingJob, WEIGHTS } from '../support/tinyTraining.ts';

let models: ModelsFolder;
let model: Model;

beforeAll(async () => {
  models = await tinyTraining();
  using catalog = await Catalog.open(models.path, SILENT);
  [model] = catalog.models as [Model];
});
afterAll(async () => {
  await models[Symbol.asyncDispose]();
});

test('the files of the version are stored, and the same training gives the same bytes', async () => {
  await using first = await openStep({ how: 'asks' });
  await using second = await openStep({ how: 'asks' });
  const output = await first.run();
  expect(output.files?.map(({ path }) => path)).toEqual(['model.onnx', 'golden.json', 'version.json']);
  const [onnx] = output.files ?? [];
  expect(output).toMatchObject({
    sha256: onnx?.sha256,
    reproducible: false,
    environment: 'the program sh train.sh',
  });
  const version = JSON.parse(await first.stored('version.json', output));
  expect(version).toMatchObject({
    sha256: output.sha256,
    trainedOn: ['months.csv'],
    metrics: [{ data: 'x.csv', name: 'RMSE', unit: 'minutes', value: 1.5 }],
  });
  expect(await second.run()).toMatchObject({ files: output.files, runKey: output.runKey });
  // The data to judge by are none of the recipe's business.
  expect(first.log[0]).toContain('months.csv"]');
  expect(first.log[0]).not.toContain('hold.csv');
});

test.each([
  ['leaves nothing', { how: 'leaves-nothing' }, 'TRAINING_FAILED', /it ended without leaving model\.onnx/],
  [
    'leaves weights that are no numbers',
    { weights: WEIGHTS.notNumbers },
    'TRAINING_FAILED',
    /it left a version that workers would refuse: for .*NaN/,
  ],
  ['leaves no ONNX file', { weights: 'train.sh' }, 'TRAINING_FAILED', /workers would refuse: /],
  ['refuses the data', { how: 'refuses' }, 'DATA_UNUSABLE', /x\.csv: expected a number, got nothing/],
  ['fails', { how: 'fails' }, 'TRAINING_FAILED', /exit code 3: no luck/],
])('a recipe that %s fails its task with a sentence', async (_what, params, code, message) => {
  await using step = await openStep(params);
  const failure = step.run();
  await expect(failure).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test('a version that was made of the same things is not made again', async () => {
  await using step = await openStep({ how: 'computes' }, { versionThere: '4' });
  expect(await step.run()).toMatchObject({ reused: '4' });
});

test('a try goes on where the one before had come to', async () => {
  await using first = await openStep({ how: 'goes-on' });
  await expect(first.run()).rejects.toThrow('its process was ended by SIGKILL');
  const [checkpoint] = first.kept;
  await using last = await openStep({ how: 'goes-on' }, { earlier: '2\n' });
  await last.run();
  expect(checkpoint).toBe('1\n');
  expect(last.log).toContain('part 3');
});

test('the digest of a recipe changes with each file that it may read, and with no other', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-recipe-'));
  const own = join(folder.path, 'trips');
  await cp(join(models.path, 'trip-duration'), own, { recursive: true });
  await writeFile(join(folder.path, 'trees.py'), 'import graph\n');
  await writeFile(join(folder.path, 'graph.py'), 'x = 1\n');
  await writeFile(join(folder.path, 'other.py'), 'x = 1\n');
  await writeFile(join(own, 'train.py'), 'from trees import add\n');
  let before = await digestOfRecipe(own);
  const changes = async (file: string) => {
    await writeFile(join(folder.path, file), `changed = ${Math.random()}\n`);
    const digest = await digestOfRecipe(own);
    const isOther = digest !== before;
    before = digest;
    return isOther;
  };
  for (const file of ['other.py', 'trips/README.md', 'trips/1/golden.json'])
    expect(await changes(file), file).toBe(false);
  for (const file of ['graph.py', 'trips/zones.csv', 'trips/train.sh'])
    expect(await changes(file), file).toBe(true);
  await rm(join(folder.path, 'graph.py'));
  expect(await digestOfRecipe(own)).not.toBe(before);
});

test('packages that cannot be installed leave the Python of the machine, and the version says so', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-python-'));
  const python3 = `#!/bin/sh
case $1 in
  --version) echo 'Python 3.0.0 of ${folder.path}' ;;
  -c) echo 'numpy==1.0' ;;
  *) echo 'there is no network'; exit 1 ;;
esac`;
  await writeFile(join(folder.path, 'python3'), python3, { mode: 0o755 });
  await writeFile(join(folder.path, 'requirements.txt'), 'numpy==1.0\n');
  vi.stubEnv('PATH', `${folder.path}:${process.env.PATH}`);
  const lines: string[] = [];
  const found = await environmentOf({
    folder: folder.path,
    recipe: { file: 'train.py' },
    variables: [],
    report: (line) => lines.push(line),
    signal: new AbortController().signal,
  });
  vi.unstubAllEnvs();
  expect(found).toEqual({
    python: 'python3',
    environment: `the Python 3.0.0 of ${folder.path} of the machine, with numpy==1.0`,
    reproducible: false,
  });
  expect(lines.at(-1)).toContain("there is no network: the machine's Python is used");
});

test.skipIf(!canMountDisks)('a recipe without room on the disk fails its task with a sentence', async () => {
  await using disk = await mountSmallDisk(1);
  await using step = await openStep({ how: 'plain' }, { folder: disk.path });
  disk.fill();
  await expect(step.run()).rejects.toMatchObject({
    code: 'TRAINING_FAILED',
    message: expect.stringMatching(/no space left/i),
  });
});

/** Opens a try of the step; the data files are made up, since the script does not read them. */
async function openStep(
  params: Readonly<Record<string, string>>,
  more: { readonly versionThere?: string; readonly earlier?: string; readonly folder?: string } = {},
) {
  const folder = await mkdtempDisposable(join(more.folder ?? tmpdir(), 'tidings-step-'));
  const artifacts = new MemoryArtifacts();
  const log: string[] = [];
  const kept: string[] = [];
  const { digest, content } = blobOf(Buffer.from(more.earlier ?? ''));
  await artifacts.put(digest, content);
  const checkpoint = { path: 'checkpoint', sha256: digest, bytes: content.bytes };
  const step = trainStep({
    sessionMaxMib: 0,
    modelsDir: models.path,
    datasetsDir: undefined,
    recipeEnv: [],
    maxMib: 0,
    findVersion: async () => more.versionThere,
  });
  const file = { sha256: digest, bytes: content.bytes, place: DataPlace.Store };
  const prepared = {
    files: [
      { ...file, name: 'months.csv', use: DataUse.Train },
      { ...file, name: 'hold.csv', use: DataUse.Holdout },
    ],
    notes: [],
  };
  const context: StepContext = {
    job: trainingJob({ weights: WEIGHTS.good, ...params }),
    model,
    folder: folder.path,
    earlier: new Map([[StepName.Prepare, prepared]]),
    artifacts,
    checkpoint: more.earlier === undefined ? undefined : checkpoint,
    signal: new AbortController().signal,
    log: SILENT,
    report: () => {},
    note: () => {},
    write: (line) => log.push(line),
    keep: async (file) => void kept.push(await readFile(file, 'utf8')),
  };
  return {
    log,
    kept,
    run: async () => (await step(context)).output as TrainOutput,
    async stored(path: string, { files }: TrainOutput) {
      return artifacts.text(files?.find((file) => file.path === path)?.sha256 ?? '');
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}
