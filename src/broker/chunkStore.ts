/** The results of the chunks of row batches: one message for each chunk, write-once. */

import { type ChunkResult, decodeChunkResult } from '../contract/messages/chunkResult.ts';
import { encodeMessage, MalformedMessage, NewerMessage } from '../contract/messages/decoder.ts';
import type { ChunkJob } from '../contract/messages/job.ts';
import type { RowBatchShape } from '../contract/rowBatchShape.ts';
import { chunkCountOf, hasChunk, rowsOfChunk } from '../contract/rowBatchShape.ts';
import { streams, subjects } from '../contract/subjects.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import type { Publisher } from './publisher.ts';
import type { PublishOutcome } from './publishOutcome.ts';
import type { StoredMessages } from './storedMessages.ts';

/** The sums over the stored chunks of a row batch. */
export interface Tally {
  readonly isComplete: boolean;
  readonly rowsDone: number;
  readonly rowsFailed: number;
  /** The start of the first run and the end of the last; absent if there was none. */
  readonly startedAt?: number;
  readonly finishedAt?: number;
}

type Summary = Pick<ChunkResult, 'chunk' | 'rowsFailed' | 'startedAt' | 'finishedAt'>;

const READS_AT_ONCE = 16;

export interface ChunkStoreOptions {
  readonly publisher: Publisher;
  readonly stored: StoredMessages;
  /** Whether this process may ask any replica: a worker may not, see `roles.ts`. */
  readonly readsDirectly: boolean;
}

export class ChunkStore {
  readonly #publisher: Publisher;
  readonly #stored: StoredMessages;
  readonly #readsDirectly: boolean;

  constructor({ publisher, stored, readsDirectly }: ChunkStoreOptions) {
    this.#publisher = publisher;
    this.#stored = stored;
    this.#readsDirectly = readsDirectly;
  }

  /** `alreadyThere` if a chunk of the same number waits. */
  storeJob(job: ChunkJob, address: TaskAddress): Promise<PublishOutcome> {
    const subject = subjects.chunkJob(address, job.version, job.chunk);
    return this.#publisher.publish(subject, encodeMessage(job), { after: 0 });
  }

  /** Write-once: `alreadyThere` if the chunk has a result. */
  store(result: ChunkResult): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.chunk(result.taskId, result.chunk), encodeMessage(result));
  }

  // Each of the following throws a RequestError `BROKER_UNAVAILABLE` if the broker does not answer.

  /**
   * Where it may, it asks any replica first, which takes less CPU: a hit is final, and after a miss it asks the leader. A
   * message that is no result of that chunk is removed, and counts as none.
   *
   * @throws {NewerMessage} if only newer processes can read it.
   */
  async read(taskId: string, shape: RowBatchShape, chunk: number): Promise<ChunkResult | undefined> {
    const subject = subjects.chunk(taskId, chunk);
    const decode = ({ data }: { data: Uint8Array }) => decodeChunkResult(data, taskId, shape, chunk);
    const found = this.#readsDirectly
      ? await this.#stored.ask((manager) =>
          manager.direct.getMessage(streams.chunks, { last_by_subj: subject }),
        )
      : null;
    try {
      if (found !== null) return decode(found);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
    }
    return this.#stored.lastReadable(streams.chunks, subject, decode);
  }

  /** @returns the chunks of a row batch that wait in its queue or that a worker has. */
  async queued(address: TaskAddress): Promise<ReadonlySet<number>> {
    return this.#chunksIn(streams.jobs(address.model), subjects.chunkJobsOf(address));
  }

  /** @returns the chunks of a row batch that have a result. */
  async finished(taskId: string): Promise<ReadonlySet<number>> {
    return this.#chunksIn(streams.chunks, subjects.chunksOf(taskId));
  }

  /** The fill of the stream: the results of all row batches. */
  async held(): Promise<{ readonly chunks: number; readonly bytes: number; readonly maxBytes: number }> {
    const { state, config } = await this.#stored.ask((manager) => manager.streams.info(streams.chunks));
    return { chunks: state.messages, bytes: state.bytes, maxBytes: config.max_bytes };
  }

  /** The sums over the chunks that have a result. A result that only newer processes can read counts as none. */
  async tally(taskId: string, shape: RowBatchShape): Promise<Tally> {
    const finished = [...(await this.finished(taskId))].filter((chunk) => hasChunk(shape, chunk));
    const read = (chunk: number) => this.read(taskId, shape, chunk).catch(noneIfNewer);
    return tallyOf(shape, await summariesOf(finished, read));
  }

  /**
   * The same for a whole row batch. The results are read only when all of them are there. If they were read after each
   * new one, the first would be read as often as there are chunks.
   *
   * @param known a result that need not be read again.
   * @returns undefined if a chunk has no result.
   * @throws {NewerMessage} if only newer processes can read one of them.
   */
  async wholeTally(taskId: string, shape: RowBatchShape, known: Summary): Promise<Tally | undefined> {
    const chunkCount = chunkCountOf(shape);
    const others = Array.from({ length: chunkCount }, (_, chunk) => chunk).filter(
      (chunk) => chunk !== known.chunk,
    );
    if (others.length > 0) {
      const finished = await this.finished(taskId);
      if (!others.every((chunk) => finished.has(chunk))) return undefined;
    }
    const summaries = await summariesOf(others, (chunk) => this.read(taskId, shape, chunk));
    const tally = tallyOf(shape, [known, ...summaries]);
    return tally.isComplete ? tally : undefined;
  }

  async #chunksIn(stream: string, filter: string): Promise<ReadonlySet<number>> {
    const { state } = await this.#stored.ask((manager) =>
      manager.streams.info(stream, { subjects_filter: filter }),
    );
    return new Set(Object.keys(state.subjects ?? {}).flatMap((subject) => chunkOf(subject) ?? []));
  }
}

async function summariesOf(
  chunks: readonly number[],
  read: (chunk: number) => Promise<ChunkResult | undefined>,
): Promise<readonly Summary[]> {
  const summaries: Summary[] = [];
  for (let i = 0; i < chunks.length; i += READS_AT_ONCE) {
    const results = await Promise.all(chunks.slice(i, i + READS_AT_ONCE).map(read));
    for (const result of results) {
      if (result === undefined) continue;
      const { chunk, rowsFailed, startedAt, finishedAt } = result;
      // Without the rows: those of a whole row batch may take more than the memory.
      summaries.push({ chunk, rowsFailed, startedAt, finishedAt });
    }
  }
  return summaries;
}

/** @returns undefined if the text is no number, or an unusual form of one: no chunk has such a subject. */
function chunkOf(subject: string): number | undefined {
  const token = subject.split('.').at(-1) ?? '';
  return /^(0|[1-9][0-9]{0,5})$/.test(token) ? Number(token) : undefined;
}

function noneIfNewer(error: unknown): undefined {
  if (!(error instanceof NewerMessage)) throw error;
}

function tallyOf(shape: RowBatchShape, summaries: readonly Summary[]): Tally {
  const sum = (count: (summary: Summary) => number) =>
    summaries.reduce((total, summary) => total + count(summary), 0);
  const counts = {
    isComplete: summaries.length === chunkCountOf(shape),
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
