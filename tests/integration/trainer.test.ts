/** Trainers as processes: what becomes of trainings when trainers or recipes die, stop, wake up late or lose the broker. */
import { mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endWork } from '../../src/broker/endWork.ts';
import type { WorkAddress } from '../../src/contract/workId.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { WorkReader } from '../../src/workflow/workReader.ts';
import { eventually } from '../support/eventually.ts';
import { type Broker, openTestBroker } from '../support/jobs.ts';
import { type ModelsFolder, SILENT } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Process, startWorker } from '../support/processes.ts';
import { isRunning } from '../support/processTable.ts';
import { inspectStreams } from '../support/streams.ts';
import { tinyTraining, WEIGHTS } from '../support/tinyTraining.ts';
import { endOf, startTrainer, submitTraining } from '../support/trainings.ts';

/** A recipe that hangs is found after a second. */
const STALL_MS = 1_000;
let nats: NatsServer;
let models: ModelsFolder;
let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;
let broker: Broker;
let count = 0;

beforeAll(async () => {
  nats = await startNats();
  models = await tinyTraining();
  folder = await mkdtempDisposable(join(tmpdir(), 'tidings-trainers-'));
  broker = await openTestBroker(nats, { MODELS_DIR: models.path });
});
afterAll(async () => {
  await broker[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
  await models[Symbol.asyncDispose]();
  await folder.remove();
});

describe('with one trainer', () => {
  /** A test that ends it replaces it with another one, in the same folder. */
  let trainer: Process;
  let dataDir: string;
  beforeAll(async () => {
    dataDir = join(folder.path, 'shared');
    trainer = await start({ dataDir });
  });
  afterAll(async () => {
    await trainer[Symbol.asyncDispose]();
  });

  test('a training ends with a version in the registry that tells where it came from', async () => {
    const address = await submit({ how: 'asks' });
    const end = await endOf(broker, address);
    expect(end).toMatchObject({ state: 'SUCCEEDED', attempts: 1 });
    const [record] = await versionsOf([address]);
    expect(record).toMatchObject({
      version: end.modelVersion,
      provenance: { recipe: { file: 'sh' }, params: { how: 'asks' }, environment: 'the program sh train.sh' },
    });
    expect((await logOf(address)).some((line) => line.startsWith('{"type":"train"'))).toBe(true);
  });

  test.each([
    ['refuses the data', { how: 'refuses' }, 1, 'DATA_UNUSABLE', 'x.csv: expected a number, got nothing'],
    [
      'ends with exit code 0 and no model',
      { how: 'leaves-nothing' },
      1,
      'TRAINING_FAILED',
      'without leaving model.onnx',
    ],
    ['fails', { how: 'fails' }, 1, 'TRAINING_FAILED', 'it ended with exit code 3: no luck in x'],
    ['leaves weights that are no numbers', { weights: WEIGHTS.notNumbers }, 1, 'TRAINING_FAILED', 'got NaN'],
    [
      'dies in each try',
      { how: 'dies' },
      2,
      'TRAINING_FAILED',
      'Try 2 of 2 was lost: its process was ended by SIGKILL',
    ],
  ])('a training whose recipe %s fails with the reason', async (_what, params, attempts, code, message) => {
    const address = await submit(params, { maxAttempts: 2 });
    expect(await endOf(broker, address)).toMatchObject({
      state: 'FAILED',
      attempts,
      error: { code, message: expect.stringContaining(message) },
    });
  });

  test('a try goes on at the checkpoint of the one before', async () => {
    const address = await submit({ how: 'goes-on' });
    expect(await endOf(broker, address)).toMatchObject({ state: 'SUCCEEDED' });
    const lines = await logOf(address);
    expect(lines.filter((line) => line.includes('was lost'))).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith('part'))).toEqual(['part 1', 'part 2', 'part 3']);
  });

  test('a recipe that computes without a pause is gone once its training is cancelled', async () => {
    const address = await submit({ how: 'computes' });
    const pid = await pidOf(address);
    const job = await broker.work.readJob(address);
    if (job === undefined) throw new Error('the job is gone');
    await endWork(broker, address, job, { state: 'CANCELED' });
    await gone(pid);
    await emptyQueue();
  });

  test('a training whose time is over is ended by its trainer where there is no gateway', async () => {
    const address = await submit({ how: 'forks' }, { deadline: broker.now() + 3_000 });
    const pid = await pidOf(address);
    expect(await endOf(broker, address)).toMatchObject({ state: 'EXPIRED' });
    await gone(pid);
  });

  test('a flood of lines does not reach the log of the task', async () => {
    const address = await submit({ how: 'floods' });
    expect(await endOf(broker, address)).toMatchObject({ state: 'SUCCEEDED' });
    const lines = await logOf(address);
    expect(lines.length).toBeLessThan(10_000);
    expect(lines.some((line) => line.endsWith('more lines within a second are left out'))).toBe(true);
  });

  test('a training that waits says whether a trainer of its class is there', async () => {
    const reader = new WorkReader({ broker, models: await modelsOf(models.path) });
    const gate = join(folder.path, 'presence');
    await trainer[Symbol.asyncDispose]();
    const address = await submit({ how: 'waits', gate });
    const noteOf = async (waiting: WorkAddress) => (await reader.read(waiting))?.work.stages[0]?.note;
    // Trainers that were killed in other tests are missed after a while.
    await eventually(
      () => noteOf(address),
      (note) => note === 'no trainer of the class cpu is there: it waits for one',
    );
    trainer = await start({ dataDir });
    await running(address);
    const next = await submit({ how: 'plain' });
    expect(await noteOf(next)).toBeUndefined();
    await writeFile(gate, '');
    await endOf(broker, next);
  });

  test('a trainer that is killed takes its recipe along, and its files are removed by the next one', async () => {
    const address = await submit({ how: 'computes' }, { maxAttempts: 1 });
    const pid = await pidOf(address);
    trainer.kill('SIGKILL');
    await trainer.ended;
    await gone(pid);
    expect(await readdir(join(dataDir, 'scratch'))).toHaveLength(1);
    trainer = await start({ dataDir });
    expect(await endOf(broker, address)).toMatchObject({
      state: 'FAILED',
      error: {
        code: 'TRAINING_FAILED',
        message: expect.stringContaining('trainers of all of them were lost'),
      },
    });
    expect(await readdir(join(dataDir, 'scratch'))).toHaveLength(1);
  });

  test('a trainer that is stopped hands its step back, and the try does not count', async () => {
    const gate = join(folder.path, 'handed-back');
    const address = await submit({ how: 'waits', gate }, { maxAttempts: 1 });
    await running(address);
    await trainer[Symbol.asyncDispose]();
    trainer = await start({ dataDir });
    await writeFile(gate, '');
    expect(await endOf(broker, address)).toMatchObject({ state: 'SUCCEEDED', attempts: 1 });
  });

  test('a training goes on in the same try while the broker is restarted', async () => {
    const gate = join(folder.path, 'restarted');
    await using _other = await start({ slots: 2 });
    const address = await submit({ how: 'waits', gate }, { maxAttempts: 1 });
    await running(address);
    await nats.restart();
    await eventually(
      () => broker.connected,
      (connected) => connected,
    );
    await writeFile(gate, '');
    expect(await endOf(broker, address)).toMatchObject({ state: 'SUCCEEDED', attempts: 1 });
  });
});

