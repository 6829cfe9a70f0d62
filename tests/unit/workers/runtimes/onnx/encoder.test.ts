/** Rows as the tensors of a session, and its outputs as rows. */
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../../../../src/models/manifest.ts';
import { decodeBatch } from '../../../../../workers/runtimes/onnx/decoder.ts';
import { encodeBatch } from '../../../../../workers/runtimes/onnx/encoder.ts';

function rows(count: number) {
  return { count, runCount: count, sizes: undefined };
}

const field = { unit: 'parts', description: '' } as const;

const manifest = {
  inputs: [
    { ...field, name: 'count', tensor: 'n', type: 'int64', minimum: 0, maximum: 9 },
    { ...field, name: 'share', tensor: 's', type: 'float32', minimum: 0, maximum: 1 },
  ],
  outputs: [
    { ...field, name: 'price', tensor: 'p', type: 'float32' },
    { ...field, name: 'rank', tensor: 'r', type: 'int64' },
  ],
  masks: [],
  batching: {},
} as unknown as Manifest;

describe('encodeBatch and decodeBatch', () => {
  test('put rows into columns by tensor name, and columns into rows by GraphQL name', () => {
    const { columns } = encodeBatch(manifest, [
      { count: 1, share: 0.5 },
      { share: 0.25, count: 2 },
    ]);
    expect(columns).toEqual({
      n: { type: 'int64', data: BigInt64Array.of(1n, 2n), dims: [2] },
      s: { type: 'float32', data: Float32Array.of(0.5, 0.25), dims: [2] },
    });
    const outputs = {
      p: { data: Float32Array.of(1.5, 2.5), dims: [2, 1] },
      r: { data: BigInt64Array.of(7n, 8n), dims: [2] },
    };
    expect(decodeBatch(manifest, { outputs }, rows(2))).toEqual([
      { price: 1.5, rank: 7 },
      { price: 2.5, rank: 8 },
    ]);
  });

  test('fail a row with an output that is not finite, and no other row', () => {
    const outputs = {
      p: { data: Float32Array.of(1.5, Number.NaN, Number.POSITIVE_INFINITY), dims: [3] },
      r: { data: BigInt64Array.of(7n, 8n, 9n), dims: [3] },
    };
    expect(decodeBatch(manifest, { outputs }, rows(3))).toEqual([
      { price: 1.5, rank: 7 },
      'price must be a finite number, got NaN',
      'price must be a finite number, got Infinity',
    ]);
  });

  test('refuse outputs of another shape', () => {
    const r = { data: BigInt64Array.of(7n), dims: [1] };
    const wrong = [
      { r },
      { r, p: { data: Float32Array.of(1, 2), dims: [2] } },
      { r, p: { data: Float32Array.of(1, 2), dims: [1, 2] } },
    ];
    const got = ['none', '[2]', '[1, 2]'];
    for (const [i, outputs] of wrong.entries()) {
      expect(() => decodeBatch(manifest, { outputs }, rows(1))).toThrow(
        `output p must have shape [1], got ${got[i]}`,
      );
    }
  });
});

describe('the kinds beside numbers', () => {
  const kinds = {
    inputs: [
      { name: 'sizes', tensor: 'v', type: 'float32', size: 2 },
      { name: 'title', tensor: 't', type: 'string' },
      { name: 'colour', tensor: 'c', type: 'enum', values: [{ name: 'BLUE', value: 'Blue' }] },
      { name: 'rank', tensor: 'k', type: 'enum', values: [{ name: 'LOW', value: -1 }] },
      { name: 'isNew', tensor: 'b', type: 'boolean' },
      { name: 'pickupAt', tensor: 'd', type: 'dateTime' },
    ],
    outputs: [
      { name: 'shares', tensor: 'v', type: 'float64', size: 2 },
      { name: 'label', tensor: 't', type: 'string' },
      { name: 'isGood', tensor: 'b', type: 'boolean' },
    ],
    masks: [],
    batching: {},
  } as unknown as Manifest;

  test('are encoded as ONNX takes them', () => {
    const row = { title: 'a', colour: 'BLUE', rank: 'LOW', pickupAt: '1970-01-01T00:00:01' };
    expect(
      encodeBatch(kinds, [
        { ...row, sizes: [1, 2], isNew: true },
        { ...row, sizes: [3, 4], isNew: false },
      ]).columns,
    ).toEqual({
      v: { type: 'float32', data: Float32Array.of(1, 2, 3, 4), dims: [2, 2] },
      t: { type: 'string', data: ['a', 'a'], dims: [2] },
      c: { type: 'string', data: ['Blue', 'Blue'], dims: [2] },
      k: { type: 'int64', data: BigInt64Array.of(-1n, -1n), dims: [2] },
      b: { type: 'bool', data: Uint8Array.of(1, 0), dims: [2] },
      d: { type: 'int64', data: BigInt64Array.of(1n, 1n), dims: [2] },
    });
  });

  const t = { data: ['a', 'b'], dims: [2, 1] };
  const b = { data: Uint8Array.of(0, 1), dims: [2] };

  test('are decoded as GraphQL shows them', () => {
    const v = { data: Float64Array.of(1, 2, 3, 4), dims: [2, 2] };
    expect(decodeBatch(kinds, { outputs: { v, t, b } }, rows(2))).toEqual([
      { shares: [1, 2], label: 'a', isGood: false },
      { shares: [3, 4], label: 'b', isGood: true },
    ]);
  });

  test('fail a row with a vector that is not finite, and no other row', () => {
    const v = { data: Float64Array.of(1, Number.NaN, 3, 4), dims: [2, 2] };
    expect(decodeBatch(kinds, { outputs: { v, t, b } }, rows(2))).toEqual([
      'shares must be finite numbers, got NaN',
      { shares: [3, 4], label: 'b', isGood: true },
    ]);
  });

  test('fail a row with a text that is too long, and no other row', () => {
    const v = { data: Float64Array.of(1, 2, 3, 4), dims: [2, 2] };
    const long = { data: ['a', 'b'.repeat(1_001)], dims: [2] };
    expect(decodeBatch(kinds, { outputs: { v, t: long, b } }, rows(2))).toEqual([
      { shares: [1, 2], label: 'a', isGood: false },
      'label must be a text of at most 1000 characters, got 1001',
    ]);
  });

  test.each([
    [[4], '[4]'],
    [[2, 1], '[2, 1]'],
    [[2, 2, 1], '[2, 2, 1]'],
  ])('refuse a vector of shape %j', (dims, got) => {
    const v = { data: Float64Array.of(1, 2, 3, 4), dims };
    expect(() => decodeBatch(kinds, { outputs: { v, t, b } }, rows(2))).toThrow(
      `output v must have shape [2, 2], got ${got}`,
    );
  });
});
