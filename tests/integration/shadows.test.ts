/** Shadows: operators get the comparison, and users notice no difference. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { subjects } from '../../src/contract/subjects.ts';
import { DEADLY_MILES, ENDLESS_MILES, REFUSED_MILES } from '../support/badVersion.js';
import {
  collect,
  fieldOf,
  onlyTask,
  openSse,
  post,
  sse,
  submitTrip,
  TASK_RESULT,
  type TaskView,
  type Trip,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { openTestBroker } from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';
import {
  allServed,
  MINUTES,
  startTwoVersions,
  twoVersions,
  versionsOf,
  weightsOf,
} from '../support/rollouts.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';
import { refusalIn } from '../support/transports.ts';

const MODEL = 'trip-duration';
const AT_ONCE = 25;

const SET_ROLLOUT = `mutation ($weights: [VersionWeight!]!, $shadow: [VersionWeight!]!) {
  setRollout(model: "${MODEL}", weights: $weights, shadow: $shadow) { model { versions { version shadowPercent } } } }`;
const SET_WITHOUT_SHADOW = `mutation { setRollout(model: "${MODEL}", weights: [{ version: "1", percent: 100 }]) { movedTasks } }`;
const DURATIONS = '{ meanLatencyMs p95LatencyMs meanComputeMs p95ComputeMs }';
const COMPARISON = `rolloutComparison(model: "${MODEL}") { since gatewayCount model { name } versions {
  version shadowVersion sentTasks comparedTasks failedTasks durations ${DURATIONS} shadowDurations ${DURATIONS}
  outputs { output unit count differentCount meanDifference meanAbsoluteDifference largestAbsoluteDifference } } }`;

interface ComparisonView {
  readonly since: string | null;
  readonly gatewayCount: number;
  readonly versions: readonly {
    readonly sentTasks: number;
    readonly comparedTasks: number;
    readonly failedTasks: number;
    readonly durations: Readonly<Record<string, number>>;
    readonly shadowDurations: Readonly<Record<string, number>>;
    readonly outputs: readonly Readonly<Record<string, number | string>>[];
  }[];
}

/** Version 1 answers, and the shadow versions get these percents of the tasks. */
async function setShadow({ url }: Gateway, shadow: Readonly<Record<string, number>>): Promise<void> {
  fieldOf(await post(url, SET_ROLLOUT, { weights: weightsOf({ 1: 100 }), shadow: weightsOf(shadow) }));
}

/** Resolves once a gateway sends this percent of the tasks to the shadow version 2. */
async function inForce(gateway: Gateway, percent: number): Promise<void> {
  await eventually(
    () => versionsOf(gateway),
    (versions) => versions[1]?.shadowPercent === percent,
  );
}

async function comparisonOf({ url }: Gateway): Promise<ComparisonView> {
  return fieldOf(await post(url, `{ ${COMPARISON} }`));
}

/** The comparison, once it has this number of compared and failed tasks. */
function comparisonAfter(gateway: Gateway, count: number): Promise<ComparisonView> {
  return eventually(
    () => comparisonOf(gateway),
    ({ versions: [versions] }) =>
      versions ? versions.comparedTasks + versions.failedTasks === count : false,
  );
}

/** Submits a trip and waits for its end. */
async function predicted({ url }: Gateway, trip: Trip, options?: Record<string, unknown>): Promise<TaskView> {
  const { id } = await submitTrip(url, trip, options);
  return onlyTask(sse(url, TASK_RESULT, { id }));
}

/** The finished tasks of `count` trips, numbered from `from`, submitted some at a time. */
async function predictedAll(gateway: Gateway, from: number, count: number): Promise<readonly TaskView[]> {
  const tasks: TaskView[] = [];
  while (tasks.length < count) {
    const next = Array.from({ length: Math.min(AT_ONCE, count - tasks.length) }, (_, i) =>
      predicted(gateway, tripNumber(from + tasks.length + i)),
    );
    tasks.push(...(await Promise.all(next)));
  }
  return tasks;
}