test('a recipe that hangs is ended, and its training fails after the last try', async () => {
  await using hanging = await tinyTraining({ stallMs: STALL_MS });
  await using _trainer = await start({ modelsDir: hanging.path });
  const address = await submit({ how: 'hangs' }, { maxAttempts: 2 });
  expect(await endOf(broker, address)).toMatchObject({
    state: 'FAILED',
    attempts: 2,
    error: { code: 'TRAINING_FAILED', message: expect.stringContaining('it showed no sign of life for 1 s') },
  });
});

test('with another broker for blobs, checkpoints and files of versions are stored there, and workers read them there', async () => {
  await using blobs = await startNats();
  await using _trainer = await start({ blobsUrl: blobs.url });
  const before = await Array.fromAsync(broker.artifacts.list());
  const address = await submit({ how: 'goes-on' });
  const { state, modelVersion: version = '' } = await endOf(broker, address);
  expect(state).toBe('SUCCEEDED');
  const record = (await broker.versions.read()).versions.find((each) => each.version === version)?.record;
  expect(record?.files).toHaveLength(3);
  await using apart = await openTestBroker(blobs, { MODELS_DIR: models.path });
  for (const { sha256 } of record?.files ?? []) expect(await apart.artifacts.has(sha256)).toBe(true);
  expect(await Array.fromAsync(broker.artifacts.list())).toEqual(before);
  await using worker = await startWorker(nats, {
    ...{ MODELS_DIR: models.path, DATA_DIR: join(folder.path, `data-${count++}`), BLOBS_NATS_URL: blobs.url },
    WORKER_MODELS: `trip-duration/1,trip-duration/${version}`,
  });
  await worker.logged(`"version":"${version}","msg":"version offered"`);
});

