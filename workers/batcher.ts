/**
 * Natural batching: when the session is free, a batch is all jobs that have arrived, up to `maxBatchSize`. While it
 * runs, the next one gathers. That needs no timer. For a model that gains from fuller batches, a free session may wait
 * `maxWaitMs`; the wait begins with the first job.
 */
import type { Delivery, JobSource } from '../src/broker/broker.ts';
import type { Manifest } from '../src/models/manifest.ts';

/** Yields batches of 1 to `maxBatchSize` deliveries until the source ends. Take the next when a session is free. */
export async function* collectBatches(
  source: JobSource,
  { maxBatchSize, maxWaitMs }: Pick<Manifest['batching'], 'maxBatchSize' | 'maxWaitMs'>,
): AsyncGenerator<Delivery[]> {
  while (await source.arrival()) {
    const batch = source.take(maxBatchSize);
    if (maxWaitMs > 0) await fill(batch, source, maxBatchSize, maxWaitMs);
    if (batch.length > 0) yield batch;
  }
}

/** Jobs stay in the source until they are taken, so ending a wait early loses none. */
async function fill(
  batch: Delivery[],
  source: JobSource,
  maxBatchSize: number,
  maxWaitMs: number,
): Promise<void> {
  const { promise: timeUp, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), maxWaitMs);
  while (batch.length < maxBatchSize && (await Promise.race([source.arrival(), timeUp]))) {
    batch.push(...source.take(maxBatchSize - batch.length));
  }
  clearTimeout(timer);
}
