import { expect, test } from 'vitest';
import { levelOf } from '../../../src/tasks/deadLetterShares.ts';

test('owners that have most come down to the same level, and those with less keep what they have', () => {
  expect(levelOf([100], 40)).toBe(40);
  expect(levelOf([100, 100, 100], 60)).toBe(20);
  expect(levelOf([100, 5, 80], 65)).toBe(30);
  expect(levelOf([5, 5], 10)).toBe(5);
  expect(levelOf([5, 5], 20)).toBe(Number.POSITIVE_INFINITY);
});
