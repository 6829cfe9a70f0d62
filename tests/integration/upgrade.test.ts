/** After an upgrade from 0.2: what it has queued and stored, its processes that still run, and the space of its streams. */
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { streamSizes } from '../../src/broker/streams.ts';
import { requestHash } from '../../src/contract/digests.ts';
import { parseTaskId, type TaskAddress } from '../../src/contract/taskId.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/log.ts';
import {
  CANCEL_TASK,
  fieldOf,
  onlyTask,
  PREDICT_TRIP,
  post,
  sse,
  submitTrip,
  TASK,
  TASK_RESULT,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import {
  type FormerJob,
  formerJob,
  formerLetter,
  formerResult,
  formerResults,
  formerRowBatch,
  formerSubject,
  MIB,
} from '../support/former.ts';
import { HOME, openTestBroker } from '../support/jobs.ts';
import { TEST_MODELS } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import { versionsOf } from '../support/rollouts.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';
import { refusalIn } from '../support/transports.ts';

const MODEL = 'trip-duration';
const JOBS = `JOBS_${MODEL}`;
const RESULT_MAX_BYTES = 64 * MIB;

function addressOf({ taskId }: FormerJob): TaskAddress {
  const address = parseTaskId(taskId);
  if (address === undefined) throw new Error('0.2 made task ids');
  return address;
}

/** The end of a task of 0.2, in the stream where a gateway of 0.2 looks for it. */
function formerEnd(streams: StreamInspector, { taskId }: Pick<FormerJob, 'taskId'>) {
  return eventually(
    () => streams.last('RESULTS', `results.${HOME}.${taskId}`),
    (found) => found !== undefined,
  );
}

describe('with what 0.2 has left in the broker', () => {
  let nats: NatsServer;
  let streams: StreamInspector;
  let gateway: Gateway;

  const store = (subject: string, message: object) => streams.publish(subject, JSON.stringify(message));

  beforeAll(async () => {
    nats = await startNats();
    streams = await inspectStreams(nats);
    await streams.add(formerResults(RESULT_MAX_BYTES));
    gateway = await startGateway(nats);
  });

  afterAll(async () => {
    for (const opened of [gateway, streams, nats]) await opened?.[Symbol.asyncDispose]();
  });

  test('a stored result can be read and subscribed to', async () => {
    const job = formerJob();
    await store(`results.${HOME}.${job.taskId}`, formerResult(job));
    const expected = { id: job.taskId, state: 'SUCCEEDED', prediction: { durationMinutes: 12.5 } };
    expect(taskIn(await post(gateway.url, TASK, { id: job.taskId }), 'task')).toMatchObject(expected);
    expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id: job.taskId }))).toMatchObject(expected);
  });

  test('a queued task is shown, and canceled where gateways of 0.2 look for its end', async () => {
    const job = formerJob();
    const id = job.taskId;
    await store(formerSubject(job), job);
    expect(taskIn(await post(gateway.url, TASK, { id }), 'task')).toMatchObject({ id, state: 'QUEUED' });
    expect(taskIn(await post(gateway.url, CANCEL_TASK, { id }), 'cancelTask').state).toBe('CANCELED');
    expect(await formerEnd(streams, job)).toMatchObject({ v: 1, id, state: 'CANCELED' });
    expect(await streams.last(JOBS, formerSubject(job))).toBeUndefined();
  });

  test('a queued task that nobody runs expires', async () => {
    const job = formerJob(500);
    await store(formerSubject(job), job);
    expect(await formerEnd(streams, job)).toMatchObject({ v: 1, id: job.taskId, state: 'EXPIRED' });
  });

  describe('a request that was made with a requestId', () => {
    /** Stores the record of a request as 0.2 did. */
    async function record(requestId: string): Promise<ReturnType<typeof formerJob>> {
      const hashOf = (id: string) => `requests.${requestHash('anonymous', MODEL, id)}`;
      // Of the same question, whose digest has not changed since 0.2.
      await submitTrip(gateway.url, tripNumber(1), { requestId: `like ${requestId}` });
      const { inputDigest } = (await streams.last('REQUESTS', hashOf(`like ${requestId}`))) ?? {};
      const job = formerJob();
      await store(hashOf(requestId), { v: 1, inputDigest, job });
      return job;
    }

    test('is the same task', async () => {
      const job = await record('ended');
      await store(`results.${HOME}.${job.taskId}`, formerResult(job));
      const task = await submitTrip(gateway.url, tripNumber(1), { requestId: 'ended' });
      expect(task).toMatchObject({ id: job.taskId, state: 'SUCCEEDED' });
    });

    test('is queued under its first id if its gateway died before it stored the job', async () => {
      const job = await record('never queued');
      const task = await submitTrip(gateway.url, tripNumber(1), { requestId: 'never queued' });
      expect(task).toMatchObject({ id: job.taskId, state: 'QUEUED' });
      expect(await streams.last(JOBS, formerSubject(job))).toEqual(job);
    });
  });

  test('a new worker runs queued tasks of every kind, a gateway of 0.2 hears of their ends, and a dead letter is redriven as a new task', async () => {
    const connection = await connect({ servers: nats.url });
    await using _closing = { [Symbol.asyncDispose]: () => connection.close() };
    const heard: string[] = [];
    connection.subscribe(`final.${HOME}.*`, {
      callback: (_problem, { subject }) => {
        heard.push(subject);
      },
    });
    await connection.flush();
    const [job, bulk, batch] = [formerJob(), { ...formerJob(), lane: 'bulk' }, formerRowBatch()];
    await store(formerSubject(job), job);
    await store(formerSubject(bulk, 'bulk'), bulk);
    for (const [subject, message] of Object.entries(batch.messages)) await store(subject, message);
    const dead = formerJob();
    await store(`dead.${MODEL}.${dead.taskId}`, formerLetter(dead));

    await using _worker = await startWorker(nats);
    for (const { taskId } of [job, bulk]) {
      const end = { v: 1, id: taskId, state: 'SUCCEEDED', modelVersion: '1', attempts: 1 };
      expect(await formerEnd(streams, { taskId })).toMatchObject(end);
      expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id: taskId }))).toMatchObject({
        id: taskId,
        prediction: { durationMinutes: expect.any(Number) },
      });
    }
    expect(await formerEnd(streams, { taskId: batch.id })).toMatchObject({
      state: 'SUCCEEDED',
      batch: { rowCount: 3, rowsDone: 3, rowsFailed: 0 },
    });
    const subjects = [job.taskId, bulk.taskId, batch.id].map((id) => `final.${HOME}.${id}`);
    await eventually(
      async () => heard,
      (all) => subjects.every((subject) => all.includes(subject)),
    );
    await eventually(
      () => streams.state(JOBS),
      ({ messages }) => messages === 0,
    );

    const answer = await post(
      gateway.url,
      'mutation ($id: ID!) { redriveDeadLetter(id: $id) { id history } }',
      { id: dead.taskId },
    );
    const redriven = fieldOf<{ readonly id: string; readonly history: readonly string[] }>(answer);
    expect(redriven.history).toEqual([dead.taskId]);
    expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id: redriven.id }))).toMatchObject({
      state: 'SUCCEEDED',
    });
  });
});

