/** What the outputs of a task may take in the store of blobs, before they are known. */
import { expect, test } from 'vitest';
import { storedBytesOf } from '../../../src/contract/blob.ts';
import type { Value } from '../../../src/contract/values.ts';
import { largestBlobBytes } from '../../../src/models/outputBytes.ts';

const KIB = 1024;
const FIELD = { name: 'x', tensor: 'x', description: '' } as const;
const FLOATS = { ...FIELD, type: 'float32' } as const;
const INPUTS = [{ ...FLOATS, shape: ['n'] }];
const AXES = { n: { minimum: 1, maximum: 1_000_000 }, m: { minimum: 1, maximum: 200_000 } };
const PICTURE = { ...FLOATS, kind: 'image', layout: 'HWC', colors: 'RGB', range: [0, 1] } as const;

function bytesOf(outputs: Parameters<typeof largestBlobBytes>[0]['outputs'], n = 1): number {
  const value = { shape: [n], base64: '' } satisfies Value;
  return largestBlobBytes({ inputs: INPUTS, outputs, axes: AXES }, () => value);
}

test('outputs that fit into messages, texts and single numbers take nothing', () => {
  const number = { ...FLOATS, unit: '' };
  const texts = { ...FIELD, type: 'string', shape: [10_000_000] } as const;
  expect(bytesOf([{ ...FLOATS, shape: [60 * KIB] }])).toBe(0);
  expect(bytesOf([number, texts])).toBe(0);
});

test('a large output takes its elements and what its messages take', () => {
  expect(bytesOf([{ ...FLOATS, shape: [100 * KIB] }])).toBe(storedBytesOf(400 * KIB));
  expect(bytesOf([{ ...FIELD, type: 'boolean', shape: [300 * KIB] }])).toBe(storedBytesOf(300 * KIB));
  // Two of them share the bytes of a message.
  const half = { ...FLOATS, shape: [40 * KIB] };
  expect(bytesOf([half, half])).toBe(2 * storedBytesOf(160 * KIB));
});

test('a dimension that an input names has its size there, another its maximum', () => {
  expect(bytesOf([{ ...FLOATS, shape: ['n', 2] }], 100 * KIB)).toBe(storedBytesOf(800 * KIB));
  expect(bytesOf([{ ...FLOATS, shape: ['n', 2] }], 10)).toBe(0);
  expect(bytesOf([{ ...FLOATS, shape: ['m'] }])).toBe(storedBytesOf(800_000));
});

test('a picture takes a byte for each element at most', () => {
  expect(bytesOf([{ ...PICTURE, shape: [1_000, 1_000, 3] }])).toBe(storedBytesOf(3_000_000));
});
