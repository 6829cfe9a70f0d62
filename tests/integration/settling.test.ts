/** A worker counts a task as finished only if it stored the task's result. */
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import { finishedTask } from '../../src/contract/task.ts';
import { eventually } from '../support/eventually.ts';
import { addressOf, type Job, openTestBroker, queueJobs, resultOf, tripJob } from '../support/jobs.ts';
import { startNats } from '../support/natsServer.ts';
import { type Process, startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';

const DEBUG = { LOG_LEVEL: 'debug' };

test.concurrent('a worker that hands tasks back because the store of results is full does not count them as finished', async () => {
  const limits = { RESULT_MAX_COUNT: '1000', ...DEBUG };
  await using nats = await startNats();
  await using streams = await inspectStreams(nats);
  await using broker = await openTestBroker(nats, limits);
  await fillEnds(broker, 1_000);
  const jobs = Array.from({ length: 20 }, (_, i) => tripJob(broker, i));
  await queueJobs(broker, jobs);

  await using first = await startWorker(nats, limits);
  await first.logged('not stored yet, trying again');
  first.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  expect(linesOf(first, 'task finished')).toEqual([]);
  expect((await streams.state('JOBS_trip-duration')).messages).toBe(20);

  await streams.removeOldest('ENDS', 20);
  await using second = await startWorker(nats, limits);
  await eventually(
    () => streams.state('JOBS_trip-duration'),
    ({ messages }) => messages === 0,
  );
  expect(linesOf(second, 'task finished').toSorted()).toEqual(jobs.map(({ taskId }) => taskId).toSorted());
});

test.concurrent('a task that already has a result is not counted as finished by another worker', async () => {
  await using nats = await startNats();
  await using streams = await inspectStreams(nats);
  await using broker = await openTestBroker(nats);
  const [ended, open] = [tripJob(broker, 1), tripJob(broker, 2)];
  await storeFailure(broker, ended);
  await queueJobs(broker, [ended, open]);

  await using worker = await startWorker(nats, DEBUG);
  await eventually(
    () => streams.state('JOBS_trip-duration'),
    ({ messages }) => messages === 0,
  );
  expect(linesOf(worker, 'task finished')).toEqual([open.taskId]);
  expect(linesOf(worker, 'the task had its end already: the result of this run is dropped')).toEqual([
    ended.taskId,
  ]);
  expect(await resultOf(streams, ended)).toMatchObject({ state: 'FAILED' });
  expect(await finishedByWorkers(nats)).toBe(1);
});

/** The ids of the tasks that a worker logged with this message. */
function linesOf(worker: Process, msg: string): readonly string[] {
  return worker
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter((line) => line.msg === msg)
    .map(({ taskId }) => taskId);
}

/** The number of finished tasks in the next notice of presence. */
async function finishedByWorkers({ url }: { readonly url: string }): Promise<number> {
  const connection = await connect({ servers: url });
  try {
    const notices = connection.subscribe('workers.presence');
    // The first notice may have been sent before the last task ended.
    notices.unsubscribe(2);
    let finished = 0;
    for await (const notice of notices) {
      const { models } = notice.json<{ models: { finishedLastMinute: number }[] }>();
      finished = models[0]?.finishedLastMinute ?? 0;
    }
    return finished;
  } finally {
    await connection.close();
  }
}

async function fillEnds(broker: Broker, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await storeFailure(broker, tripJob(broker, i));
}

async function storeFailure(broker: Broker, job: Job): Promise<void> {
  const end = finishedTask(job, {
    state: 'FAILED',
    finishedAt: job.submittedAt,
    attempts: 1,
    error: { code: 'INFERENCE_FAILED', message: 'It was made for a test.' },
  });
  expect(await broker.ends.storeTask(end, addressOf(job))).toEqual(end);
}
