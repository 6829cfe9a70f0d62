/** The results of the rows of one chunk, while a worker runs them. */
import { expect, test } from 'vitest';
import type { Manifest } from '../../../src/models/manifest.ts';
import { ChunkRows } from '../../../workers/chunkRows.ts';

const manifest = { outputs: [{ name: 'price', tensor: 't', type: 'float32' }] } as unknown as Manifest;

test('the result of a chunk has the values of all its runs, and each failed row with its index among all rows', () => {
  const rows = new ChunkRows(manifest, 1_000, 4);
  rows.addRun([0, 2], { columns: new Map([['price', [1.5, Number.NaN]]]), problems: new Map([[1, 'no']]) });
  rows.addPrediction(1, { price: 2.5 });
  rows.addError(3, { code: 'RUN_TIMEOUT', message: 'x'.repeat(1_000) });
  expect([rows.rowsDone, rows.rowsFailed]).toEqual([4, 2]);
  const job = { taskId: 't', chunk: 1 } as Parameters<typeof rows.result>[0];
  const { columns, errors } = rows.result(job, 0, 1);
  expect(columns).toEqual({ price: [1.5, 2.5, null, null] });
  expect(errors.map(({ row, code }) => [row, code])).toEqual([
    [1_002, 'INVALID_OUTPUT'],
    [1_003, 'RUN_TIMEOUT'],
  ]);
  expect(errors[1]?.message).toHaveLength(200);
});
