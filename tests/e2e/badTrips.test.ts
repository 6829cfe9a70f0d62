/** A bad row fails alone: inputs that kill, block or fail the session that runs them. */
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEADLY_MILES, ENDLESS_MILES, NAN_MILES, REFUSED_MILES } from '../support/badTrips.js';
import { eventually, PATIENCE_MS, within } from '../support/eventually.ts';
import { type Job, openTestBroker, queueJobs, resultOf, tripJob } from '../support/jobs.ts';
import { modelsWith } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Process, startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';

const BAD_TRIPS = { NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/badTrips.js')}` };
const NEVER_DONE = {
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/slowRuns.js')}`,
  RUN_MS: '600000',
};
const SESSION_DIED = /"msg":"session process died"/g;

/** Counts the messages with which workers renew their leases at the broker. */
async function watchRenewals({ url }: { readonly url: string }) {
  const connection = await connect({ servers: url });
  const subscription = connection.subscribe('$JS.ACK.JOBS_trip-duration.v1_interactive.>');
  await connection.flush();
  return {
    async seen(count: number): Promise<void> {
      let left = count;
      const enough = async () => {
        for await (const message of subscription) if (message.string() === '+WPI' && --left === 0) return;
      };
      await within(
        PATIENCE_MS,
        enough(),
        () => `${count} renewals of leases were expected, ${left} did not come`,
      );
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

function withMiles(job: Job, tripDistanceMiles: number): Job {
  return { ...job, input: { ...job.input, tripDistanceMiles } };
}

/** The broker and the worker of the tests that send bad trips to a worker with the defaults. */
let shared: NatsServer;
let worker: Process;

beforeAll(async () => {
  shared = await startNats();
  worker = await startWorker(shared, BAD_TRIPS);
});

afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await shared?.[Symbol.asyncDispose]();
});

test('3 of 600 jobs that kill their session fail after 3 runs alone and become dead letters; the others succeed', async () => {
  await using broker = await openTestBroker(shared);
  await using streams = await inspectStreams(shared);
  const { messages: deadBefore } = await streams.state('DEAD');
  const before = worker.output().length;
  const jobs = Array.from({ length: 597 }, (_, i) => tripJob(broker, i));
  const deadly = [597, 598, 599].map((i) => withMiles(tripJob(broker, i), DEADLY_MILES));
  // The first one is alone in its batch, the other two are in one batch or in two.
  await queueJobs(broker, [
    ...jobs.slice(0, 5),
    ...deadly.slice(0, 1),
    ...jobs.slice(5, 499),
    ...deadly.slice(1),
    ...jobs.slice(499),
  ]);
  for (const job of jobs) expect(await resultOf(streams, job)).toMatchObject({ state: 'SUCCEEDED' });
  for (const job of deadly) {
    expect(await resultOf(streams, job)).toMatchObject({
      state: 'FAILED',
      error: { code: 'WORKER_CRASHED' },
      timings: { batchSize: 1 },
    });
    expect(await streams.last('DEAD', `dead.trip-duration.${job.taskId}`)).toMatchObject({ attempts: 4 });
  }
  expect((await streams.state('DEAD')).messages).toBe(deadBefore + 3);
  // At most three batches had deadly jobs. Each of the three then ran alone three times.
  expect(worker.output().slice(before).match(SESSION_DIED)?.length).toBeLessThanOrEqual(3 + 3 * 3);
});

test('a single job that kills its session gets as many runs alone as one of a batch', async () => {
  await using broker = await openTestBroker(shared);
  await using streams = await inspectStreams(shared);
  const before = worker.output().length;
  const job = withMiles(tripJob(broker, 1), DEADLY_MILES);
  await queueJobs(broker, [job]);
  expect(await resultOf(streams, job)).toMatchObject({
    state: 'FAILED',
    attempts: 3,
    error: { code: 'WORKER_CRASHED' },
  });
  expect(worker.output().slice(before).match(SESSION_DIED)).toHaveLength(3);
});

test('a row that the run refuses, or whose output is not a number, fails alone', async () => {
  await using broker = await openTestBroker(shared);
  await using streams = await inspectStreams(shared);
  const { messages: deadBefore } = await streams.state('DEAD');
  const before = worker.output().length;
  const refused = withMiles(tripJob(broker, 1), REFUSED_MILES);
  const nan = withMiles(tripJob(broker, 2), NAN_MILES);
  const jobs = Array.from({ length: 200 }, (_, i) => tripJob(broker, i));
  await queueJobs(broker, [...jobs.slice(0, 50), refused, nan, ...jobs.slice(50)]);
  expect(await resultOf(streams, refused)).toMatchObject({
    state: 'FAILED',
    error: { code: 'INFERENCE_FAILED' },
  });
  expect(await resultOf(streams, nan)).toMatchObject({
    state: 'FAILED',
    error: { code: 'INVALID_OUTPUT', message: 'durationMinutes must be a finite number, got NaN' },
  });
  for (const job of jobs) expect(await resultOf(streams, job)).toMatchObject({ state: 'SUCCEEDED' });
  expect(worker.output().slice(before)).not.toMatch(SESSION_DIED);
  expect((await streams.state('DEAD')).messages).toBe(deadBefore);
});

// The tests run at the same time, since they mostly wait for processes to start and for leases to end.
test.concurrent("a worker that takes over a job continues the count of the job's runs alone", async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  await using streams = await inspectStreams(nats);
  const job = withMiles(tripJob(broker, 1), DEADLY_MILES);
  const outputs: string[] = [];
  await queueJobs(broker, [job]);
  // The first worker is killed as soon as the mark of the second run alone is there.
  await using first = await startWorker(nats, BAD_TRIPS);
  await eventually(
    () => streams.last('SUSPECTS', `suspects.${job.taskId}`),
    (mark) => mark?.soloRuns === 2,
  );
  first.kill('SIGKILL');
  await first.ended;
  outputs.push(first.output());
  await using second = await startWorker(nats, BAD_TRIPS);
  expect(await resultOf(streams, job)).toMatchObject({ state: 'FAILED', error: { code: 'WORKER_CRASHED' } });
  // Its mark goes with it: the stream holds those of unfinished tasks.
  await eventually(
    () => streams.state('SUSPECTS'),
    ({ messages }) => messages === 0,
  );
  outputs.push(second.output());
  const deaths = outputs.join('').match(SESSION_DIED) ?? [];
  expect(deaths.length).toBeLessThanOrEqual(3);
});

test.concurrent('a job whose run outlasts its lease stays with its worker', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  await using streams = await inspectStreams(nats);
  await using worker = await startWorker(nats);
  await worker.logged('session ready');
  const session = Number(/"pid":(\d+),"msg":"session ready"/.exec(worker.output())?.[1]);
  process.kill(session, 'SIGSTOP');
  const job = tripJob(broker, 1);
  await queueJobs(broker, [job]);
  const consumer = () => streams.consumer('JOBS_trip-duration', 'v1_interactive');
  await eventually(consumer, ({ num_ack_pending }) => num_ack_pending === 1);
  await using renewals = await watchRenewals(nats);
  await using _other = await startWorker(nats);
  // The lease is 5 s, and is renewed every 2 s. Without renewals, the other worker would have the job by then.
  await renewals.seen(4);
  expect(await consumer()).toMatchObject({ num_ack_pending: 1, num_redelivered: 0 });
  process.kill(session, 'SIGCONT');
  expect(await resultOf(streams, job)).toMatchObject({ state: 'SUCCEEDED', attempts: 1 });
});

