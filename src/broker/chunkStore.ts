/** What came of the chunks of batches: one message for each, write-once. */

import { decodeChunkResult } from '../decoding.ts';
import { type ChunkJob, type ChunkResult, encodeMessage, streams, subjects } from '../protocol.ts';
import type { BatchShape, TaskAddress } from '../task.ts';
import { chunkCountOf, rowsOfChunk } from '../tasks/batchShape.ts';
import type { Publisher, PublishOutcome } from './publisher.ts';
import type { StoredMessages } from './storedMessages.ts';

/** What the stored chunks of a batch come to. */
export interface Tally {
  readonly isComplete: boolean;
  readonly rowsDone: number;
  readonly rowsFailed: number;
  /** Of the first run and the last; absent if there was none. */
  readonly startedAt?: number;
  readonly finishedAt?: number;
}

type Summary = Pick<ChunkResult, 'chunk' | 'rowsFailed' | 'startedAt' | 'finishedAt'>;

const READS_AT_ONCE = 16;

export class ChunkStore {
  readonly #publisher: Publisher;
  readonly #stored: StoredMessages;

  constructor({ publisher, stored }: { publisher: Publisher; stored: StoredMessages }) {
    this.#publisher = publisher;
    this.#stored = stored;
  }

  /** Refused if a chunk of the same number waits already. */
  storeJob(job: ChunkJob): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.chunkJob(job), encodeMessage(job), { after: 0 });
  }

  /** Write-once: refused if the chunk has a result already, or the store is full. */
  store(result: ChunkResult): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.chunk(result.taskId, result.chunk), encodeMessage(result));
  }

  // Each of the following throws a RequestError `BROKER_UNAVAILABLE` if the broker does not answer.

  /** Asks any replica first: a hit is the truth, and of a miss the leader is asked. */
  async read(taskId: string, chunk: number): Promise<ChunkResult | undefined> {
    const subject = subjects.chunk(taskId, chunk);
    const decode = ({ data }: { data: Uint8Array }) => decodeChunkResult(data, taskId, chunk);
    const found = await this.#stored.ask((manager) =>
      manager.direct.getMessage(streams.chunks, { last_by_subj: subject }),
    );
    return found === null ? this.#stored.writtenOnce(streams.chunks, subject, decode) : decode(found);
  }

  /** @returns the chunks of a batch that wait in its queue or are in a worker's hands. */
  async queued(address: TaskAddress): Promise<ReadonlySet<number>> {
    return this.#chunksIn(streams.jobs(address.model), subjects.chunkJobsOf(address));
  }

  /** @returns the chunks of a batch that have a result. */
  async finished(taskId: string): Promise<ReadonlySet<number>> {
    return this.#chunksIn(streams.chunks, subjects.chunksOf(taskId));
  }

  /** What all batches take up. */
  async held(): Promise<{ readonly chunks: number; readonly bytes: number }> {
    const { state } = await this.#stored.ask((manager) => manager.streams.info(streams.chunks));
    return { chunks: state.messages, bytes: state.bytes };
  }

  /** @param known is not read again. */
  async tally(taskId: string, shape: BatchShape, known?: Summary): Promise<Tally> {
    const chunkCount = chunkCountOf(shape);
    const finished = chunkCount === 1 && known ? [known.chunk] : [...(await this.finished(taskId))];
    const summaries: Summary[] = [];
    for (let i = 0; i < finished.length; i += READS_AT_ONCE) {
      const read = finished
        .slice(i, i + READS_AT_ONCE)
        .map(async (chunk) => (chunk === known?.chunk ? known : this.read(taskId, chunk)));
      for (const summary of await Promise.all(read)) if (summary !== undefined) summaries.push(summary);
    }
    return tallyOf(shape, summaries, chunkCount);
  }

  async #chunksIn(stream: string, filter: string): Promise<ReadonlySet<number>> {
    const { state } = await this.#stored.ask((manager) =>
      manager.streams.info(stream, { subjects_filter: filter }),
    );
    return new Set(Object.keys(state.subjects ?? {}).map((subject) => Number(subject.split('.').at(-1))));
  }
}

function tallyOf(shape: BatchShape, summaries: readonly Summary[], chunkCount: number): Tally {
  const sum = (count: (summary: Summary) => number) =>
    summaries.reduce((total, summary) => total + count(summary), 0);
  const counts = {
    isComplete: summaries.length === chunkCount,
    rowsDone: sum(({ chunk }) => {
      const { from, to } = rowsOfChunk(shape, chunk);
      return to - from;
    }),
    rowsFailed: sum(({ rowsFailed }) => rowsFailed),
  };
  if (summaries.length === 0) return counts;
  return {
    ...counts,
    startedAt: Math.min(...summaries.map(({ startedAt }) => startedAt)),
    finishedAt: Math.max(...summaries.map(({ finishedAt }) => finishedAt)),
  };
}
