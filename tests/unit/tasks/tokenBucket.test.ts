/** Rates: so much in a window of time. */
import { expect, test } from 'vitest';
import { TokenBucket } from '../../../src/tasks/tokenBucket.ts';

function bucketOf(windowMs: number) {
  let now = 0;
  const bucket = new TokenBucket(windowMs, () => now);
  return { bucket, pass: (ms: number) => (now += ms) };
}

test('the limit of a window may be taken at once, and then as it comes back', () => {
  const { bucket, pass } = bucketOf(1_000);
  bucket.take(10, 10);
  expect(bucket.waitMs(10, 1)).toBe(100);
  pass(99);
  expect(bucket.waitMs(10, 1)).toBe(1);
  pass(1);
  expect(bucket.waitMs(10, 1)).toBe(0);
  bucket.take(10, 1);
  pass(10_000);
  expect(bucket.taken(10)).toBe(0);
});

test('what is taken beyond the limit has to be paid off first', () => {
  const { bucket, pass } = bucketOf(60_000);
  bucket.take(60, 180);
  expect(bucket.waitMs(60, 1)).toBe(121_000);
  expect(bucket.fullInMs(60)).toBe(180_000);
  pass(121_000);
  expect(bucket.waitMs(60, 1)).toBe(0);
});

test('more than the limit may be taken while nothing else is', () => {
  const { bucket } = bucketOf(60_000);
  expect(bucket.waitMs(60, 500)).toBe(0);
  bucket.take(60, 1);
  expect(bucket.waitMs(60, 500)).toBe(1_000);
});

test('what is taken after a pause is not paid off by the pause', () => {
  const { bucket, pass } = bucketOf(60_000);
  pass(60_000);
  bucket.take(60, 60);
  expect(bucket.waitMs(60, 1)).toBe(1_000);
});
