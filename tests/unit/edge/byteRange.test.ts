/** The part of some bytes that a `Range` header asks for. */
import { expect, test } from 'vitest';
import { readRange } from '../../../src/edge/byteRange.ts';

const LENGTH = 1_000;

test.each([
  ['bytes=0-99', { from: 0, to: 100 }],
  ['bytes=999-', { from: 999, to: 1_000 }],
  ['bytes=10-5000', { from: 10, to: 1_000 }],
  ['bytes=-1', { from: 999, to: 1_000 }],
  ['bytes=-5000', { from: 0, to: 1_000 }],
])('%s is a part', (header, part) => {
  expect(readRange(header, LENGTH)).toEqual(part);
});

test.each(['bytes=1000-', 'bytes=1000-2000', 'bytes=-0'])('%s lies behind the end', (header) => {
  expect(readRange(header, LENGTH)).toBe('unsatisfiable');
});

test.each([
  undefined,
  '',
  'bytes=',
  'bytes=-',
  'bytes=5-4',
  'bytes=0-1,3-4',
  'lines=0-1',
  'bytes=0x1-2',
  ' bytes=0-1',
])('with %j all bytes are sent', (header) => {
  expect(readRange(header, LENGTH)).toBeUndefined();
});

test('no range lies within no bytes', () => {
  expect(['bytes=0-', 'bytes=-1'].map((header) => readRange(header, 0))).toEqual([
    ...['unsatisfiable', 'unsatisfiable'],
  ]);
});
