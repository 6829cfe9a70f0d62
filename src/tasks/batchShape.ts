/** How the rows of a batch are cut into chunks: each is one job, and what comes of it one message. */
import type { Manifest } from '../models/manifest.ts';
import { largestBytesOf } from '../models/valueBytes.ts';
import type { BatchShape } from '../task.ts';

/** Rows in one batch. */
export const MAX_BATCH_ROWS = 10_000;
/** Rows in one chunk: what a worker that dies has run for nothing. */
export const MAX_CHUNK_ROWS = 1_000;
/** Of the rows of one chunk: with what is around them, or their errors in their place, it stays below 512 KiB. */
const MAX_CHUNK_BYTES = 448 * 1024;

export function shapeOf({ inputs, outputs }: Manifest, rowCount: number): BatchShape {
  const [asked, answered] = [inputs, outputs].map((fields) =>
    fields.reduce((sum, field) => sum + largestBytesOf(field), 0),
  );
  const rowsThatFit = Math.floor(MAX_CHUNK_BYTES / Math.max(asked ?? 0, answered ?? 0));
  return { rowCount, rowsPerChunk: Math.max(1, Math.min(MAX_CHUNK_ROWS, rowsThatFit)) };
}

export function chunkCountOf({ rowCount, rowsPerChunk }: BatchShape): number {
  return Math.ceil(rowCount / rowsPerChunk);
}

/** Whether a batch of that shape has a chunk of that number. */
export function hasChunk(shape: BatchShape, chunk: number): boolean {
  return Number.isInteger(chunk) && chunk >= 0 && chunk < chunkCountOf(shape);
}

/** Where the rows of a chunk lie in the batch: from `from` up to `to`, that one not included. */
export function rowsOfChunk(
  { rowCount, rowsPerChunk }: BatchShape,
  chunk: number,
): { from: number; to: number } {
  return { from: chunk * rowsPerChunk, to: Math.min(rowCount, (chunk + 1) * rowsPerChunk) };
}
