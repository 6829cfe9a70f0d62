/** Versions that share a process: the death of one's run does no harm to the others. */
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { subjects } from '../../src/contract/subjects.ts';
import { DEADLY_MILES, ENDLESS_MILES } from '../support/badTrips.js';
import { eventually } from '../support/eventually.ts';
import { type Job, jobFor, openTestBroker, queueJobs, resultOf, tripJob } from '../support/jobs.ts';
import {
  addConstantVersion,
  hungryGraph,
  modelsWith,
  writeAddingModel,
  writeNumberModel,
  writeNumberVersion,
} from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Process, startWorker } from '../support/processes.ts';
import { isRunning } from '../support/processTable.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';

const TRIPS = ['1', '2'].map((version) => ({ model: 'trip-duration', version }));
const imported = (script: string) => `--import=${join(import.meta.dirname, '../support', script)}`;
/** With one slot, all small versions share a process. */
const ONE_HOST = { WORKER_SLOTS: '1' };

/** The process that loaded a version last. */
function processOf(worker: Process, { model, version }: Pick<Job, 'model' | 'version'>): number | undefined {
  const lines = worker.output().split('\n');
  const ready = lines
    .filter((line) => line.includes('"msg":"session ready"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return ready.findLast((line) => line.model === model && line.version === version)?.pid as
    | number
    | undefined;
}

/** The processes that loaded some versions. Their lines of the log may come after the news that the worker is ready. */
async function processesOf(
  worker: Process,
  versions: readonly Pick<Job, 'model' | 'version'>[],
): Promise<readonly number[]> {
  const pids = await eventually(
    () => versions.map((version) => processOf(worker, version)),
    (found) => found.every((pid) => pid !== undefined),
  );
  return pids.map(Number);
}

/** The models of the tasks that were marked as suspects. A mark is removed when its task has ended. */
function markedModels(marks: ReadonlySet<string>, jobs: readonly Job[]): readonly string[] {
  const marked = jobs.filter((job) => marks.has(subjects.suspect(job)));
  return [...new Set(marked.map(({ model }) => model))];
}

const writeSmall = (modelsDir: string, name: string) => writeAddingModel(modelsDir, name, 1);

async function openModels(
  names: readonly string[],
  write: (modelsDir: string, name: string) => Promise<void>,
) {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await mkdtempDisposable(join(tmpdir(), 'tidings-models-')));
  for (const name of names) await write(folder.path, name);
  const nats = opened.use(await startNats());
  const env = { ...ONE_HOST, MODELS_DIR: folder.path };
  const broker = opened.use(await openTestBroker(nats, env));
  const streams = opened.use(await inspectStreams(nats));
  const marks = await streams.hear('suspects.>');
  const kept = opened.move();
  return {
    nats,
    env,
    streams,
    marks,
    /** Queues as many jobs for each model, with 0, 1, … as their input, or with `x`. */
    queue: async (count: number, x?: number) => {
      const jobs = names.flatMap((model) =>
        Array.from({ length: count }, (_, i) => jobFor(broker, { model, input: { x: x ?? i } })),
      );
      await queueJobs(broker, jobs);
      return jobs;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function expectSuccess(streams: StreamInspector, jobs: readonly Job[]): Promise<void> {
  for (const job of jobs) expect(await resultOf(streams, job)).toMatchObject({ state: 'SUCCEEDED' });
}

test('a process that is killed while two models have runs fails no task, and marks none of the model that only waited', async () => {
  await using models = await openModels(['alpha', 'beta'], writeSmall);
  const { nats, env, streams, marks } = models;
  const slow = { NODE_OPTIONS: imported('slowRuns.js'), RUN_MS: '100' };
  await using worker = await startWorker(nats, { ...env, ...slow });
  const jobs = await models.queue(40);
  const [alpha = 0, beta] = await processesOf(
    worker,
    ['alpha', 'beta'].map((model) => ({ model, version: '1' })),
  );
  expect(alpha).toBe(beta);
  await eventually(
    () => streams.ended(),
    (ended) => ended.length >= 16,
  );
  process.kill(alpha, 'SIGKILL');
  await expectSuccess(streams, jobs);
  expect(markedModels(marks, jobs).length).toBeLessThanOrEqual(1);
  expect((await streams.state('DEAD')).messages).toBe(0);
});

test('an idle process that is killed marks no task, and its versions are loaded again into one process', async () => {
  await using models = await openModels(['alpha', 'beta', 'gamma'], writeSmall);
  const { nats, env, streams, marks } = models;
  await using worker = await startWorker(nats, env);
  const versions = ['alpha', 'beta', 'gamma'].map((model) => ({ model, version: '1' }));
  const [before = 0] = await processesOf(worker, versions);
  process.kill(before, 'SIGKILL');
  const after = await eventually(
    () => processesOf(worker, versions),
    (pids) => pids.every((pid) => pid !== before),
  );
  expect(new Set(after).size).toBe(1);
  await expectSuccess(streams, await models.queue(10));
  expect(marks.size).toBe(0);
});

/** Versions 1 and 2 of trip-duration share a process, and deadly trips kill it only in version 2. */
async function openBadVersion(nats: NatsServer, limits: Record<string, number> = {}) {
  await using opened = new AsyncDisposableStack();
  const models = opened.use(await modelsWith((manifest) => Object.assign(manifest.limits as object, limits)));
  await addConstantVersion(models, '2', 5);
  const env = { ...ONE_HOST, MODELS_DIR: models.path };
  const broker = opened.use(await openTestBroker(nats, env));
  const streams = opened.use(await inspectStreams(nats));
  const marks = await streams.hear('suspects.>');
  const worker = opened.use(
    await startWorker(nats, { ...env, BAD_VERSION: '2', NODE_OPTIONS: imported('badVersion.js') }),
  );
  const kept = opened.move();
  return {
    streams,
    marks,
    worker,
    /** Queues jobs of both versions, and among those of version 2 one with this distance. */
    queue: async (miles: number) => {
      const trips = Array.from({ length: 20 }, (_, i) => tripJob(broker, i));
      const others = Array.from({ length: 20 }, (_, i) => ({ ...tripJob(broker, i), version: '2' }));
      const bad = { ...tripJob(broker, 1), version: '2' };
      Object.assign(bad.input, { tripDistanceMiles: miles });
      await queueJobs(broker, [...others.slice(0, 10), bad, ...others.slice(10), ...trips]);
      return { bad, good: [...trips, ...others], trips };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

test('a row that kills its process fails alone; afterwards its version has a process of its own', async () => {
  await using nats = await startNats();
  await using system = await openBadVersion(nats);
  const { streams, marks, worker } = system;
  const [one, two] = await processesOf(worker, TRIPS);
  expect(one).toBe(two);
  const { bad, good, trips } = await system.queue(DEADLY_MILES);
  expect(await resultOf(streams, bad)).toMatchObject({ error: { code: 'WORKER_CRASHED' } });
  await expectSuccess(streams, good);
  for (const job of trips) expect(await resultOf(streams, job)).toMatchObject({ attempts: 1 });
  expect(markedModels(marks, trips)).toEqual([]);

  const apart = await eventually(
    () => processOf(worker, { model: 'trip-duration', version: '2' }) ?? 0,
    isRunning,
  );
  const shared = processOf(worker, { model: 'trip-duration', version: '1' }) ?? 0;
  expect(shared).not.toBe(apart);
  // One run killed the shared process, and the runs alone killed others.
  await expectSuccess(streams, (await system.queue(DEADLY_MILES)).good);
  expect(isRunning(shared)).toBe(true);
});

test('a run that takes too long is ended with its process, and tasks of other versions in it are run again', async () => {
  await using nats = await startNats();
  await using system = await openBadVersion(nats, { runTimeoutMs: 2_000 });
  const { streams, marks } = system;
  const { bad, good, trips } = await system.queue(ENDLESS_MILES);
  expect(await resultOf(streams, bad)).toMatchObject({ error: { code: 'RUN_TIMEOUT' } });
  await expectSuccess(streams, good);
  for (const job of trips) expect(await resultOf(streams, job)).toMatchObject({ attempts: 1 });
  expect(marks.size).toBe(0);
});

test.each([
  ['whose manifest wants it', { isolation: 'own' }, {}],
  ['of a worker with SESSIONS=isolated', {}, { SESSIONS: 'isolated' }],
])('a version %s has a process of its own', async (_who, members, env) => {
  await using nats = await startNats();
  await using models = await modelsWith((manifest) => Object.assign(manifest, members));
  await addConstantVersion(models, '2', 5);
  await using worker = await startWorker(nats, { ...ONE_HOST, ...env, MODELS_DIR: models.path });
  const [one, two] = await processesOf(worker, TRIPS);
  expect(one).not.toBe(two);
});

test('with lazy loading, a process whose runs took more than the budget ends, though no further run comes', async () => {
  await using models = await openModels(['alpha', 'beta'], async (modelsDir, name) => {
    await writeNumberModel(modelsDir, name);
    await writeNumberVersion(join(modelsDir, name, '1'), hungryGraph(), [{ x: 1, y: 1 }]);
  });
  const lazy = { SESSION_LOADING: 'lazy', SESSION_MEMORY_MIB: '400' };
  await using worker = await startWorker(models.nats, { ...models.env, ...lazy });
  // A run takes as many MiB as its row says. The process is measured after it has answered.
  await expectSuccess(models.streams, await models.queue(1, 500));
  await eventually(
    () => ['alpha', 'beta'].map((model) => processOf(worker, { model, version: '1' }) ?? 0).filter(isRunning),
    (running) => running.length === 0,
  );
});
