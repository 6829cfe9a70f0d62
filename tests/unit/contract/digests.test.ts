import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { columnsDigest, inputDigest } from '../../../src/contract/digests.ts';

const BYTES = Buffer.from('four');
const BLOB = { blob: createHash('sha256').update(BYTES).digest('hex'), bytes: BYTES.length };
const WRITTEN = { base64: BYTES.toString('base64') };

test('a request with bytes is the same request with the blob of these bytes', () => {
  const shape = [1];
  expect(inputDigest({ a: 1, b: WRITTEN }, '2')).toBe(inputDigest({ a: 1, b: BLOB }, '2'));
  expect(inputDigest({ a: { shape, ...WRITTEN } }, undefined)).toBe(
    inputDigest({ a: { shape, ...BLOB } }, undefined),
  );
  expect(columnsDigest({ a: ['text', WRITTEN] }, undefined)).toBe(
    columnsDigest({ a: ['text', BLOB] }, undefined),
  );
});

test('another value, another version, and a batch of one are other requests', () => {
  const digests = [
    inputDigest({ a: [1, 2] }, undefined),
    inputDigest({ a: [1, 3] }, undefined),
    inputDigest({ a: [1, 2] }, '1'),
    columnsDigest({ a: [[1, 2]] }, undefined),
  ];
  expect(new Set(digests).size).toBe(digests.length);
});
