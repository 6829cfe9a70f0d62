/**
 * Natural batching: a batch is what has arrived when the session is free, up to `maxBatchSize`; while it runs, the
 * next one gathers by itself. No timer is needed for that. A model that gains from fuller batches may ask a free
 * session to wait `maxWaitMs`; the clock starts with the first job, never before.
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

/** Jobs stay in the source until they are taken, so a wait that is given up loses none. */
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