/** The writes between the delivery of a step and the end of its task. `npm run chaos` tries all moments of all of them. */
const WRITES = [
  'storeProgress:after',
  'put:after',
  'storeStepResult:after',
  'storeStepJob:after',
  'store:after',
  'storeEnd:after',
];

/** Several, so that a trainer seldom waits until the lease of the one before it ends. */
const TRAININGS = 3;

test('trainers that are killed at a write lose no training, and make no version twice', async () => {
  const addresses = await submitMany(TRAININGS);
  for (const write of WRITES) {
    const struck = await start({ strike: `${write}:1:SIGKILL` });
    expect(await struck.ended, write).toBe('SIGKILL');
  }
  await using _last = await start({ slots: 2 });
  await expectAllDone(addresses);
});

test('trainers that stand still before a write and wake up late change nothing that is done', async () => {
  const addresses = await submitMany(TRAININGS);
  await using zombies = new AsyncDisposableStack();
  const stopped: Process[] = [];
  for (const write of WRITES) {
    const struck = zombies.use(await start({ strike: `${write.replace('after', 'before')}:1:SIGSTOP` }));
    await struck.logged('struck by SIGSTOP');
    stopped.push(struck);
  }
  await using _last = await start({ slots: 2 });
  await expectAllDone(addresses);
  const before = await versionsOf(addresses);
  for (const zombie of stopped) zombie.kill('SIGCONT');
  // They end in order, so each has noticed that its step was done by another.
  await zombies.disposeAsync();
  await expectAllDone(addresses);
  expect(await versionsOf(addresses)).toEqual(before);
});

function start(
  more: { strike?: string; slots?: number; dataDir?: string; modelsDir?: string; blobsUrl?: string } = {},
): Promise<Process> {
  return startTrainer({
    ...{ url: nats.url, modelsDir: models.path, dataDir: join(folder.path, `data-${count++}`) },
    ...more,
  });
}

async function modelsOf(path: string) {
  using catalog = await Catalog.open(path, SILENT);
  return catalog.models;
}

function submit(
  params: Readonly<Record<string, string>>,
  more?: Parameters<typeof submitTraining>[2],
): Promise<WorkAddress> {
  return submitTraining(broker, { name: `n${count++}`, ...params }, more);
}

async function submitMany(trainings: number): Promise<readonly WorkAddress[]> {
  const addresses: WorkAddress[] = [];
  for (let i = 0; i < trainings; i++) addresses.push(await submit({ how: 'plain' }, { maxAttempts: 100 }));
  return addresses;
}

/** Each training has its end, and one version of its own; nothing is left in the queue. */
async function expectAllDone(addresses: readonly WorkAddress[]): Promise<void> {
  const ends = [];
  for (const address of addresses) ends.push(await endOf(broker, address));
  expect(ends.map(({ state, error }) => error?.message ?? state)).toEqual(addresses.map(() => 'SUCCEEDED'));
  const records = await versionsOf(addresses);
  expect(records.map((record) => record?.version)).toEqual(ends.map(({ modelVersion }) => modelVersion));
  expect(new Set(ends.map(({ modelVersion }) => modelVersion)).size).toBe(addresses.length);
  await emptyQueue();
}

/** The record of each training, of which there must not be two. */
async function versionsOf(addresses: readonly WorkAddress[]) {
  const { versions } = await broker.versions.read();
  return addresses.map(({ id }) => {
    const own = versions.filter(({ record }) => record?.taskId === id);
    expect(own.length).toBeLessThanOrEqual(1);
    return own[0]?.record;
  });
}

async function emptyQueue(): Promise<void> {
  await using streams = await inspectStreams(nats);
  await eventually(
    () => streams.state('WORK'),
    ({ messages }) => messages === 0,
  );
}

async function logOf({ id }: WorkAddress): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const message of broker.workLog.from(id, 1))
    lines.push(...message.lines.lines.map(({ text }) => text));
  return lines;
}

/** The process that the recipe has named in its log. */
async function pidOf(address: WorkAddress): Promise<number> {
  const lines = await eventually(
    () => logOf(address),
    (all) => all.some((line) => line.startsWith('pid ')),
  );
  return Number(lines.find((line) => line.startsWith('pid '))?.slice(4));
}

function gone(pid: number): Promise<boolean> {
  return eventually(
    () => isRunning(pid),
    (is) => !is,
  );
}

/** Resolves once the recipe has told its progress. */
function running({ id }: WorkAddress) {
  return eventually(
    async () => (await broker.work.lastProgress(id))?.progress,
    (progress) => progress?.step === 'train' && progress.progress !== undefined,
  );
}