test('while a worker of 0.2 lives no task is accepted, and clients and the log are told that it must be upgraded', async () => {
  await using nats = await startNats();
  await using gateway = await startGateway(nats);
  const connection = await connect({ servers: nats.url });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => connection.close());
  const presence = {
    id: 'worker-of-0.2',
    startedAt: Date.now(),
    models: [{ model: MODEL, version: '1', executionProvider: 'cpu' }],
  };
  const announce = () => connection.publish('workers.presence', JSON.stringify(presence));
  const timer = setInterval(announce, 1_000);
  stack.defer(() => clearInterval(timer));
  announce();
  const [version] = await eventually(
    () => versionsOf(gateway),
    ([seen]) => seen?.state === 'REFUSED',
  );
  const why = 'worker-of-0.2 of an older Tidings cannot read the jobs of this gateway: upgrade it';
  expect(version).toMatchObject({ liveWorkers: 0, reason: `the worker ${why}` });
  const pinned = await post(gateway.url, PREDICT_TRIP, {
    input: tripNumber(1),
    options: { modelVersion: '1' },
  });
  expect(refusalIn(pinned).message).toContain(why);
  await gateway.logged('a worker of an older Tidings cannot read the jobs of this gateway: upgrade it');

  const refusal = refusalIn(await post(gateway.url, PREDICT_TRIP, { input: tripNumber(1) }));
  expect(refusal).toMatchObject({
    message: expect.stringContaining(why),
    extensions: { code: 'NO_VERSION', retryAfterMs: 5_000 },
  });

  clearInterval(timer);
  connection.publish('workers.left', JSON.stringify({ id: presence.id }));
  await using _worker = await startWorker(nats);
  const { id } = await eventually(
    () => submitTrip(gateway.url, tripNumber(1)).catch(() => undefined),
    (task) => task !== undefined,
  ).then((task) => task ?? { id: '' });
  expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
  expect(await versionsOf(gateway)).toMatchObject([{ state: 'SERVED', liveWorkers: 1 }]);
});

