/** Rollouts for operators and clients: shares, affinity keys, pins, and rollback with the queued tasks. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import { addressIn } from '../../src/contract/messages/bundle.ts';
import { BUCKETS } from '../../src/contract/rollout.ts';
import { subjects } from '../../src/contract/subjects.ts';
import type { TaskAddress } from '../../src/contract/taskId.ts';
import { QueueMove } from '../../src/rollout/queueMove.ts';
import {
  CANCEL_TASK,
  onlyTask,
  PREDICT_TRIP,
  post,
  sse,
  submitTrip,
  TASK,
  TASK_RESULT,
  TASK_UPDATES,
  type TaskView,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { openTestBroker, queueJobs, storeBundles, tripBundle, tripJob } from '../support/jobs.ts';
import { addConstantVersion, type ModelsFolder, modelsWith } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import {
  allServed,
  inForce,
  MINUTES,
  rolloutOf,
  SET_ROLLOUT,
  setRollout,
  startTwoVersions,
  twoVersions,
  versionsOf,
  weightsOf,
} from '../support/rollouts.ts';
import type { SmallSystem } from '../support/smallSystem.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';
import { refusalIn, transports } from '../support/transports.ts';

const MODEL = 'trip-duration';
const JOBS = `JOBS_${MODEL}`;

async function resultOf({ url }: Gateway, { id }: { readonly id: string }): Promise<TaskView> {
  return onlyTask(sse(url, TASK_RESULT, { id }));
}

describe('two versions, two gateways and a worker', () => {
  let system: SmallSystem;
  let gateway: Gateway;
  let other: Gateway;

  beforeAll(async () => {
    system = await startTwoVersions();
    ({ gateway, otherGateway: other } = system);
  });

  beforeEach(async () => {
    await setRollout(gateway, {});
    await inForce(other, null, null);
  });

  afterAll(() => system?.[Symbol.asyncDispose]());

  test('the newest version answers until a rollout is set, and again after it has ended', async () => {
    const before = await resultOf(gateway, await submitTrip(gateway.url, tripNumber(1)));
    expect(before).toMatchObject({ modelVersion: '2', prediction: { durationMinutes: MINUTES } });
    await setRollout(gateway, { 1: 100 });
    await inForce(other, 100, 0);
    for (const each of [gateway, other]) {
      const task = await resultOf(each, await submitTrip(each.url, tripNumber(1)));
      expect(task.modelVersion).toBe('1');
      expect(task.prediction?.durationMinutes).not.toBe(MINUTES);
    }
    await setRollout(other, {});
    await inForce(gateway, null, null);
    expect(await submitTrip(gateway.url, tripNumber(1))).toMatchObject({ modelVersion: '2' });
  });

  test('an affinity key has the same version on every gateway, and changes it only if the weights require it', async () => {
    const keys = Array.from({ length: 60 }, (_, i) => `user-${i}`);
    const versionsFor = async ({ url }: Gateway) =>
      Promise.all(
        keys.map(async (affinityKey) => (await submitTrip(url, tripNumber(2), { affinityKey })).modelVersion),
      );
    await setRollout(gateway, { 1: 70, 2: 30 });
    await inForce(other, 70, 30);
    const before = await versionsFor(gateway);
    expect(await versionsFor(other)).toEqual(before);
    expect(new Set(before)).toEqual(new Set(['1', '2']));
    await setRollout(other, { 1: 40, 2: 60 });
    await inForce(gateway, 40, 60);
    const after = await versionsFor(gateway);
    expect(await versionsFor(other)).toEqual(after);
    expect(after.filter((version, i) => before[i] === '2' && version !== '2')).toEqual([]);
  });

  test('a pinned version is used in spite of the rollout', async () => {
    await setRollout(gateway, { 2: 100 });
    const task = await submitTrip(gateway.url, tripNumber(3), { modelVersion: '1' });
    expect(await resultOf(other, task)).toMatchObject({ modelVersion: '1', state: 'SUCCEEDED' });
  });

  test('configured and observed shares are shown', async () => {
    await setRollout(gateway, { 1: 25, 2: 75 });
    for (const modelVersion of ['1', '2']) await submitTrip(gateway.url, tripNumber(4), { modelVersion });
    const versions = await eventually(
      () => versionsOf(gateway),
      (seen) => seen.every(({ observedPercent }) => observedPercent !== null),
    );
    expect(versions).toMatchObject([
      { version: '1', state: 'SERVED', reason: null, weightPercent: 25, liveWorkers: 1 },
      {
        version: '2',
        state: 'SERVED',
        weightPercent: 75,
        liveWorkers: 1,
        trainedOn: ['nothing'],
        metrics: [],
      },
    ]);
    const sum = versions.reduce((percent, { observedPercent }) => percent + (observedPercent ?? 0), 0);
    expect(sum).toBeCloseTo(100);
  });

  test.each([
    ['an unknown model', { model: 'nope' }, {}, 'model must be the name of a model'],
    ['an unknown version', {}, { 1: 50, 7: 50 }, 'weights.version must be a version of'],
    ['less than 100', {}, { 1: 50, 2: 49.99 }, 'weights must be percents that sum to 100'],
    ['more than 100', {}, { 1: 50, 2: 50.01 }, 'weights must be percents that sum to 100'],
    ['a negative percent', {}, { 1: -1, 2: 101 }, 'weights.percent must be from 0 to 100'],
    ['a percent that is too fine', {}, { 1: 33.333, 2: 66.667 }, 'with 2 decimals at most'],
  ])('%s is refused', async (_what, variables, shares, message) => {
    const answer = await post(gateway.url, SET_ROLLOUT, { weights: weightsOf(shares), ...variables });
    const { extensions, ...error } = refusalIn(answer);
    expect(error.message).toContain(message);
    expect(extensions.code).toBe('BAD_USER_INPUT');
  });

  test('a version that is named twice is refused', async () => {
    const weights = [...weightsOf({ 1: 50 }), ...weightsOf({ 1: 50 })];
    expect(refusalIn(await post(gateway.url, SET_ROLLOUT, { weights })).message).toContain('named once');
  });

  test('rollouts that are set at the same time leave one that was not refused, on every gateway', async () => {
    const percents = Array.from({ length: 10 }, (_, i) => 10 + i);
    const answers = await Promise.all(
      percents.map((percent, i) => {
        const weights = weightsOf({ 1: percent, 2: 100 - percent });
        return post((i % 2 === 0 ? gateway : other).url, SET_ROLLOUT, { weights });
      }),
    );
    const refusals = answers.filter(({ errors }) => errors !== undefined).map(refusalIn);
    expect(new Set([...refusals.map(({ extensions }) => extensions.code), 'ROLLOUT_CONFLICT']).size).toBe(1);
    const set = percents.filter((_, i) => answers[i]?.errors === undefined);
    const [last] = await eventually(
      () => versionsOf(gateway),
      ([version]) => set.some((percent) => percent === version?.weightPercent),
    );
    await inForce(other, last?.weightPercent ?? null, 100 - (last?.weightPercent ?? 0));
  });
});

test('a rollout survives a restart of the broker and of every gateway', async () => {
  await using models = await twoVersions();
  await using nats = await startNats();
  const env = { MODELS_DIR: models.path };
  await using _worker = await startWorker(nats, env);
  await using first = await startGateway(nats, env);
  await allServed(first);
  await setRollout(first, { 1: 100 });
  await nats.kill();
  expect(await versionsOf(first)).toMatchObject([{ weightPercent: 100 }, { weightPercent: 0 }]);
  await nats.restart();
  first.kill('SIGKILL');
  await using second = await startGateway(nats, env);
  expect(await versionsOf(second)).toMatchObject([{ weightPercent: 100 }, { weightPercent: 0 }]);
  expect(await submitTrip(second.url, tripNumber(1))).toMatchObject({ modelVersion: '1' });
});

test('a retry returns the first task, also after its pinned version was removed', async () => {
  await using models = await twoVersions();
  await using nats = await startNats();
  await using gateway = await startGateway(nats, { MODELS_DIR: models.path });
  const options = { requestId: 'once', modelVersion: '2' };
  const task = await submitTrip(gateway.url, tripNumber(1), options);
  await rm(join(models.model, '2'), { recursive: true });
  await eventually(
    () => versionsOf(gateway),
    (versions) => versions.length === 1,
  );
  expect(await submitTrip(gateway.url, tripNumber(1), options)).toEqual(task);
  const other = { input: tripNumber(1), options: { ...options, requestId: 'another' } };
  expect(refusalIn(await post(gateway.url, PREDICT_TRIP, other)).message).toContain('that can be had (1)');
});

test('a removed version keeps its share, and a new version in its folder gets it only after a new rollout', async () => {
  await using models = await twoVersions();
  await using nats = await startNats();
  const env = { MODELS_DIR: models.path };
  await using gateway = await startGateway(nats, env);
  await using _worker = await startWorker(nats, env);
  const bothServed = () =>
    eventually(
      () => versionsOf(gateway),
      (versions) => versions.filter(({ state }) => state === 'SERVED').length === 2,
    );
  const answering = async () => {
    const tasks = Array.from({ length: 40 }, (_, i) => submitTrip(gateway.url, tripNumber(i)));
    return [...new Set((await Promise.all(tasks)).map(({ modelVersion }) => modelVersion))].toSorted();
  };
  await bothServed();
  await setRollout(gateway, { 1: 50, 2: 50 });
  expect(await rolloutOf(gateway)).toMatchObject([{ isThere: true }, { isThere: true }]);

  await rm(join(models.model, '2'), { recursive: true });
  const isGone = [
    { version: '1', percent: 50, isThere: true },
    { version: '2', percent: 50, isThere: false },
  ];
  await eventually(
    () => rolloutOf(gateway),
    ([, two]) => two?.isThere === false,
  );
  await setRollout(gateway, { 1: 50, 2: 50 });
  expect(await rolloutOf(gateway)).toEqual(isGone);
  const grown = await post(gateway.url, SET_ROLLOUT, { weights: weightsOf({ 1: 40, 2: 60 }) });
  expect(refusalIn(grown).message).toContain('weights.version must be a version of trip-duration (1)');

  await addConstantVersion(models, '2', MINUTES + 1);
  await bothServed();
  expect(await answering()).toEqual(['1']);
  expect(await versionsOf(gateway)).toMatchObject([{ weightPercent: 50 }, { weightPercent: 0 }]);
  expect(await rolloutOf(gateway)).toEqual(isGone);
  await setRollout(gateway, { 1: 50, 2: 50 });
  expect(await answering()).toEqual(['1', '2']);
});

describe('where the only worker serves the old version', () => {
  /** A gateway that knows two versions, and a worker that serves the old one only. */
  async function openRollback() {
    await using stack = new AsyncDisposableStack();
    const models = stack.use(await twoVersions());
    const old = stack.use(await modelsWith());
    const nats = stack.use(await startNats());
    const start = () => startGateway(nats, { MODELS_DIR: models.path });
    const [gateway, worker] = await Promise.all([start(), startWorker(nats, { MODELS_DIR: old.path })]);
    stack.use(gateway);
    stack.use(worker);
    const broker = stack.use(await openTestBroker(nats, { MODELS_DIR: models.path }));
    const streams = stack.use(await inspectStreams(nats));
    await eventually(
      () => versionsOf(gateway),
      ([version]) => version?.state === 'SERVED',
    );
    const kept = stack.move();
    return { nats, gateway, start, broker, streams, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  }

  let rollback: Awaited<ReturnType<typeof openRollback>>;

  beforeAll(async () => {
    rollback = await openRollback();
  });

  afterEach(async () => {
    await rollback.streams.purge(JOBS, subjects.queue(MODEL));
    await setRollout(rollback.gateway, {});
  });

  afterAll(() => rollback?.[Symbol.asyncDispose]());

  /** Queues tasks for version 2, in many buckets. @returns their addresses. */
  async function queueForNew(bundleCount: number, rowsEach = 1): Promise<readonly TaskAddress[]> {
    const { broker } = rollback;
    const bundles = Array.from({ length: bundleCount }, (_, i) => ({
      ...tripBundle(
        broker,
        Array.from({ length: rowsEach }, (_, row) => (i * 7 + row * 1_000) % BUCKETS),
      ),
      version: '2',
    }));
    await storeBundles(broker, bundles);
    return bundles.flatMap((bundle) => bundle.rows.map((_, i) => addressIn(bundle, i)));
  }

  /** Expects that every task has the old version's answer, and that only `left` messages are in the queue. */
  async function expectAnswered(tasks: readonly TaskAddress[], left: number): Promise<void> {
    const { broker, streams } = rollback;
    await eventually(
      () => streams.state(JOBS),
      ({ messages }) => messages === left,
    );
    for (const address of tasks)
      expect(await broker.ends.readTask(address)).toMatchObject({ state: 'SUCCEEDED', modelVersion: '1' });
  }

  test('a share for a version that no live worker serves is refused', async () => {
    const { gateway } = rollback;
    const answer = await post(gateway.url, SET_ROLLOUT, { weights: weightsOf({ 1: 90, 2: 10 }) });
    expect(refusalIn(answer)).toMatchObject({
      message: expect.stringContaining(
        '10 % for version 2, which none serves: a worker may still fetch or load it',
      ),
      extensions: { code: 'BAD_USER_INPUT', field: 'weights' },
    });
    expect(await setRollout(gateway, { 1: 100, 2: 0 })).toMatchObject({ movedTasks: 0 });
  });

  test('a rollback with moveQueued gives 400 queued tasks to the other version, except those that pin their version', async () => {
    const { gateway } = rollback;
    const pinned = await submitTrip(gateway.url, tripNumber(1), { modelVersion: '2' });
    const tasks = await queueForNew(50, 8);
    expect(await setRollout(gateway, { 1: 100 }, true)).toMatchObject({
      movedTasks: 400,
      heldTasks: 0,
      stoppedBy: null,
    });
    await expectAnswered(tasks, 1);
    expect(taskIn(await post(gateway.url, TASK, { id: pinned.id }), 'task').state).toBe('QUEUED');
    expect(await setRollout(gateway, { 1: 100 }, true)).toMatchObject({ movedTasks: 0, stoppedBy: null });
  });

  test('a rollback with moveQueued counts tasks that a worker of the old version already holds separately', async () => {
    const { gateway, streams, broker } = rollback;
    // A worker that has taken as many jobs as its credit allows, and hangs.
    await using _hanging = broker.consumeJobs({
      model: MODEL,
      version: '2',
      lane: 'interactive',
      maxHeld: 60,
    });
    const tasks = await queueForNew(200);
    await eventually(
      () => streams.consumer(JOBS, 'v2_interactive'),
      ({ num_ack_pending }) => num_ack_pending === 60,
    );
    expect(await setRollout(gateway, { 1: 100 }, true)).toMatchObject({ movedTasks: 140, heldTasks: 60 });
    await expectAnswered(tasks, 0);
  });

  test('a rollback with moveQueued can be completed on another gateway when the first one is killed during the move', async () => {
    const { gateway: second, streams, start } = rollback;
    await using gateway = await start();
    await eventually(
      () => versionsOf(gateway),
      ([version]) => version?.state === 'SERVED',
    );
    const tasks = await queueForNew(2_000);
    const moving = setRollout(gateway, { 1: 100 }, true).catch(() => {});
    await eventually(
      () => streams.consumer(JOBS, 'v2_interactive'),
      ({ num_pending }) => num_pending < 1_900,
    );
    gateway.kill('SIGKILL');
    await moving;
    expect((await streams.consumer(JOBS, 'v2_interactive')).num_pending).toBeGreaterThan(0);
    await eventually(
      () => versionsOf(second),
      ([version]) => version?.state === 'SERVED',
    );
    expect(await setRollout(second, { 1: 100 }, true)).toMatchObject({ stoppedBy: null });
    await expectAnswered(tasks, 0);
  });

  test('a rollback with moveQueued loses no task if the queue is full, and returns QUEUE_FULL', async () => {
    const { gateway, streams, broker } = rollback;
    await streams.limit(JOBS, 50);
    const pinned = Array.from({ length: 50 }, (_, i) => ({ ...tripJob(broker, i, 120_000), version: '2' }));
    const [first, ...others] = pinned;
    await queueJobs(broker, [{ ...(first ?? tripJob(broker, 0)), bucket: 1 }, ...others]);
    expect(await setRollout(gateway, { 1: 100 }, true)).toMatchObject({
      movedTasks: 0,
      stoppedBy: 'QUEUE_FULL',
    });
    expect((await streams.state(JOBS)).messages).toBe(50);
    await streams.limit(JOBS, 100_000);
  });
});

