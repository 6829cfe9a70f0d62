/** How many rows a chunk of a row batch has: as many as one message carries. */

import { MAX_CHUNK_ROWS, type RowBatchShape } from '../contract/rowBatchShape.ts';
import type { Manifest } from '../models/manifest.ts';
import { largestBytesOf } from '../models/valueBytes.ts';

/** Of the rows of one chunk. The whole message, or one with errors in place of rows, then stays below 512 KiB. */
const MAX_CHUNK_BYTES = 448 * 1024;

export function shapeOf({ inputs, outputs }: Manifest, rowCount: number): RowBatchShape {
  const [asked, answered] = [inputs, outputs].map((fields) =>
    fields.reduce((sum, field) => sum + largestBytesOf(field), 0),
  );
  const rowsThatFit = Math.floor(MAX_CHUNK_BYTES / Math.max(asked ?? 0, answered ?? 0));
  return { rowCount, rowsPerChunk: Math.max(1, Math.min(MAX_CHUNK_ROWS, rowsThatFit)) };
}