describe('the space of the streams', () => {
  const env = { RESULT_MAX_BYTES: String(RESULT_MAX_BYTES) };

  /** A broker that has just enough space for the streams, where 0.2 has stored results of some size. */
  async function startFormerBroker(resultBytes: number) {
    await using stack = new AsyncDisposableStack();
    const config = readConfig({ ...env, MODELS_DIR: TEST_MODELS });
    const log = createLog({ ...config, logLevel: 'silent' }, 'test');
    using catalog = await Catalog.open(config.modelsDir, log);
    const sizes = [...streamSizes(catalog.models, config).values()];
    const needed = sizes.reduce((sum, size) => sum + size, 0);
    const nats = stack.use(await startNats({ maxFileStore: String(needed + MIB / 2) }));
    const streams = stack.use(await inspectStreams(nats));
    await streams.add(formerResults(RESULT_MAX_BYTES));
    for (let i = 0; i < resultBytes / (MIB / 2); i++)
      await streams.publish(`results.${HOME}.${i}`, 'x'.repeat(MIB / 2));
    const opened = stack.move();
    return { nats, streams, [Symbol.asyncDispose]: () => opened.disposeAsync() };
  }

  test.each([0, 8, 40])(
    'of a broker that was just large enough for 0.2 is enough, with %i MiB of results in it',
    async (mib) => {
      await using former = await startFormerBroker(mib * MIB);
      const { bytes, messages } = await former.streams.state('RESULTS');
      await using _broker = await openTestBroker(former.nats, env);
      expect(await former.streams.state('RESULTS')).toMatchObject({ bytes, messages });
      const [ends, results] = await Promise.all(
        ['ENDS', 'RESULTS'].map((name) => former.streams.maxBytes(name)),
      );
      expect(results).toBe(bytes + RESULT_MAX_BYTES / 16);
      expect(ends).toBe(RESULT_MAX_BYTES - (results ?? 0));
    },
  );

  test('goes back to the ends when the results of 0.2 have expired', async () => {
    await using former = await startFormerBroker(8 * MIB);
    await using _broker = await openTestBroker(former.nats, env);
    await former.streams.purge('RESULTS', 'results.*.*');
    await eventually(
      () => former.streams.maxBytes('ENDS'),
      (bytes) => bytes === (RESULT_MAX_BYTES / 16) * 15,
    );
    expect(await former.streams.maxBytes('RESULTS')).toBe(RESULT_MAX_BYTES / 16);
  });

  test('grows for the end of a task of 0.2 when the stream of results is full', async () => {
    await using nats = await startNats();
    await using streams = await inspectStreams(nats);
    await streams.add(formerResults(RESULT_MAX_BYTES));
    await using broker = await openTestBroker(nats, env);
    for (let i = 0; i < 8; i++) await streams.publish(`results.${HOME}.${i}`, 'x'.repeat(MIB / 2));
    const job = formerJob();
    const { v: _, ...end } = formerResult(job);
    const store = () => broker.ends.storeTask({ ...end, state: 'SUCCEEDED' }, addressOf(job));
    // A worker tries again.
    const stored = await eventually(store, (outcome) => !('type' in outcome));
    expect(stored).toMatchObject({ id: job.taskId, prediction: end.prediction });
    expect(await broker.ends.readTask(addressOf(job))).toMatchObject({ id: job.taskId });
  });

  test('is not taken where 0.2 never ran, until a task of 0.2 has to end', async () => {
    await using nats = await startNats();
    await using streams = await inspectStreams(nats);
    await using broker = await openTestBroker(nats, env);
    await expect(streams.state('RESULTS')).rejects.toThrow('stream not found');
    expect(await streams.maxBytes('ENDS')).toBe(RESULT_MAX_BYTES);
    const job = formerJob();
    const { v: _, ...end } = formerResult(job);
    const ends = [1, 2].map((minutes) => ({ ...end, prediction: { durationMinutes: minutes } }));
    const outcomes = await Promise.all(
      ends.map((each) =>
        eventually(
          () => broker.ends.storeTask({ ...each, state: 'SUCCEEDED' }, addressOf(job)),
          (outcome) => !('type' in outcome),
        ),
      ),
    );
    // Written once: both writers are told the same end.
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(await streams.last('RESULTS', `results.${HOME}.${job.taskId}`)).toMatchObject({
      v: 1,
      id: job.taskId,
    });
  });
});
