/** What the benchmarks make of what they measured. */
import { describe, expect, test } from 'vitest';
import { bodyOf } from '../../bench/httpConnection.ts';
import { closedLoop } from '../../bench/load.ts';
import { median, pairedRatios, percentile, poissonInstants } from '../../bench/numbers.ts';
import { processUse, secondsOf } from '../../bench/operatingSystem.ts';
import { questions } from '../../bench/questions.ts';
import { comparison, table } from '../../bench/report.ts';
import { seededRandom } from '../../support/random.ts';

test('a percentile is a value that was measured, the smallest that enough others do not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  expect([0, 0.5, 0.99, 0.995, 1].map((share) => percentile(hundred, share))).toEqual([1, 50, 99, 100, 100]);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([], 0.5)).toBeNaN();
});

test('the median of an even number of values is the mean of the two in the middle', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([9, 1, 5, 6])).toBe(5.5);
  expect(median([])).toBeNaN();
});

test('arrivals of a Poisson process have the mean gap asked for, and gaps that vary as much as they last', () => {
  const instants = poissonInstants(1_000, seededRandom(1)).take(20_000).toArray();
  const gaps = instants.map((instant, i) => instant - (instants[i - 1] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
  expect(mean).toBeCloseTo(1, 1);
  expect(deviation).toBeCloseTo(1, 1);
});

test('ratios are those of neighbours, so that a slow machine is in neither', () => {
  expect(pairedRatios([10, 5], [20, 10])).toEqual([0.5, 0.5]);
});

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

describe('the body of an HTTP answer', () => {
  test('ends where its length says', () => {
    expect(bodyOf('HTTP/1.1 200 OK\r\nContent-Length: 4', 'bod')).toBeUndefined();
    expect(bodyOf('HTTP/1.1 200 OK\r\nContent-Length: 4', 'body')).toBe('body');
  });

  test('ends with its last chunk', () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked';
    const chunked = '3\r\n:\n\n\r\nb\r\ndata: {}\n\n\n\r\n0\r\n\r\n';
    for (let i = 0; i < chunked.length; i++) expect(bodyOf(head, chunked.slice(0, i))).toBeUndefined();
    expect(bodyOf(head, chunked)).toBe(':\n\ndata: {}\n\n\n');
  });

  test('must have an end', () => {
    expect(() => bodyOf('HTTP/1.1 200 OK\r\nConnection: close', '')).toThrow('a body must have an end');
  });
});

test('an answer that is not the model’s is noticed, and so is none', () => {
  const { check } = questions({
    mutation: 'predict',
    inputType: 'Input',
    predictionType: 'Prediction',
    output: 'y',
    inputs: [{}, {}],
    expected: [1, 2],
    tolerance: 0.1,
  });
  check(3, { taskResult: { prediction: { y: 2.05 } } });
  expect(() => check(2, { taskResult: { prediction: { y: 2 } } })).toThrow('row 2 must give y 1');
  expect(() => check(0, { taskResult: { state: 'EXPIRED', prediction: null } })).toThrow('EXPIRED');
});

test('a closed loop asks each row once, counts what ends in its window, and tells of a failure', async () => {
  const asked: number[] = [];
  const enough = Promise.withResolvers<void>();
  const exchange = async (row: number) => {
    asked.push(row);
    if (asked.length === 100) enough.resolve();
    await new Promise(setImmediate);
  };
  {
    await using load = closedLoop([exchange, exchange]);
    const window = load.openWindow();
    await Promise.race([enough.promise, load.failed]);
    expect((await window.close()).length).toBeGreaterThan(90);
  }
  expect(asked.toSorted((a, b) => a - b)).toEqual(asked.map((_, i) => i));

  await using broken = closedLoop([() => Promise.reject(new Error('no answer'))]);
  await expect(broken.failed).rejects.toThrow('no answer');
});

test('a process is seen with what it uses', async () => {
  const { cpuSeconds, residentMiB, command } = await processUse(process.pid);
  expect(cpuSeconds).toBeGreaterThan(0);
  expect(residentMiB).toBeGreaterThan(10);
  expect(command).toContain('node');
  expect(['0:01.50', '2:03', '1:00:00', '1-00:00:01'].map(secondsOf)).toEqual([1.5, 123, 3_600, 86_401]);
});