function minutesOf({ prediction }: TaskView): number {
  if (prediction === null) throw new Error('the task has no prediction');
  return prediction.durationMinutes;
}

describe('two gateways and a worker', () => {
  let line: Awaited<ReturnType<typeof startTwoVersions>>;
  let gateway: Gateway;
  let other: Gateway;

  beforeAll(async () => {
    line = await startTwoVersions();
    ({ gateway, otherGateway: other } = line);
  });

  // The figures would continue if the same shadow were set again.
  beforeEach(async () => {
    fieldOf(await post(gateway.url, SET_WITHOUT_SHADOW));
    await inForce(other, 0);
  });

  afterAll(() => line?.[Symbol.asyncDispose]());

  test('the comparison equals an independent calculation, and users see no difference', async () => {
    await setShadow(gateway, { 2: 100 });
    await inForce(other, 100);
    const tasks = (await Promise.all([predictedAll(gateway, 0, 20), predictedAll(other, 20, 15)])).flat();
    for (const task of tasks)
      expect(task).toMatchObject({ modelVersion: '1', state: 'SUCCEEDED', attempts: 1 });
    const differences = tasks.map((task) => MINUTES - minutesOf(task));
    const absolutes = differences.map(Math.abs);
    const meanOf = (numbers: readonly number[]) =>
      numbers.reduce((sum, number) => sum + number) / tasks.length;

    for (const each of [gateway, other]) {
      const comparison = await comparisonAfter(each, 35);
      expect(comparison).toMatchObject({
        gatewayCount: 2,
        model: { name: MODEL },
        versions: [{ version: '1', shadowVersion: '2', sentTasks: 35, comparedTasks: 35, failedTasks: 0 }],
      });
      const [versions] = comparison.versions;
      expect(versions?.outputs).toEqual([
        {
          output: 'durationMinutes',
          unit: 'minutes',
          count: 35,
          differentCount: 35,
          meanDifference: expect.closeTo(meanOf(differences), 9),
          meanAbsoluteDifference: expect.closeTo(meanOf(absolutes), 9),
          largestAbsoluteDifference: Math.max(...absolutes),
        },
      ]);
      const { meanComputeMs, meanLatencyMs } = versions?.durations ?? {};
      const timings = tasks.map(({ timings }) => timings ?? { queueMs: 0, batchMs: 0, computeMs: 0 });
      expect(meanComputeMs).toBeCloseTo(meanOf(timings.map(({ computeMs }) => computeMs)), 9);
      const latencies = timings.map(({ queueMs, batchMs, computeMs }) => queueMs + batchMs + computeMs);
      expect(meanLatencyMs).toBeCloseTo(meanOf(latencies), 9);
      for (const figure of Object.values({ ...versions?.durations, ...versions?.shadowDurations }))
        expect(figure).toBeGreaterThan(0);
    }
  });

  test('a subscription sends the comparison at once and every second', async () => {
    await setShadow(gateway, { 2: 100 });
    const events = await openSse(gateway.url, `subscription { ${COMPARISON} }`, {});
    const first = fieldOf<ComparisonView>((await events.next()).value);
    const before = first.versions[0]?.sentTasks ?? 0;
    await predicted(other, tripNumber(1));
    for await (const event of events) {
      const { versions } = fieldOf<ComparisonView>(event);
      if (versions[0]?.comparedTasks === before + 1) break;
    }
  });

  test('a shadow stores no results, jobs or dead letters', async () => {
    await setShadow(gateway, { 2: 100 });
    await using streams = await inspectStreams(line.nats);
    const before = (await streams.ended()).length;
    await predictedAll(gateway, 400, 20);
    await eventually(
      () => streams.ended(),
      (ended) => ended.length === before + 20,
    );
    for (const [stream, messages] of [
      [`JOBS_${MODEL}`, 0],
      ['DEAD', 0],
      ['SUSPECTS', 0],
    ] as const) {
      await eventually(
        () => streams.state(stream),
        (state) => state.messages === messages,
      );
    }
  });

  test('the figures continue when the same shadow is set again, and restart when it changes', async () => {
    await setShadow(gateway, { 2: 100 });
    await predicted(gateway, tripNumber(1));
    const before = await eventually(
      () => comparisonOf(gateway),
      ({ versions }) => (versions[0]?.comparedTasks ?? 0) > 0,
    );
    await setShadow(other, { 2: 100 });
    expect(await comparisonOf(other)).toMatchObject({ since: before.since });
    await setShadow(other, { 2: 99 });
    await inForce(gateway, 99);
    for (const each of [gateway, other]) {
      const after = await comparisonOf(each);
      expect(after.versions).toEqual([]);
      expect(Date.parse(after.since ?? '')).toBeGreaterThan(Date.parse(before.since ?? ''));
    }
  });

  test('a rollout that is set without a shadow ends it on every gateway', async () => {
    await setShadow(gateway, { 2: 100 });
    await inForce(other, 100);
    await using broker = await openTestBroker(line.nats, { MODELS_DIR: line.models.path });
    const sent: string[] = [];
    const first = Promise.withResolvers<void>();
    using _listening = await broker.notices.listenNow(subjects.shadowJobs(MODEL, '2'), (message) => {
      sent.push(message.json<{ taskId: string }>().taskId);
      first.resolve();
    });
    const { id } = await predicted(other, tripNumber(1));
    await first.promise;
    expect(sent).toEqual([id]);
    fieldOf(await post(gateway.url, SET_WITHOUT_SHADOW));
    await inForce(other, 0);
    sent.length = 0;
    for (const each of [gateway, other]) await predictedAll(each, 0, 5);
    expect(await comparisonOf(other)).toMatchObject({ since: null, gatewayCount: 0, versions: [] });
    expect(sent).toEqual([]);
  });

  test.each([
    ['an unknown version', { 1: 100 }, { 7: 5 }, 'shadow.version must be a version of'],
    ['more than 100', { 1: 100 }, { 2: 101 }, 'shadow.percent must be from 0 to 100'],
    [
      'the version that answers all tasks',
      { 1: 100 },
      { 1: 5 },
      'shadow must be versions other than the one',
    ],
    ['a shadow without a rollout', {}, { 2: 5 }, 'shadow must be empty where weights are'],
  ])('%s is refused', async (_what, shares, shadow, message) => {
    const variables = { weights: weightsOf(shares), shadow: weightsOf(shadow) };
    expect(refusalIn(await post(gateway.url, SET_ROLLOUT, variables)).message).toContain(message);
  });

  test('a comparison for an unknown model is refused', async () => {
    const query = '{ rolloutComparison(model: "nope") { gatewayCount } }';
    for (const operation of [query, `subscription ${query}`]) {
      const [answer] = await collect(sse(gateway.url, operation, {}));
      expect(refusalIn(answer ?? {})).toMatchObject({
        extensions: { code: 'BAD_USER_INPUT', field: 'model' },
      });
    }
  });
});

