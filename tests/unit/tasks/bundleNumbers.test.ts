/** The numbers of bundles are used once, whatever the clock does. */
import { expect, test } from 'vitest';
import { BundleNumbers } from '../../../src/tasks/bundleNumbers.ts';

test('each number is higher than the one before, also if the clock stands still or goes back', () => {
  const numbers = new BundleNumbers();
  expect([1_000.05, 1_000.19, 1_000.19, 900, 1_000.5].map((now) => numbers.next(now))).toEqual([
    10_000, 10_001, 10_002, 10_003, 10_005,
  ]);
});
