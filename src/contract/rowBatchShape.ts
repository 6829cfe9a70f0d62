/** How the rows of a row batch are cut into chunks. Each chunk is one job, and its result one message. */
import { integer, object, type Passing } from './schema.ts';

/** Rows in one batch. */
export const MAX_BATCH_ROWS = 10_000;
/** The most rows of a chunk. If a worker dies, the rows of its chunk run again. */
export const MAX_CHUNK_ROWS = 1_000;

export const SHAPE_MEMBERS = {
  rowCount: integer(`a number of rows from 1 to ${MAX_BATCH_ROWS}`, 1, MAX_BATCH_ROWS),
  /** Of each chunk but the last, which may have fewer. */
  rowsPerChunk: integer(`a number of rows from 1 to ${MAX_CHUNK_ROWS}`, 1, MAX_CHUNK_ROWS),
};

export const ROW_BATCH_SHAPE = object('the shape of a row batch', SHAPE_MEMBERS);
/** How the rows of a batch are cut into chunks. */
export type RowBatchShape = Passing<typeof ROW_BATCH_SHAPE>;

export function chunkCountOf({ rowCount, rowsPerChunk }: RowBatchShape): number {
  return Math.ceil(rowCount / rowsPerChunk);
}

/** Whether a batch of that shape has a chunk of that number. */
export function hasChunk(shape: RowBatchShape, chunk: number): boolean {
  return Number.isInteger(chunk) && chunk >= 0 && chunk < chunkCountOf(shape);
}

/** Where the rows of a chunk lie in the batch: from `from` up to `to`, that one not included. */
export function rowsOfChunk(
  { rowCount, rowsPerChunk }: RowBatchShape,
  chunk: number,
): { from: number; to: number } {
  return { from: chunk * rowsPerChunk, to: Math.min(rowCount, (chunk + 1) * rowsPerChunk) };
}
