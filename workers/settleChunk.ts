/** Ends chunks, and with the last one their row batch: the chunk's result → the row batch's end → ack. */

import { batchResult, overdueResult } from '../src/broker/endTask.ts';
import { messageOf, RequestError } from '../src/contract/errors.ts';
import type { ChunkResult } from '../src/contract/messages/chunkResult.ts';
import { NewerMessage } from '../src/contract/messages/decoder.ts';
import type { Result } from '../src/contract/messages/result.ts';
import type { Chunk } from './assignment.ts';
import { NEWER_MESSAGE_DELAY_MS, type SettleOptions, storeEnd, storeOnce, waitToRetry } from './settle.ts';

const HAND_BACK_DELAY_MS = 500;

/** Settles a chunk that has been run. */
export async function settleChunk(chunk: Chunk, ran: ChunkResult, options: SettleOptions): Promise<void> {
  const { broker } = options;
  const { taskId, batch, chunk: number } = chunk.job;
  await unlessNewer(chunk, async () => {
    const stored = await storeOnce(
      ran,
      () => broker.chunks.store(ran),
      () => broker.chunks.read(taskId, batch, number),
      options,
    );
    if (stored === undefined) chunk.delivery.handBack(HAND_BACK_DELAY_MS);
    else await settleStoredChunk(chunk, stored, options);
  });
}

/** Settles a chunk whose result is stored. If it is the last one, it ends the row batch. */
export async function settleStoredChunk(
  chunk: Chunk,
  stored: ChunkResult,
  options: SettleOptions,
): Promise<void> {
  const { broker } = options;
  const { job, attempts } = chunk;
  const remove = () => broker.removeJob(chunk.address);
  await unlessNewer(chunk, () =>
    end(chunk, options, remove, async () => {
      const tally = await broker.chunks.wholeTally(job.taskId, job.batch, stored);
      return tally && batchResult({ ...job, attempts }, tally, broker.now());
    }),
  );
}

/** Hands a chunk back if only a newer worker can read its result, or those of other chunks of the row batch. */
async function unlessNewer({ delivery }: Chunk, settle: () => Promise<void>): Promise<void> {
  try {
    await settle();
  } catch (error) {
    if (!(error instanceof NewerMessage)) throw error;
    delivery.handBack(NEWER_MESSAGE_DELAY_MS);
  }
}

/** Settles a chunk that was not run in time. */
export async function settleOverdueChunk(chunk: Chunk, options: SettleOptions): Promise<void> {
  const { broker } = options;
  const { job, attempts } = chunk;
  const remove = () => broker.removeRowBatch(chunk.address);
  await end(chunk, options, remove, () => overdueResult(broker, { ...job, attempts }, broker.now()));
}

/**
 * @param remove removes the rest of the row batch from its queue. Chunks that are done are removed by their workers.
 * @param find reads the row batch's end; undefined if it is not there yet.
 */
async function end(
  chunk: Chunk,
  options: SettleOptions,
  remove: () => Promise<void>,
  find: () => Promise<Result | undefined>,
): Promise<void> {
  const { delivery, address, job } = chunk;
  const { log } = options;
  const found = await untilAnswered(find, options);
  if (found === 'unanswered') {
    delivery.handBack(HAND_BACK_DELAY_MS);
    return;
  }
  if (found !== undefined && !(await storeEnd(found, address, { ...options, trace: job.trace }))) {
    delivery.handBack(HAND_BACK_DELAY_MS);
    return;
  }
  delivery.ack();
  if (found === undefined) return;
  try {
    await remove();
  } catch (error) {
    // Otherwise the sweeper ends it at its deadline.
    log.debug({ taskId: job.taskId, reason: messageOf(error) }, 'a batch that has ended is still queued');
  }
}

/** Asks again until the broker answers, or until the worker has to stop. */
async function untilAnswered<T>(
  ask: () => Promise<T>,
  { broker, signal }: SettleOptions,
): Promise<T | 'unanswered'> {
  while (!signal.aborted) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof RequestError) || error instanceof NewerMessage) throw error;
      await waitToRetry(broker, signal);
    }
  }
  return 'unanswered';
}
