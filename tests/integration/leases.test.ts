/** The lease of a job: how long a worker keeps it, and that a busy worker does not lose it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openTestBroker, queueJobs, resultOf, tripJob } from '../support/jobs.ts';
import { startNats } from '../support/natsServer.ts';
import { startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';

const STREAM = 'JOBS_trip-duration';
const CONSUMER = 'v1_interactive';
/** Longer than the lease. */
const SLOW_RUNS = {
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/slowRuns.js')}`,
  RUN_MS: '4000',
};

test('no job is delivered twice while other processes take all CPUs for longer than a lease', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  await using streams = await inspectStreams(nats);
  await using _worker = await startWorker(nats, SLOW_RUNS);
  await using _hogs = await startHogs(availableParallelism());
  const jobs = Array.from({ length: 100 }, (_, i) => tripJob(broker, i));
  await queueJobs(broker, jobs);
  for (const job of jobs) expect(await resultOf(streams, job)).toMatchObject({ state: 'SUCCEEDED' });
  const { delivered } = await streams.consumer(STREAM, CONSUMER);
  expect(delivered).toMatchObject({ stream_seq: jobs.length, consumer_seq: jobs.length });
});

test('another worker has the jobs of a killed worker once their lease of two seconds is over', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  await using streams = await inspectStreams(nats);
  await using killed = await startWorker(nats, { ...SLOW_RUNS, RUN_MS: '60000' });
  const job = tripJob(broker, 1);
  await queueJobs(broker, [job]);
  await eventually(
    () => streams.consumer(STREAM, CONSUMER),
    ({ num_ack_pending }) => num_ack_pending === 1,
  );
  killed.kill('SIGKILL');
  await killed.ended;
  await using _other = await startWorker(nats);
  expect(await resultOf(streams, job)).toMatchObject({ state: 'SUCCEEDED' });
  expect((await streams.consumer(STREAM, CONSUMER)).config.ack_wait).toBe(nanos(2_000));
});

test('a consumer of an older Tidings gets the lease of this one', async () => {
  await using nats = await startNats();
  await (await openTestBroker(nats))[Symbol.asyncDispose]();
  const connection = await connect({ servers: nats.url });
  const manager = await jetstreamManager(connection);
  await manager.consumers.update(STREAM, CONSUMER, { ack_wait: nanos(5_000) });
  await (await openTestBroker(nats))[Symbol.asyncDispose]();
  expect((await manager.consumers.info(STREAM, CONSUMER)).config.ack_wait).toBe(nanos(2_000));
  await connection.close();
});

/** Processes that each take all the CPU they get. */
async function startHogs(count: number): Promise<AsyncDisposable> {
  const hogs = Array.from({ length: count }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  await Promise.all(hogs.map((hog) => once(hog, 'spawn')));
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(
        hogs.map(async (hog) => {
          const ended = once(hog, 'exit');
          hog.kill('SIGKILL');
          await ended;
        }),
      );
    },
  };
}