test('comparisons are for operators', async () => {
  await using nats = await startNats();
  await using gateway = await startGateway(nats, { OPERATOR_TOKEN: 'x'.repeat(16) });
  for (const operation of [`{ ${COMPARISON} }`, `subscription { ${COMPARISON} }`]) {
    const [answer] = await collect(sse(gateway.url, operation, {}));
    expect(refusalIn(answer ?? {}).extensions.code).toBe('FORBIDDEN');
  }
});

describe('a gateway, and workers of each test', () => {
  const BAD = {
    NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/badVersion.js')}`,
    BAD_VERSION: '2',
  };
  const opened = new AsyncDisposableStack();
  let nats: NatsServer;
  let gateway: Gateway;
  let streams: StreamInspector;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    // A run that never ends is not ended before its test is over.
    const models = opened.use(await twoVersions({ runTimeoutMs: 300_000 }));
    nats = opened.use(await startNats());
    env = { MODELS_DIR: models.path, WORKER_SLOTS: '1' };
    gateway = opened.use(await startGateway(nats, env));
    streams = opened.use(await inspectStreams(nats));
  });

  afterAll(() => opened.disposeAsync());

  /** Sends all tasks to the shadow version 2 too, once both versions have a worker. The figures begin anew. */
  async function beginShadow(): Promise<void> {
    await allServed(gateway);
    fieldOf(await post(gateway.url, SET_WITHOUT_SHADOW));
    await setShadow(gateway, { 2: 100 });
  }

  describe('a bad shadow on the only slot of a worker', () => {
    let worker: Process;

    beforeEach(async () => {
      worker = await startWorker(nats, { ...env, ...BAD });
      await beginShadow();
    });

    afterEach(() => worker?.[Symbol.asyncDispose]());

    const badTrip = (tripDistanceMiles: number): Trip => ({ ...tripNumber(1), tripDistanceMiles });

    test('that crashes causes no second attempt of a task, and stores nothing', async () => {
      const deadly = await predicted(gateway, badTrip(DEADLY_MILES));
      await worker.logged('no shadow jobs for a while');
      const tasks = [deadly, ...(await predictedAll(gateway, 0, 20))];
      // Its session has started again, and answers tasks for version 2.
      tasks.push(await predicted(gateway, tripNumber(1), { modelVersion: '2' }));
      for (const task of tasks) expect(task).toMatchObject({ state: 'SUCCEEDED', attempts: 1 });
      for (const stream of ['DEAD', 'SUSPECTS']) expect((await streams.state(stream)).messages).toBe(0);
      const { versions } = await comparisonOf(gateway);
      expect(versions).toMatchObject([{ failedTasks: 1 }]);
    });

    test('that never ends delays neither tasks nor the end of the worker', async () => {
      expect(await predicted(gateway, badTrip(ENDLESS_MILES))).toMatchObject({ state: 'SUCCEEDED' });
      for (const task of await predictedAll(gateway, 0, 20))
        expect(task).toMatchObject({ state: 'SUCCEEDED', attempts: 1 });
      const { versions } = await comparisonOf(gateway);
      expect(versions).toMatchObject([{ comparedTasks: 0, failedTasks: 0 }]);
      worker.kill('SIGTERM');
      expect(await worker.ended).toBe(0);
    });

    test('that refuses a row fails only for that row', async () => {
      const trips = Array.from({ length: 20 }, (_, i) => (i === 10 ? badTrip(REFUSED_MILES) : tripNumber(i)));
      await Promise.all(trips.map((trip) => predicted(gateway, trip)));
      expect(await comparisonAfter(gateway, 20)).toMatchObject({
        versions: [{ sentTasks: 20, comparedTasks: 19, failedTasks: 1 }],
      });
    });
  });

  test('a shadow without a worker harms no task', async () => {
    await using _worker = await startWorker(nats, { ...env, WORKER_MODELS: `${MODEL}/1` });
    await using shadow = await startWorker(nats, { ...env, WORKER_MODELS: `${MODEL}/2` });
    await beginShadow();
    await predicted(gateway, tripNumber(0));
    await comparisonAfter(gateway, 1);
    shadow.kill('SIGKILL');
    await shadow.ended;
    for (const task of await predictedAll(gateway, 0, 20))
      expect(task).toMatchObject({ state: 'SUCCEEDED', attempts: 1 });
    await eventually(
      () => streams.state(`JOBS_${MODEL}`),
      ({ messages }) => messages === 0,
    );
    expect(await comparisonOf(gateway)).toMatchObject({ versions: [{ comparedTasks: 1, failedTasks: 0 }] });
  });
});
