import { expect, test } from 'vitest';
import { isComparable, LARGEST_COMPARED } from '../../../src/contract/values.ts';

test.each([
  ['numbers', 1, 2, true],
  ['the largest numbers', -LARGEST_COMPARED, LARGEST_COMPARED, true],
  ['larger numbers', 1, 1e39, false],
  ['what is not finite', Number.NaN, 1, false],
  ['vectors of one length', [1, 2], [3, 4], true],
  ['vectors of two lengths', [1, 2], [3], false],
  ['empty vectors', [], [], false],
  ['a vector with a text', [1, 'a'], [1, 2], false],
  ['a number and a vector', 1, [1], false],
  ['texts', 'a', 'a', false],
  ['what is not there', undefined, 1, false],
])(
  'a prediction and a truth can be compared, or not, if they are %s: %j and %j',
  (_what, predicted, value, comparable) => {
    expect(isComparable(predicted, value)).toBe(comparable);
  },
);
