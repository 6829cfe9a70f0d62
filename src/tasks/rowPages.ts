/** The predictions and errors of the rows of a batch, page by page, from the results of its chunks. */

import type { Broker } from '../broker/broker.ts';
import { badValue, quoted, RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { ChunkResult } from '../contract/messages/chunkResult.ts';
import { chunkCountOf, rowsOfChunk } from '../contract/rowBatchShape.ts';
import { isFinal, type RowError, type Task, TaskState } from '../contract/task.ts';
import type { Value } from '../contract/values.ts';
import type { Turns } from './turns.ts';

/** Consecutive rows of a row batch that have been run. */
export interface RowPage {
  readonly firstRow: number;
  readonly rowCount: number;
  /** The first row of the next page; undefined after the last row. */
  readonly nextRow: number | undefined;
  /** The predictions by output; null for a row that failed. */
  readonly columns: ReadonlyMap<string, readonly (Value | null)[]>;
  readonly errors: readonly RowError[];
}

export interface PageOptions {
  /** The most rows of the page. */
  readonly first: number;
  /** Index of the first row. */
  readonly after: number;
}

export const MAX_PAGE_ROWS = 10_000;
const CURSOR = /^[0-9]{1,9}$/;
/** The most chunks of one page. With their largest size they have 6 MiB. */
const MAX_PAGE_CHUNKS = 12;

interface PageReader {
  readonly broker: Pick<Broker, 'chunks'>;
  /** Bounds the chunks that are read at once: a broker cuts off a client that takes in less than it asks for. */
  readonly reading: Pick<Turns, 'take'>;
}

/**
 * A page ends before the first row that has not been run yet, and may end earlier than asked for.
 *
 * @throws {RequestError} `BAD_USER_INPUT`, `RESULT_EXPIRED`, `GATEWAY_BUSY`, `BROKER_UNAVAILABLE`.
 */
export async function readPage(
  reader: PageReader,
  task: Task,
  { first, after }: PageOptions,
): Promise<RowPage> {
  const { batch } = task;
  if (batch === undefined) throw new Error('only batches have rows');
  checkRange('first', first, 1, MAX_PAGE_ROWS);
  checkRange('after', after, 0, batch.rowCount);
  const until = Math.min(batch.rowCount, after + first);
  const chunks = await readChunks(reader, task, after, until);
  const end = Math.min(until, chunks.at(-1)?.to ?? after);
  // Rows that were not run before the task ended are never run.
  const isLast = end === batch.rowCount || (isFinal(task) && end < until && chunks.length < MAX_PAGE_CHUNKS);
  return {
    firstRow: after,
    rowCount: end - after,
    nextRow: isLast ? undefined : end,
    columns: columnsOf(chunks, after, end),
    errors: chunks.flatMap(({ result }) => result.errors).filter(({ row }) => row >= after && row < end),
  };
}

/** The cursor of a row. @param row its index in the row batch. */
export function rowCursor(row: number): string {
  return String(row);
}

/** Index of the row after the one with this cursor. @throws {RequestError} `BAD_USER_INPUT` if there is no such row. */
export function rowAfter(cursor: string, rowCount: number): number {
  if (CURSOR.test(cursor) && Number(cursor) < rowCount) return Number(cursor) + 1;
  throw badValue('after', 'a cursor of an earlier page', quoted(cursor));
}

interface ReadChunk {
  readonly result: ChunkResult;
  readonly from: number;
  readonly to: number;
}

/** The chunks with the rows from one index to another, up to the first chunk that has not been run. */
async function readChunks(
  { broker, reading }: PageReader,
  { id, owner, batch, state }: Task,
  from: number,
  to: number,
): Promise<readonly ReadChunk[]> {
  if (batch === undefined || from >= to) return [];
  const firstChunk = Math.floor(from / batch.rowsPerChunk);
  const end = Math.min(Math.ceil(to / batch.rowsPerChunk), chunkCountOf(batch), firstChunk + MAX_PAGE_CHUNKS);
  const numbers = Array.from({ length: end - firstChunk }, (_, i) => firstChunk + i);
  const results = await reading.take(owner, numbers.length, () =>
    Promise.all(numbers.map((chunk) => broker.chunks.read(id, batch, chunk))),
  );
  const missing = results.indexOf(undefined);
  if (missing !== -1 && state === TaskState.Succeeded) {
    throw new RequestError(
      RequestErrorCode.ResultExpired,
      `The rows of task ${id} are gone: they are kept about as long as its result.`,
    );
  }
  return results
    .slice(0, missing === -1 ? undefined : missing)
    .flatMap((result, i) =>
      result === undefined ? [] : [{ result, ...rowsOfChunk(batch, firstChunk + i) }],
    );
}

function columnsOf(chunks: readonly ReadChunk[], from: number, to: number): RowPage['columns'] {
  const names = new Set(chunks.flatMap(({ result }) => Object.keys(result.columns)));
  return new Map(
    [...names].map((name) => {
      const parts = chunks.map(({ result, ...rows }) => {
        // A chunk without this output gets nulls: without them, the values of later chunks would move to other rows.
        const column = Object.hasOwn(result.columns, name) ? result.columns[name] : undefined;
        const values = column ?? new Array<null>(rows.to - rows.from).fill(null);
        return values.slice(Math.max(0, from - rows.from), to - rows.from);
      });
      return [name, parts.flat()];
    }),
  );
}

function checkRange(field: string, value: number, minimum: number, maximum: number): void {
  if (value < minimum || value > maximum)
    throw badValue(field, `from ${minimum} to ${maximum}`, String(value));
}
