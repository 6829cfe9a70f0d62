/** How long a request may take to arrive. */
import { expect, test } from 'vitest';
import { arrivalMs, longestArrivalMs } from '../../../src/edge/arrivalTime.ts';

const MIB = 1024 * 1024;
const CONFIG = { requestTimeoutMs: 30_000, blobMaxBytes: 8 * MIB, blobMaxUploadBytes: 64 * MIB };

test.each([
  ['POST', '/graphql', String(MIB), 30_000],
  ['GET', '/blobs/a1', undefined, 30_000],
  ['PUT', '/graphql', String(MIB), 30_000],
  ['PUT', '/blobs', String(MIB), 46_000],
  ['PUT', '/blobs/a1?x', undefined, 158_000],
  ['PUT', '/blobs', String(1_000 * MIB), 158_000],
  ['PUT', '/artifacts/a1', String(1_000 * MIB), 1_054_000],
  ['PUT', '/tasks/a1/outputs/b', String(MIB), 30_000],
])('%s of %s with content-length %s', (method, url, length, expected) => {
  expect(arrivalMs({ method, url, headers: { 'content-length': length } }, CONFIG)).toBe(expected);
  expect(longestArrivalMs(CONFIG)).toBe(1_054_000);
});
