import { expect, test } from 'vitest';
import { psi } from '../../../src/data/psi.ts';

test('equal shares have the index 0, and it grows with their distance', () => {
  expect(psi([0.2, 0.3, 0.5], [0.2, 0.3, 0.5])).toBe(0);
  const near = psi([0.5, 0.5], [0.55, 0.45]);
  const far = psi([0.5, 0.5], [0.9, 0.1]);
  expect(near).toBeCloseTo(0.01, 3);
  expect(far).toBeCloseTo(0.879, 3);
});

test('a bin that has no rows on one side gives a large number, and no infinite one', () => {
  expect(psi([1, 0], [0, 1])).toBeCloseTo(18.42, 2);
  expect(psi([1, 0], [0, 1])).toBe(psi([0, 1], [1, 0]));
});
