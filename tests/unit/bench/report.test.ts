/** The tables that benchmarks print. */
import { expect, test } from 'vitest';
import { comparison, table } from '../../bench/report.ts';

const outcome = {
  name: 'websocket',
  about: 'closed loop',
  repetitions: 3,
  figures: [
    {
      name: 'tasks/s',
      digits: 0,
      values: [11_000, 13_000, 12_000],
      against: [5_000, 6_500, 6_000],
      budget: { atLeast: 12_000 },
    },
    { name: 'latency p50, ms', digits: 2, values: [2, 1, 3], against: [1, 1, 1], budget: { atMost: 1.5 } },
  ],
};

test('the table shows minimum, median, maximum, and whether the median meets the budget', () => {
  expect(table(outcome).split('\n')).toEqual([
    '| websocket: closed loop; 3 × | minimum | median | maximum | budget |',
    '| --- | ---: | ---: | ---: | ---: |',
    '| tasks/s | 11,000 | 12,000 | 13,000 | ≥ 12,000 ✓ |',
    '| latency p50, ms | 1.00 | 2.00 | 3.00 | ≤ 1.5 ✗ |',
  ]);
});

test('the comparison shows both medians, and the ratios of the pairs', () => {
  expect(comparison(outcome, 'main').split('\n').slice(2)).toEqual([
    '| tasks/s | 12,000 | 6,000 | 2.00 (2.00 to 2.20) |',
    '| latency p50, ms | 2.00 | 1.00 | 2.00 (1.00 to 3.00) |',
  ]);
});

test('figures of rows share a table with a column for each name', () => {
  const figures = [
    { row: 'Tidings', name: 'tasks/s', digits: 0, values: [9, 8, 7] },
    { row: 'other', name: 'tasks/s', digits: 0, values: [4, 4, 4] },
    { row: 'other', name: 'Tidings / it', digits: 1, values: [2.2, 2, 1.8], budget: { atLeast: 2.5 } },
  ];
  expect(table({ ...outcome, figures }).split('\n')).toEqual([
    '| websocket: closed loop; 3 × | tasks/s | Tidings / it |',
    '| --- | ---: | ---: |',
    '| Tidings | 8 (7 to 9) |  |',
    '| other | 4 (4 to 4) | 2.0 (1.8 to 2.2) ≥ 2.5 ✗ |',
  ]);
  expect(comparison({ ...outcome, figures }, 'main')).toContain('| Tidings, tasks/s |');
});
