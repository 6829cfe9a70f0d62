/** Bundles in workers: each task of a bundle has its own end, whatever happens to the others and to workers. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import { withdrawnEnd } from '../../src/broker/endTask.ts';
import { partOf, type QueuedBundle } from '../../src/contract/messages/bundle.ts';
import { encodeMessage } from '../../src/contract/messages/decoder.ts';
import { commonIn, type EndsPart } from '../../src/contract/messages/ends.ts';
import { Lane, subjects } from '../../src/contract/subjects.ts';
import type { FinishedTask } from '../../src/contract/task.ts';
import { DEADLY_MILES, NAN_MILES } from '../support/badTrips.js';
import type { Trip } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import {
  addressOf,
  bundleOfJobs,
  HOME,
  type Job,
  openTestBroker,
  resultOf,
  together,
  tripJob,
} from '../support/jobs.ts';
import { startNats } from '../support/natsServer.ts';
import { openDirectModel } from '../support/predictDirectly.ts';
import { type Process, startWorker } from '../support/processes.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';

const BAD_TRIPS = { NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/badTrips.js')}` };
const QUEUE = 'JOBS_trip-duration';

describe('with a worker that serves', () => {
  const opened = new AsyncDisposableStack();
  let system: Awaited<ReturnType<typeof startSystem>>;
  let broker: Broker;
  let streams: StreamInspector;
  let worker: Process;

  beforeAll(async () => {
    system = opened.use(await startSystem());
    ({ broker, streams } = system);
    worker = opened.use(await startWorker(system.nats, { ...BAD_TRIPS, LOG_LEVEL: 'debug' }));
  });

  afterAll(() => opened.disposeAsync());

  test('the tasks of a bundle get the predictions for their own inputs, and one message of ends', async () => {
    const { messages: before } = await streams.state('ENDS');
    const jobs = await queueTogether(broker, trips(broker, 8));
    await using direct = await openDirectModel();
    for (const [i, end] of (await endsOf(streams, jobs)).entries()) {
      expect(end).toMatchObject({ id: jobs[i]?.taskId, state: 'SUCCEEDED', attempts: 1 });
      expect(end.timings?.batchSize).toBe(8);
      expect(end.prediction?.durationMinutes).toBe(await direct.predict(jobs[i]?.input as unknown as Trip));
    }
    expect((await streams.state('ENDS')).messages).toBe(before + 1);
    await leftQueue(streams);
  });

  test('of a bundle with a trip that kills its session only this one fails, and it alone is a dead letter', async () => {
    const { messages: before } = await streams.state('DEAD');
    const jobs = await queueTogether(broker, trips(broker, 8, { 3: DEADLY_MILES, 5: NAN_MILES }));
    const ends = await endsOf(streams, jobs);
    expect(ends.map(({ state, error }) => error?.code ?? state)).toEqual([
      ...['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'WORKER_CRASHED', 'SUCCEEDED', 'INVALID_OUTPUT'],
      ...['SUCCEEDED', 'SUCCEEDED'],
    ]);
    const deadly = jobs[3]?.taskId ?? '';
    expect((await streams.state('DEAD')).messages).toBe(before + 1);
    const letter = await streams.last('DEAD', `dead.trip-duration.${deadly}`);
    const kept = JSON.parse(Buffer.from(String(letter?.job), 'base64').toString());
    expect(kept).toMatchObject({ v: 1, taskId: deadly, input: { tripDistanceMiles: DEADLY_MILES } });
    await leftQueue(streams);
  });

  test('a trip of a bundle with a value that is out of range fails alone and becomes a dead letter', async () => {
    const jobs = await queueTogether(broker, trips(broker, 3, { 1: -1 }));
    const ends = await endsOf(streams, jobs);
    expect(ends.map(({ state }) => state)).toEqual(['SUCCEEDED', 'FAILED', 'SUCCEEDED']);
    expect(ends[1]?.error).toMatchObject({
      code: 'MALFORMED_JOB',
      message: expect.stringContaining('tripDistanceMiles must be a number from 0'),
    });
    expect(await streams.last('DEAD', `dead.trip-duration.${jobs[1]?.taskId}`)).toMatchObject({
      attempts: 0,
    });
    await leftQueue(streams);
  });

  test('two workers with the same bundle give each task one end', async () => {
    await using second = await startWorker(system.nats, { LOG_LEVEL: 'debug' });
    const jobs = together(trips(broker, 8));
    // Two messages with the same rows, as after a lost answer of the broker.
    for (let i = 0; i < 2; i++) await broker.storeBundle(bundleOfJobs(jobs));
    for (const end of await endsOf(streams, jobs)) expect(end.state).toBe('SUCCEEDED');
    await leftQueue(streams);
    const finished = `${worker.output()}${second.output()}`
      .split('\n')
      .filter((line) => line.includes('"msg":"task finished"'))
      .filter((line) => jobs.some(({ taskId }) => line.includes(taskId)));
    expect(finished).toHaveLength(8);
  });

  test('a job of 0.2 is run, and its result is where gateways of 0.2 look for it', async () => {
    const job = tripJob(broker, 1);
    const second = Math.ceil(job.deadline / 1000);
    const taskId = `trip_duration_${HOME}_${second}_0123456789abcdef01234567`;
    const subject = `jobs.trip-duration.1.interactive.${second}.${taskId}`;
    await streams.publish(subject, encodeMessage({ ...job, taskId }));
    const result = await eventually(
      () => streams.last('RESULTS', subjects.result(addressOf({ taskId }))).catch(() => undefined),
      (found) => found !== undefined,
    );
    expect(result).toMatchObject({ v: 1, id: taskId, state: 'SUCCEEDED', attempts: 1 });
    await leftQueue(streams);
  });
});

test('a bundle of which a worker had stored a half when it died is finished by another one', async () => {
  await using system = await startSystem();
  const { broker, streams, nats } = system;
  const jobs = together(trips(broker, 8));
  const bundle = bundleOfJobs(jobs);
  expect(await broker.storeBundle(bundle)).toEqual({ type: 'stored' });
  // A worker takes the bundle, stores the ends of half of its tasks, and is gone.
  const place = { model: 'trip-duration', version: '1', lane: Lane.Interactive };
  const consumer = broker.consumeJobs({ ...place, maxHeld: 1 });
  await consumer.arrival();
  expect(consumer.take(1)).toHaveLength(1);
  const outcome = await broker.ends.store(bundle.address, commonIn(bundle), failures(bundle, [0, 1, 2, 3]));
  expect(outcome.type).toBe('stored');
  await consumer[Symbol.asyncDispose]();

  await using _worker = await startWorker(nats);
  const ends = await endsOf(streams, jobs);
  expect(ends.map(({ state }) => state)).toEqual(jobs.map((_, i) => (i < 4 ? 'FAILED' : 'SUCCEEDED')));
  for (const { timings, attempts } of ends.slice(4)) {
    expect(timings?.batchSize).toBe(4);
    expect(attempts).toBe(2);
  }
  await leftQueue(streams);
});

test('a canceled task of a queued bundle is not run', async () => {
  await using system = await startSystem();
  const { broker, streams, nats } = system;
  const jobs = await queueTogether(broker, trips(broker, 4));
  const [canceled] = jobs;
  if (canceled === undefined) throw new Error('there are four jobs');
  const end = await withdrawnEnd(broker, canceled, broker.now());
  await broker.ends.storeTask(end, addressOf(canceled));
  // It has waited so long that it may have been canceled.
  await eventually(
    async () => broker.now() - canceled.submittedAt,
    (waitedMs) => waitedMs > 100,
  );
  await using _worker = await startWorker(nats);
  const ends = await endsOf(streams, jobs);
  expect(ends.map(({ state }) => state)).toEqual(['CANCELED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
  expect(ends[1]?.timings?.batchSize).toBe(3);
  await leftQueue(streams);
});

async function startSystem() {
  const stack = new AsyncDisposableStack();
  const nats = stack.use(await startNats());
  const broker = stack.use(await openTestBroker(nats));
  const streams = stack.use(await inspectStreams(nats));
  return { nats, broker, streams, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** @param miles of the trips with these numbers. */
