import { expect, test } from 'vitest';
import { errorOf } from '../../../src/evaluation/actualError.ts';

test('the error of a task is that of its number, or the mean over its vector', () => {
  expect(errorOf(10, 7)).toEqual({ absolute: 3, squared: 9 });
  expect(errorOf([1, 2, 3, 4], [1, 4, 3, 0])).toEqual({ absolute: 1.5, squared: 5 });
});