test.concurrent('jobs whose workers are killed several times neither fail nor count as suspects', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  await using streams = await inspectStreams(nats);
  const jobs = Array.from({ length: 20 }, (_, i) => tripJob(broker, i));
  await queueJobs(broker, jobs);
  for (let kill = 1; kill <= 3; kill++) {
    await using worker = await startWorker(nats, NEVER_DONE);
    await eventually(
      () => streams.consumer('JOBS_trip-duration', 'v1_interactive'),
      ({ delivered }) => delivered.consumer_seq >= kill * jobs.length,
    );
    worker.kill('SIGKILL');
    await worker.ended;
  }
  await using _last = await startWorker(nats);
  for (const job of jobs) expect(await resultOf(streams, job)).toMatchObject({ state: 'SUCCEEDED' });
  expect((await streams.state('DEAD')).messages).toBe(0);
  expect((await streams.state('SUSPECTS')).last_seq).toBe(0);
});

test('a run that takes too long is ended with its process, only its job fails, and the worker continues', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  await using streams = await inspectStreams(nats);
  await using models = await modelsWith((manifest) => {
    Object.assign(manifest.limits as object, { runTimeoutMs: 500 });
  });
  await using _worker = await startWorker(nats, { ...BAD_TRIPS, MODELS_DIR: models.path });
  const endless = withMiles(tripJob(broker, 1), ENDLESS_MILES);
  const jobs = Array.from({ length: 100 }, (_, i) => tripJob(broker, i));
  await queueJobs(broker, [...jobs.slice(0, 20), endless, ...jobs.slice(20)]);
  expect(await resultOf(streams, endless)).toMatchObject({
    state: 'FAILED',
    error: { code: 'RUN_TIMEOUT', message: 'Alone, the run took longer than 500 ms.' },
  });
  for (const job of jobs) expect(await resultOf(streams, job)).toMatchObject({ state: 'SUCCEEDED' });
  expect(await streams.last('DEAD', `dead.trip-duration.${endless.taskId}`)).toBeDefined();
});
