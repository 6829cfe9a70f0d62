/** How far a score is, as a person or a log is told. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Progress } from '../../../src/cli/progress.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function begin(rowCount: number, isTTY: boolean) {
  const written: string[] = [];
  const terminal = { isTTY, write: (text: string) => written.push(text) };
  return { progress: new Progress({ name: 'm', total: rowCount, unit: 'rows', terminal }), written };
}

test('without a terminal, a line every ten seconds has the rows, the rate and the time left', () => {
  const { progress, written } = begin(100_000, false);
  progress.add(2_000);
  expect(written).toEqual([]);
  vi.advanceTimersByTime(10_000);
  progress.add(80_000);
  vi.advanceTimersByTime(10_000);
  expect(written).toEqual([
    'm: 2000 of 100000 rows, 200 rows/s, 9 min left\n',
    'm: 82000 of 100000 rows, 4100 rows/s, 5 s left\n',
  ]);
  progress.end();
  vi.advanceTimersByTime(60_000);
  expect(written).toHaveLength(2);
});

test('a score that goes on says from which row, and its rate has no earlier rows', () => {
  const { progress, written } = begin(100_000, false);
  progress.savedBefore(40_000, 30_000);
  vi.advanceTimersByTime(10_000);
  progress.add(20_000);
  vi.advanceTimersByTime(10_000);
  progress.end();
  expect(written).toEqual([
    'going on from row 30001: 40000 of 100000 rows were scored before\n',
    'm: 40000 of 100000 rows, 0 rows/s\n',
    'm: 60000 of 100000 rows, 1000 rows/s, 40 s left\n',
  ]);
});

test('on a terminal one line changes', () => {
  const { progress, written } = begin(10, true);
  progress.savedBefore(10, 10);
  vi.advanceTimersByTime(60_000);
  progress.end();
  expect(written).toEqual([
    'nothing is left to score: 10 of 10 rows were scored before\n',
    expect.stringMatching(/^\rm █+ 100 % {2}10 of 10 rows/),
    '\n',
  ]);
});
