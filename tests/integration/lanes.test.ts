/** The lanes of bulk tasks, row batches and single predictions. Tests compare the order of runs, never their length. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import type { TaskLane } from '../../src/contract/messages/bundle.ts';
import { Lane } from '../../src/contract/subjects.ts';
import type { FinishedTask } from '../../src/contract/task.ts';
import { batchEnd, submitTrips } from '../support/batches.ts';
import { PREDICT_TRIP, post, submitTrip, type TaskView } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import {
  bundleOfJobs,
  HOME,
  openTestBroker,
  queueJobs,
  storeBundles,
  together,
  tripJob,
} from '../support/jobs.ts';
import { startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { startGateway, startWorker } from '../support/processes.ts';

const BULK = { priority: 'BULK' };
/** So slow that a bulk load takes seconds: a pull that is late on a busy machine does not leave all of it to run before. */
const SLOW_RUNS = {
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/slowRuns.js')}`,
  RUN_MS: '60',
};

test('bulk tasks can fill 80 % of the queue, and single predictions the rest', async () => {
  await using nats = await startNats();
  await using gateway = await startGateway(nats, { QUEUE_MAX_JOBS: '50' });
  for (let i = 0; i < 40; i++) await submitTrip(gateway.url, tripNumber(i), BULK);
  const { errors } = await post(gateway.url, PREDICT_TRIP, { input: tripNumber(40), options: BULK });
  expect(errors).toMatchObject([{ extensions: { code: 'QUEUE_FULL', limit: 40 } }]);
  expect(errors?.[0]?.extensions.retryAfterMs).toBeGreaterThan(0);
  for (let i = 0; i < 10; i++) await submitTrip(gateway.url, tripNumber(i));
  const full = await post(gateway.url, PREDICT_TRIP, { input: tripNumber(41) });
  expect(full.errors).toMatchObject([{ extensions: { code: 'QUEUE_FULL', limit: 50 } }]);
});

test('a single prediction during a bulk load waits for one run at most after it has reached its worker', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  using ends = endsHeard(broker);
  await queueJobs(broker, bulkJobs(broker, 3_000));
  await using _worker = await startWorker(nats, SLOW_RUNS);
  const single: string[] = [];
  // Each is submitted when the one before has ended, and all of them end before the bulk load.
  while (single.length < 10) {
    const job = tripJob(broker, single.length, 300_000);
    single.push(job.taskId);
    await queueJobs(broker, [job]);
    await ends.of(job.taskId);
  }
  const results = await ends.all(3_010);
  const bulkRuns = runStarts(results.filter(({ id }) => !single.includes(id)));
  for (const { id, submittedAt, startedAt = 0, timings } of results) {
    if (!single.includes(id)) continue;
    const formedAt = submittedAt + (timings?.queueMs ?? 0);
    expect(bulkRuns.filter((start) => start > formedAt && start < startedAt).length).toBeLessThanOrEqual(1);
    expect(startedAt).toBeLessThan(bulkRuns.at(-1) ?? 0);
  }
});

test('single predictions finish while a row batch of many runs is running', async () => {
  await using nats = await startNats();
  await using gateway = await startGateway(nats);
  await using _worker = await startWorker(nats, SLOW_RUNS);
  const inputs = Array.from({ length: 5_000 }, (_, i) => tripNumber(i));
  const { id } = await submitTrips(gateway.url, inputs, { timeoutMs: 300_000 });
  const singles: TaskView[] = [];
  for (let i = 0; i < 5; i++)
    singles.push(await submitTrip(gateway.url, tripNumber(i), { waitMs: 30_000, timeoutMs: 300_000 }));
  const { finishedAt } = await batchEnd(gateway.url, id);
  for (const single of singles) {
    expect(single.state).toBe('SUCCEEDED');
    expect(Date.parse(single.finishedAt ?? '')).toBeLessThan(Date.parse(finishedAt ?? ''));
  }
});

test('both lanes progress while both are full', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  using ends = endsHeard(broker);
  // In full bundles, so that the session is the bottleneck, which the lanes share.
  const fullOf = (lane: TaskLane) =>
    together(Array.from({ length: 64 }, (_, i) => ({ ...tripJob(broker, i), lane })));
  const bulk = Array.from({ length: 40 }, () => fullOf(Lane.Bulk));
  const single = Array.from({ length: 80 }, () => fullOf(Lane.Interactive));
  await storeBundles(broker, [...bulk, ...single].map(bundleOfJobs));
  await using _worker = await startWorker(nats, SLOW_RUNS);
  const results = await ends.all(120 * 64);
  const bulkIds = new Set(bulk.flat().map(({ taskId }) => taskId));
  const [bulkRuns, singleRuns] = [true, false].map((isBulk) =>
    runStarts(results.filter(({ id }) => bulkIds.has(id) === isBulk)),
  );
  expect(bulkRuns?.at(0)).toBeLessThan(singleRuns?.at(-1) ?? 0);
  expect(singleRuns?.at(-1)).toBeLessThan(bulkRuns?.at(-1) ?? 0);
  const duringSingles = bulkRuns?.filter((start) => start < (singleRuns?.at(-1) ?? 0)).length ?? 0;
  expect(duringSingles).toBeLessThan((singleRuns?.length ?? 0) / 2);
});

function bulkJobs(broker: Broker, count: number) {
  return Array.from({ length: count }, (_, i) => ({ ...tripJob(broker, i, 300_000), lane: Lane.Bulk }));
}

/** The start times of the runs, in order. */
function runStarts(results: readonly FinishedTask[]): readonly number[] {
  return [...new Set(results.map(({ startedAt = 0 }) => startedAt))].toSorted((a, b) => a - b);
}

/** Collects every result that is stored from now on. */
function endsHeard(broker: Broker) {
  const results = new Map<string, FinishedTask>();
  const listening = broker.ends.listen(HOME, (tasks) => {
    for (const task of tasks) results.set(task.id, task);
  });
  return {
    of: (id: string) =>
      eventually(
        () => results.has(id),
        (isThere) => isThere,
      ),
    async all(count: number) {
      await eventually(
        () => results.size,
        (size) => size === count,
      );
      return [...results.values()];
    },
    [Symbol.dispose]: () => listening[Symbol.dispose](),
  };
}
