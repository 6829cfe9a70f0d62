import { expect, test } from 'vitest';
import { RowBatchProgress } from '../../../src/tasks/rowBatchProgress.ts';

test('progress is shown at most four times a second, and never goes back', () => {
  const progress = new RowBatchProgress();
  const start = { rowCount: 2_000, rowsPerChunk: 1_000, rowsDone: 0, rowsFailed: 0 };
  const first = progress.add(start, { chunk: 0, rowsDone: 500, rowsFailed: 1 }, 1_000);
  expect(first).toMatchObject({ rowsDone: 500, rowsFailed: 1, secondsLeft: 3 });
  expect(progress.takeNews(0)).toBe(true);
  const second = progress.add(first, { chunk: 1, rowsDone: 100, rowsFailed: 0 }, 1_200);
  expect(second.rowsDone).toBe(600);
  expect([progress.takeNews(100), progress.takeNews(250), progress.takeNews(600)]).toEqual([
    false,
    true,
    false,
  ]);
  // The worker of chunk 0 has died, and another begins anew.
  expect(progress.add(second, { chunk: 0, rowsDone: 0, rowsFailed: 0 }, 1_300).rowsDone).toBe(600);
});