describe('a task with a second copy under another version, as during a move', () => {
  let models: ModelsFolder;
  let nats: NatsServer;
  let gateway: Gateway;
  let broker: Broker;
  let streams: StreamInspector;

  beforeAll(async () => {
    [models, nats] = await Promise.all([twoVersions(), startNats()]);
    const env = { MODELS_DIR: models.path };
    [gateway, broker, streams] = await Promise.all([
      startGateway(nats, env),
      openTestBroker(nats, env),
      inspectStreams(nats),
    ]);
  });

  afterAll(async () => {
    for (const opened of [streams, broker, gateway, nats, models]) await opened?.[Symbol.asyncDispose]();
  });

  test('is shown and canceled as one task', async () => {
    const job = { ...tripJob(broker, 1), version: '2', bucket: 1 };
    await queueJobs(broker, [job, { ...job, version: '1' }]);
    const id = job.taskId;
    expect(taskIn(await post(gateway.url, TASK, { id }), 'task')).toMatchObject({
      state: 'QUEUED',
      modelVersion: '1',
    });
    expect(taskIn(await post(gateway.url, CANCEL_TASK, { id }), 'cancelTask').state).toBe('CANCELED');
    expect((await streams.state(JOBS)).messages).toBe(0);
  });

  test('is shown and canceled with its new version by the gateway that accepted it', async () => {
    const { id, modelVersion } = await submitTrip(gateway.url, tripNumber(1));
    expect(modelVersion).toBe('2');
    const updates = sse(gateway.url, TASK_UPDATES, { id });
    expect(taskIn((await updates.next()).value ?? {}, 'taskUpdates').modelVersion).toBe('2');
    const move = new QueueMove({ broker, model: MODEL, stays: new Set(['1']), versionAt: () => '1' });
    await move.run();
    expect(move.moved).toBe(1);
    expect(taskIn((await updates.next()).value ?? {}, 'taskUpdates')).toMatchObject({
      state: 'QUEUED',
      modelVersion: '1',
    });
    expect(taskIn(await post(gateway.url, CANCEL_TASK, { id }), 'cancelTask')).toMatchObject({
      state: 'CANCELED',
      modelVersion: '1',
    });
    await updates.return(undefined);
  });

  test('expires as one task, watched or not', async () => {
    const before = (await streams.state('ENDS')).messages;
    const jobs = [1, 2].map((i) => ({ ...tripJob(broker, i, 1_000), version: '2', bucket: 1 }));
    await queueJobs(broker, [...jobs, ...jobs.map((job) => ({ ...job, version: '1' }))]);
    expect(await resultOf(gateway, { id: jobs[0]?.taskId ?? '' })).toMatchObject({ state: 'EXPIRED' });
    await eventually(
      () => streams.state(JOBS),
      ({ messages }) => messages === 0,
    );
    expect((await streams.state('ENDS')).messages - before).toBe(2);
  });

  test('can run twice, but has one result', async () => {
    const before = (await streams.state('ENDS')).messages;
    const job = { ...tripJob(broker, 1), version: '2', bucket: 1 };
    await queueJobs(broker, [job, { ...job, version: '1' }]);
    await using _worker = await startWorker(nats, { MODELS_DIR: models.path });
    expect(await resultOf(gateway, { id: job.taskId })).toMatchObject({ state: 'SUCCEEDED' });
    await eventually(
      () => streams.state(JOBS),
      ({ messages }) => messages === 0,
    );
    expect((await streams.state('ENDS')).messages - before).toBe(1);
  });
});

test('setRollout is for operators, over every transport', async () => {
  await using nats = await startNats();
  await using gateway = await startGateway(nats, { OPERATOR_TOKEN: 'open-sesame-0123456789' });
  for (const { name, ask } of transports) {
    const answer = await ask(gateway.url, SET_ROLLOUT, { weights: weightsOf({ 1: 100 }) });
    expect(refusalIn(answer).extensions.code, name).toBe('FORBIDDEN');
  }
});
