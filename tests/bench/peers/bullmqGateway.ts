/** A gateway that submits to BullMQ with `add` and `addBulk`, and hears of results by `QueueEvents`. */
import type { Trip } from '../../support/client.ts';
import { BULLMQ_QUEUE, type BullMQ, redisConnection } from './bullmqQueue.ts';
import { inGroups } from './inGroups.ts';
import { loadPackage } from './packages.ts';
import { Results } from './results.ts';
import { queued, serveTasks, succeeded } from './taskGateway.ts';

const JOB_NAME = 'trip';
const MOST_AT_ONCE = 256;
/** As long as Tidings keeps results. */
const KEPT_S = 900;

const { Queue, QueueEvents } = loadPackage<BullMQ>('bullmq');
const connection = redisConnection();
const queue = new Queue(BULLMQ_QUEUE, {
  connection,
  defaultJobOptions: { removeOnComplete: { age: KEPT_S } },
});
const results = new Results();
const events = new QueueEvents(BULLMQ_QUEUE, { connection });
events.on('completed', ({ jobId, returnvalue }) =>
  results.arrived(succeeded(String(jobId), Number(returnvalue))),
);
events.on('failed', ({ jobId, failedReason }) => results.failed(String(jobId), String(failedReason)));
await events.waitUntilReady();

const submit = inGroups(MOST_AT_ONCE, async ([first, ...others]: readonly Trip[]) => {
  if (first === undefined) return [];
  // `addBulk` wraps its jobs in a transaction, which a single one does not need.
  const jobs =
    others.length === 0
      ? [await queue.add(JOB_NAME, first)]
      : await queue.addBulk([first, ...others].map((data) => ({ name: JOB_NAME, data })));
  return jobs.map(({ id }) => queued(id));
});
await serveTasks({ submit, result: (id) => results.take(id) });
