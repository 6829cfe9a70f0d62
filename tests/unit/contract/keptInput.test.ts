/** Which inputs a task keeps for its client. */
import { expect, test } from 'vitest';
import { keptInput, keptInputs } from '../../../src/contract/values.ts';

const LONGEST_TEXT = 'x'.repeat(1_023);
const LONGEST_LIST = Array.from({ length: 127 }, () => 0.5);

test.each<[string, unknown]>([
  ['a number', 1.5],
  ['a text of 1,023 characters', LONGEST_TEXT],
  ['true', true],
  ['a list of 127 numbers', LONGEST_LIST],
])('an input with %s is kept', (_what, value) => {
  expect(keptInput({ value })).toEqual({ value });
  expect(keptInputs({ value: [value, value] }, 2)).toEqual({ value: [value, value] });
});

test.each<[string, unknown]>([
  ['a longer text', `${LONGEST_TEXT}x`],
  ['a longer list', [...LONGEST_LIST, 1]],
  ['null', null],
  ['an object', { all: 1 }],
  ['a list with a text', [1, 'a']],
  ['a number beyond all numbers', Number.POSITIVE_INFINITY],
  ['such a number in a list', [Number.POSITIVE_INFINITY]],
])('an input with %s is not kept, and the one beside it is', (_what, value) => {
  expect(keptInput({ small: 1, value })).toBeUndefined();
  expect(keptInputs({ small: [1, 2], value: [value, 3] }, 2)).toEqual({ small: [null, 2], value: [null, 3] });
  expect(keptInputs({ value: [value] }, 1)).toBeUndefined();
});

test('an input without values, and columns of another length, are not kept', () => {
  expect(keptInput({})).toBeUndefined();
  expect(keptInputs({}, 2)).toBeUndefined();
  expect(keptInputs({ value: [1] }, 2)).toBeUndefined();
  expect(keptInputs({ value: { all: 1 } }, 2)).toBeUndefined();
});

test('small tensors are kept, and of larger ones and of blobs their size', () => {
  const small = { shape: [2], base64: 'AAAAPwAAwD8=' };
  const stored = { shape: [1, 3], blob: 'ab'.repeat(32), bytes: 12 };
  const input = {
    small,
    stored,
    large: { shape: [1_000], base64: Buffer.alloc(1_000, 1).toString('base64') },
    picture: { base64: Buffer.alloc(1_001, 1).toString('base64') },
    words: { shape: [2], texts: ['a', 'b'] },
    story: { shape: [1], texts: ['a'.repeat(2_000)] },
    count: 3,
  };
  const kept = {
    ...input,
    stored: { shape: [1, 3], bytes: 12 },
    large: { shape: [1_000], bytes: 1_000 },
    picture: { bytes: 1_001 },
    story: { shape: [1] },
  };
  expect(keptInput(input)).toEqual(kept);
  const columns = Object.fromEntries(Object.entries(input).map(([name, value]) => [name, [value]]));
  expect(keptInputs(columns, 1)).toEqual(
    Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, [value]])),
  );
});
