/** How many rows a message carries: a chunk of a row batch has as many, and a bundle no more. */

import { MAX_CHUNK_ROWS, type RowBatchShape } from '../contract/rowBatchShape.ts';
import type { Manifest } from '../models/manifest.ts';
import { largestBytesOfAll } from '../models/valueBytes.ts';

/** Of the rows of one chunk. The whole message, or one with errors in place of rows, then stays below 512 KiB. */
const MAX_CHUNK_BYTES = 448 * 1024;

export function shapeOf(manifest: Manifest, rowCount: number): RowBatchShape {
  return { rowCount, rowsPerChunk: Math.min(MAX_CHUNK_ROWS, rowsThatFit(manifest)) };
}

/** How many rows of a model one message carries. */
export function rowsThatFit({ inputs, outputs }: Manifest): number {
  const [asked, answered] = [inputs, outputs].map((fields) => largestBytesOfAll(fields));
  return Math.max(1, Math.floor(MAX_CHUNK_BYTES / Math.max(asked ?? 0, answered ?? 0)));
}
