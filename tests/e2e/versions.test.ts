/** Versions that are added, break, are repaired and are removed while a real worker serves. */
import { createHash } from 'node:crypto';
import { cp, mkdtempDisposable, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { onlyTask, sse, submitTrip, TASK_RESULT } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import {
  type Broker,
  type Job,
  jobFor,
  openTestBroker,
  queueJobs,
  resultOf,
  tripJob,
} from '../support/jobs.ts';
import {
  addConstantVersion,
  hungryGraph,
  modelsWith,
  writeAddingModel,
  writeNumberModel,
  writeNumberVersion,
} from '../support/models.ts';
import { startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { presence } from '../support/presence.ts';
import { type Process, startGateway, startProcess, startWorker } from '../support/processes.ts';
import { isRunning } from '../support/processTable.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';

const SLOW_RUNS = {
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/slowRuns.js')}`,
  RUN_MS: '50',
};

// The tests run at the same time, since they mostly wait for checks of a folder or for runs that are slow on purpose.
describe.concurrent('under load, no task is lost', () => {
  test('when a version is copied in', async () => {
    await using bench = await openBench();
    await using load = keepLoading(bench);
    await using _worker = await startWorker(bench.nats, { ...bench.env, ...SLOW_RUNS });
    await load.rounds(2);

    await cp(join(bench.model, '1'), join(bench.model, '2'), { recursive: true });
    await bench.broker.ensureVersion('trip-duration', '2');
    const job = { ...tripJob(bench.broker, 1), version: '2' };
    await queueJobs(bench.broker, [job]);
    expect(await resultOf(bench.streams, job)).toMatchObject({ state: 'SUCCEEDED', modelVersion: '2' });

    const { models } = await presence(bench.broker, ({ models }) => models.length === 2);
    expect(models.map(({ version }) => version)).toEqual(['1', '2']);
    await load.rounds(2);
    await load.expectAllRight();
  });

  test('when the folder of a version is removed: its queue is finished, and its memory is freed', async () => {
    await using bench = await openBench((manifest) => {
      manifest.batching = { maxBatchSize: 16, maxWaitMs: 0 };
    });
    await cp(join(bench.model, '1'), join(bench.model, '2'), { recursive: true });
    await using load = keepLoading(bench);
    await using worker = await startWorker(bench.nats, { ...bench.env, ...SLOW_RUNS });
    const jobs = Array.from({ length: 200 }, (_, i) => ({ ...tripJob(bench.broker, i), version: '2' }));
    await queueJobs(bench.broker, jobs);

    const [one, two] = [await sessionOf(worker, '1'), await sessionOf(worker, '2')];
    await rm(join(bench.model, '2'), { recursive: true });
    const { models } = await presence(bench.broker, ({ leaving }) => leaving?.[0]?.version === '2');
    expect(models.map(({ version }) => version)).toEqual(['1']);
    await worker.logged('version closed');
    await presence(bench.broker, ({ leaving }) => leaving?.length === 0);
    for (const job of jobs)
      expect(await resultOf(bench.streams, job)).toMatchObject({ state: 'SUCCEEDED', modelVersion: '2' });
    expect(isRunning(one)).toBe(true);
    await eventually(
      () => two,
      (pid) => !isRunning(pid),
    );
    await load.rounds(2);
    await load.expectAllRight();
  });
});

test.concurrent('a running gateway offers a version that is copied in, and another one after it is removed', async () => {
  await using bench = await openBench();
  await using gateway = await startGateway(bench.nats, bench.env);
  await using _worker = await startWorker(bench.nats, bench.env);
  const predict = async () => {
    const { id } = await submitTrip(gateway.url, tripNumber(1));
    return onlyTask(sse(gateway.url, TASK_RESULT, { id }));
  };
  expect(await predict()).toMatchObject({ modelVersion: '1', state: 'SUCCEEDED' });
  await addConstantVersion(bench, '2', 42);
  const newest = await eventually(predict, ({ modelVersion }) => modelVersion === '2');
  expect(newest).toMatchObject({ state: 'SUCCEEDED', prediction: { durationMinutes: 42 } });
  await rm(join(bench.model, '2'), { recursive: true });
  expect(await eventually(predict, ({ modelVersion }) => modelVersion === '1')).toMatchObject({
    state: 'SUCCEEDED',
  });
});

test.concurrent('models that compete for one slot get time in proportion to their weights', async () => {
  await using two = await openAddingModels(['alpha', 'beta']);
  const jobs = ['alpha', 'beta'].map((model) => Array.from({ length: 200 }, () => two.job(model)));
  for (const queue of jobs) await queueJobs(two.broker, queue);
  await using _worker = await startWorker(two.nats, {
    ...two.env,
    ...SLOW_RUNS,
    WORKER_SLOTS: '1',
    WORKER_MODELS: 'alpha=3,beta',
  });
  const ends = await Promise.all(
    jobs.map(async (queue) => {
      const results = [];
      for (const job of queue) results.push(await resultOf(two.streams, job));
      return results.map((result) => Number(result?.finishedAt)).toSorted((a, b) => a - b);
    }),
  );
  const [alpha = [], beta = []] = ends;
  // Alpha has 25 runs of 8 rows, and beta about 8 in the same time. With equal shares, beta would have 200 rows.
  const meanwhile = beta.filter((finishedAt) => finishedAt < (alpha.at(-1) ?? 0)).length;
  expect(meanwhile).toBeGreaterThan(25);
  expect(meanwhile).toBeLessThan(150);
});

test.concurrent('a version whose folder is restored while it drains is served again by the same session', async () => {
  await using bench = await openBench();
  await cp(join(bench.model, '1'), join(bench.model, '2'), { recursive: true });
  await using worker = await startWorker(bench.nats, bench.env);
  const two = await sessionOf(worker, '2');
  await rename(join(bench.model, '2'), join(bench.path, '.aside'));
  await presence(bench.broker, ({ models }) => models.length === 1);
  await rename(join(bench.path, '.aside'), join(bench.model, '2'));
  await presence(bench.broker, ({ models }) => models.length === 2);
  expect(sessionProcess(worker, '2')).toBe(two);
  expect(isRunning(two)).toBe(true);
});

test.concurrent('a broken version is refused with a reason while the old one is served, and is served once it is repaired', async () => {
  await using bench = await openBench();
  const golden = join(bench.model, '2/golden.json');
  await cp(join(bench.model, '1'), join(bench.model, '2'), { recursive: true });
  const good = await readFile(golden, 'utf8');
  const broken = JSON.parse(good);
  broken.rows[0].output.durationMinutes += 1;
  await writeFile(golden, JSON.stringify(broken));

  await using worker = await startWorker(bench.nats, bench.env);
  const { models, refused } = await presence(bench.broker, () => true);
  expect(models).toMatchObject([{ model: 'trip-duration', version: '1', executionProvider: 'cpu' }]);
  expect(refused).toMatchObject([{ model: 'trip-duration', version: '2' }]);
  expect(refused?.[0]?.reason).toContain('golden.json wants durationMinutes');
  expect(worker.output()).toContain('"msg":"version refused"');
  await bench.answers('1');

  await writeFile(golden, good);
  const mended = await presence(bench.broker, ({ models }) => models.length === 2);
  expect(mended.refused).toEqual([]);
  await bench.answers('2');
  await bench.answers('1');
});

test.concurrent('a version whose content is replaced is served with its old content until the new one is loaded', async () => {
  await using bench = await openBench();
  await using worker = await startWorker(bench.nats, bench.env);
  const before = await sessionOf(worker, '1');
  const file = join(bench.model, '1/version.json');
  const record = JSON.parse(await readFile(file, 'utf8'));

  await writeFile(file, JSON.stringify({ ...record, sha256: '0'.repeat(64) }));
  await worker.logged('version refused');
  expect(isRunning(before)).toBe(true);
  await bench.answers('1');

  // A protobuf message may end with an unknown field. So these are other bytes with the same model.
  const model = join(bench.model, '1/model.onnx');
  await writeFile(model, Buffer.concat([await readFile(model), Buffer.from([0xa2, 0x06, 0x01, 0x20])]));
  await writeFile(file, JSON.stringify({ ...record, sha256: digestOf(await readFile(model)) }));
  await worker.logged('session replaced');
  await eventually(
    () => before,
    (pid) => !isRunning(pid),
  );
  await bench.answers('1');
});

test.concurrent('a session that cannot be restarted stops only its own version', async () => {
  await using bench = await openBench();
  await cp(join(bench.model, '1'), join(bench.model, '2'), { recursive: true });
  await using worker = await startWorker(bench.nats, bench.env);
  const model = join(bench.model, '2/model.onnx');
  const good = await readFile(model);
  await writeFile(model, 'spoiled');
  process.kill(await sessionOf(worker, '2'), 'SIGKILL');
  const killedAt = performance.now();
  await worker.logged('version given up');
  const { models, refused } = await presence(bench.broker, ({ refused }) => refused?.length === 1);
  expect(models).toMatchObject([{ version: '1' }]);
  expect(refused?.[0]?.reason).toContain('must have the SHA-256 of its version.json');
  await bench.answers('1');

  await writeFile(model, good);
  await presence(bench.broker, ({ models }) => models.length === 2);
  await bench.answers('2');
  // The version is tried again when its folder changed and every 30 seconds, not all the time.
  const tries = 2 + Math.floor((performance.now() - killedAt) / 30_000);
  expect((worker.output().match(/"msg":"version refused"/g) ?? []).length).toBeLessThanOrEqual(tries);
});

test.concurrent('a worker that loses its only session ends with exit code 1', async () => {
  await using bench = await openBench();
  await using worker = await startWorker(bench.nats, bench.env);
  await writeFile(join(bench.model, '1/model.onnx'), 'spoiled');
  process.kill(await sessionOf(worker, '1'), 'SIGKILL');
  expect(await worker.ended).toBe(1);
  expect(worker.output()).toContain('the session could not be started again');
});

describe.concurrent('WORKER_MODELS', () => {
  test('is refused if it names an unknown model, and the error lists the known ones', async () => {
    await using bench = await openBench();
    await using worker = startProcess('workers/main.ts', { ...bench.env, WORKER_MODELS: 'trips' });
    expect(await worker.ended).toBe(78);
    expect(worker.output()).toContain('WORKER_MODELS must name models out of trip-duration, got trips');
  });

  test('limits a worker to the named versions, and a version that is not there yet is served later', async () => {
    await using bench = await openBench();
    await using worker = await startWorker(bench.nats, {
      ...bench.env,
      WORKER_MODELS: 'trip-duration/2=3',
    });
    expect(worker.output()).toContain('"missing":["trip-duration/2"]');
    expect((await presence(bench.broker, () => true)).models).toEqual([]);
    await cp(join(bench.model, '1'), join(bench.model, '2'), { recursive: true });
    const { models } = await presence(bench.broker, ({ models }) => models.length > 0);
    expect(models.map(({ version }) => version)).toEqual(['2']);
    await bench.answers('2');
  });
});

describe('SESSION_MEMORY_MIB', () => {
  const MODELS = ['alpha', 'beta', 'gamma'] as const;
  /** The run of the golden row takes so much. A process takes at most 80 MiB more, and at least 40. */
  const GOLDEN_MIB = 120;
  /** Two sessions with processes of their own fit, and three do not. */
  const TWO_FIT = { SESSION_MEMORY_MIB: '440' };

  const openHungryModels = () =>
    openNumberModels(MODELS, async (modelsDir, name) => {
      await writeNumberModel(modelsDir, name, { isolation: 'own' });
      const golden = [{ x: GOLDEN_MIB, y: GOLDEN_MIB }];
      await writeNumberVersion(join(modelsDir, name, '1'), hungryGraph(), golden);
      return 0;
    });

  test('with lazy loading, a needed version is loaded and replaces the one that was unused for longest', async () => {
    await using three = await openHungryModels();
    await using worker = await startWorker(three.nats, {
      ...three.env,
      ...TWO_FIT,
      SESSION_LOADING: 'lazy',
    });
    await presence(three.broker, ({ models }) => models.length === MODELS.length);
    const loaded = () => MODELS.filter((model) => isRunning(sessionProcess(worker, '1', model)));
    expect(loaded()).toEqual([]);
    await three.answers('alpha');
    await three.answers('beta');
    await eventually(loaded, (models) => models.join() === 'alpha,beta');
    await three.answers('alpha');
    await three.answers('gamma');
    await eventually(loaded, (models) => models.join() === 'alpha,gamma');
    for (const model of MODELS) await three.answers(model);
    await eventually(loaded, (models) => models.length === 2);
  });

  test('with eager loading, a version that does not fit is refused with the total size', async () => {
    await using three = await openHungryModels();
    await using _worker = await startWorker(three.nats, { ...three.env, ...TWO_FIT });
    const { models, refused } = await presence(three.broker, ({ refused }) => refused?.length === 1);
    expect(models.map(({ model }) => model)).toEqual(['alpha', 'beta']);
    expect(refused?.map(({ model }) => model)).toEqual(['gamma']);
    expect(refused?.[0]?.reason).toMatch(
      /it takes \d+ MiB, all sessions and their processes \d+ MiB, where SESSION_MEMORY_MIB allows 440 MiB/,
    );
    await three.answers('alpha');
    await three.answers('beta');
  });
});

/** A broker, and a models folder with version 1 of trip-duration. */
async function openBench(change?: (manifest: Record<string, unknown>) => void) {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await modelsWith(change));
  const nats = stack.use(await startNats());
  // So that two versions are in two processes, on a machine with one core too.
  const env = { NATS_URL: nats.url, MODELS_DIR: folder.path, WORKER_SLOTS: '2' };
  const broker = stack.use(await openTestBroker(nats, env));
  const streams = stack.use(await inspectStreams(nats));
  return {
    ...folder,
    nats,
    env,
    broker,
    streams,
    async answers(version: string) {
      const job = { ...tripJob(broker, 1), version };
      await queueJobs(broker, [job]);
      expect(await resultOf(streams, job)).toMatchObject({ state: 'SUCCEEDED', modelVersion: version });
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A broker, and a models folder with small models that each add another number. */
function openAddingModels(names: readonly string[]) {
  return openNumberModels(names, async (modelsDir, name, i) => {
    await writeAddingModel(modelsDir, name, i);
    return i;
  });
}

/**
 * A broker, and a models folder with models that have one number as input and one as output.
 *
 * @param write writes a model, and gives what it adds to its input.
 */
async function openNumberModels(
  names: readonly string[],
  write: (modelsDir: string, name: string, i: number) => Promise<number>,
) {
  const stack = new AsyncDisposableStack();
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  stack.defer(() => folder.remove());
  const added = new Map<string, number>();
  for (const [i, name] of names.entries()) added.set(name, await write(folder.path, name, i));
  const nats = stack.use(await startNats());
  const env = { NATS_URL: nats.url, MODELS_DIR: folder.path };
  const broker = stack.use(await openTestBroker(nats, env));
  const streams = stack.use(await inspectStreams(nats));
  const job = (model: string): Job => jobFor(broker, { model, input: { x: 0.5 } });
  return {
    nats,
    env,
    broker,
    streams,
    job,
    async answers(model: string) {
      const asked = job(model);
      await queueJobs(broker, [asked]);
      const prediction = { y: 0.5 + (added.get(model) ?? 0) };
      expect(await resultOf(streams, asked)).toMatchObject({ state: 'SUCCEEDED', prediction });
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Queues rounds of jobs for version 1, each after the one before is answered. */
function keepLoading({ broker, streams }: { readonly broker: Broker; readonly streams: StreamInspector }) {
  const results: unknown[] = [];
  let stopped = false;
  let rounds = 0;
  let wake = Promise.withResolvers<void>();
  const loading = (async () => {
    while (!stopped) {
      const round = Array.from({ length: 4 }, (_, i) => tripJob(broker, results.length + i));
      await queueJobs(broker, round);
      for (const job of round) results.push(await resultOf(streams, job));
      rounds++;
      wake.resolve();
      wake = Promise.withResolvers();
    }
  })();
  return {
    /** Resolves once this number of further rounds is answered. */
    async rounds(count: number): Promise<void> {
      const enough = rounds + count;
      while (rounds < enough) await Promise.race([wake.promise, loading]);
    },
    async expectAllRight(): Promise<void> {
      stopped = true;
      await loading;
      for (const result of results) expect(result).toMatchObject({ state: 'SUCCEEDED', modelVersion: '1' });
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      await loading.catch(() => {});
    },
  };
}

/** The process of a version's session. It is in the worker's output soon after the worker is ready. */
function sessionOf(worker: Process, version: string): Promise<number> {
  return eventually(() => sessionProcess(worker, version), Number.isInteger);
}

/** The id of the process in which a worker last loaded a version. */
function sessionProcess(worker: Process, version: string, model = 'trip-duration'): number {
  const lines = worker
    .output()
    .split('\n')
    .filter((line) => line.includes('"msg":"session ready"'));
  const sessions = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return Number(sessions.findLast((line) => line.model === model && line.version === version)?.pid);
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
