import { expect, test } from 'vitest';
import { chunkCountOf, rowsOfChunk } from '../../../src/contract/rowBatchShape.ts';

test('chunks cover every row once', () => {
  const shape = { rowCount: 2_345, rowsPerChunk: 1_000 };
  const chunks = Array.from({ length: chunkCountOf(shape) }, (_, chunk) => rowsOfChunk(shape, chunk));
  expect(chunks).toEqual([
    { from: 0, to: 1_000 },
    { from: 1_000, to: 2_000 },
    { from: 2_000, to: 2_345 },
  ]);
});
