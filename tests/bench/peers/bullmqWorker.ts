/**
 * A worker of BullMQ. It gives its handlers one job each, so they run concurrently, and those that have arrived while the
 * model runs share its next run.
 */
import { openDirectModel } from '../../support/predictDirectly.ts';
import { announce } from './announce.ts';
import { BULLMQ_QUEUE, type BullMQ, redisConnection } from './bullmqQueue.ts';
import { inGroups } from './inGroups.ts';
import { loadPackage } from './packages.ts';

const CONCURRENCY = 128;
const BATCH = 64;

const { Worker } = loadPackage<BullMQ>('bullmq');
const model = await openDirectModel();
const predict = inGroups(BATCH, model.predictAll);
const worker = new Worker(BULLMQ_QUEUE, ({ data }) => predict(data), {
  connection: redisConnection(),
  concurrency: CONCURRENCY,
});
await worker.waitUntilReady();
announce();
