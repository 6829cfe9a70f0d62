/** The figures that benchmarks make of their measurements. */
import { expect, test } from 'vitest';
import { median, pairedRatios, percentile, poissonInstants } from '../../bench/numbers.ts';
import { seededRandom } from '../../support/random.ts';

test('a percentile is the smallest measured value that enough others do not exceed', () => {
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

test('each ratio is that of two runs that followed each other', () => {
  expect(pairedRatios([10, 5], [20, 10])).toEqual([0.5, 0.5]);
});
