/**
 * The worker's loop for the chunks of row batches: chunk → runs → the chunk's result → the end of the row batch → ack.
 *
 * The worker that stores the result of the last chunk writes the end of the row batch, write-once. A chunk leaves its
 * queue only after that. If a worker dies in between, another one gets the chunk, finds its result and counts again.
 */
import type { Delivery } from '../src/broker/broker.ts';
import { messageOf } from '../src/contract/errors.ts';
import type { ChunkResult } from '../src/contract/messages/chunkResult.ts';
import { decodeChunkJob } from '../src/contract/messages/job.ts';
import { rowsOfChunk } from '../src/contract/rowBatchShape.ts';
import type { TaskAddress } from '../src/contract/taskId.ts';
import { columnsAt, unpackColumns } from '../src/models/inputColumns.ts';
import type { Chunk, WorkerOptions } from './assignment.ts';
import { ChunkRun } from './chunkRun.ts';
import { readDelivery, track } from './readDelivery.ts';
import { settleChunk, settleOverdueChunk, settleStoredChunk } from './settleChunk.ts';

/** The traces that earlier deliveries of a chunk have left. */
interface Past {
  readonly result?: ChunkResult | undefined;
  /** How often each suspected row has run alone, by its index in the row batch. */
  readonly soloRuns: ReadonlyMap<number, number>;
}

const RETRY_DELAY_MS = 500;

/** Works until the source has ended and everything that was run is settled. */
export async function runChunks(options: WorkerOptions): Promise<void> {
  const settling = new Set<Promise<void>>();
  while (await options.source.arrival()) {
    const [delivery] = options.source.take(1);
    if (delivery === undefined) continue;
    const chunk = readDelivery(delivery, readChunk, settling, options);
    if (chunk !== undefined) await runChunk(chunk, options, settling);
  }
  await Promise.all(settling);
}

async function runChunk(chunk: Chunk, options: WorkerOptions, settling: Set<Promise<void>>): Promise<void> {
  const past = await recall(chunk, options);
  if (past === undefined) {
    chunk.delivery.handBack(RETRY_DELAY_MS);
    return;
  }
  if (past.result !== undefined) {
    track(
      settling,
      { delivery: chunk.delivery, log: options.log },
      settleStoredChunk(chunk, past.result, options),
    );
    return;
  }
  const ran = await new ChunkRun(chunk, past.soloRuns, options).run();
  if (ran === 'stopping') chunk.delivery.handBack(0);
  else
    track(
      settling,
      { delivery: chunk.delivery, log: options.log },
      ran === 'expired' ? settleOverdueChunk(chunk, options) : settleChunk(chunk, ran, options),
    );
}

/** @returns undefined if the broker does not answer. */
async function recall({ delivery, job }: Chunk, { broker, log }: WorkerOptions): Promise<Past | undefined> {
  if (delivery.deliveryCount === 1) return { soloRuns: new Map() };
  const { taskId, batch, chunk } = job;
  try {
    const result = await broker.chunks.read(taskId, batch, chunk);
    return { result, soloRuns: await broker.readSuspectRows(taskId, chunk) };
  } catch (error) {
    log.debug({ taskId, chunk, reason: messageOf(error) }, 'the past of a chunk could not be read');
    return undefined;
  }
}

function readChunk(delivery: Delivery, address: TaskAddress, { manifest }: WorkerOptions): Chunk {
  const job = decodeChunkJob(delivery.data, delivery.subject);
  const { from, to } = rowsOfChunk(job.batch, job.chunk);
  const columns = columnsAt(manifest, unpackColumns(manifest, job.columns, to - from), job.submittedAt);
  const attempts = delivery.deliveryCount;
  return { delivery, address, job, columns, firstRow: from, rowCount: to - from, attempts };
}