function trips(broker: Broker, count: number, miles: Readonly<Record<number, number>> = {}): readonly Job[] {
  return Array.from({ length: count }, (_, i) => {
    const job = tripJob(broker, i);
    const tripDistanceMiles = miles[i] ?? 1 + i;
    return { ...job, input: { ...job.input, tripDistanceMiles } };
  });
}

async function queueTogether(broker: Broker, jobs: readonly Job[]): Promise<readonly Job[]> {
  const bundled = together(jobs);
  expect(await broker.storeBundle(bundleOfJobs(bundled))).toEqual({ type: 'stored' });
  return bundled;
}

async function endsOf(streams: StreamInspector, jobs: readonly Job[]): Promise<readonly FinishedTask[]> {
  const ends: FinishedTask[] = [];
  for (const job of jobs) {
    const end = await resultOf(streams, job);
    if (end !== undefined) ends.push(end);
  }
  return ends;
}

function failures(bundle: QueuedBundle, places: readonly number[]): EndsPart {
  const { rows, secrets = '', submittedAt, version } = partOf(bundle, places);
  return {
    ...{ rows, secrets, submittedAt, modelVersion: version },
    ...{ state: 'FAILED', finishedAt: submittedAt[0] ?? 0, attempts: 1 },
    error: { code: 'INFERENCE_FAILED', message: 'It was made for a test.' },
  };
}

async function leftQueue(streams: StreamInspector): Promise<void> {
  await eventually(
    () => streams.state(QUEUE),
    ({ messages }) => messages === 0,
  );
}
