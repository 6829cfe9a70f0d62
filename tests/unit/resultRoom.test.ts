/** When the store of results is too full for new tasks. */
import { expect, test } from 'vitest';
import { ResultRoom } from '../../src/resultRoom.ts';

const LIMITS = { resultMaxCount: 1_000, resultMaxBytes: 1_000_000 };

test.each([
  ['899 results', { messages: 899, bytes: 1 }, 0, false],
  ['900 results', { messages: 900, bytes: 1 }, 0, true],
  ['800 results and 99 tasks to come', { messages: 800, bytes: 1 }, 99, false],
  ['800 results and 100 tasks to come', { messages: 800, bytes: 1 }, 100, true],
  ['899,999 bytes', { messages: 1, bytes: 899_999 }, 0, false],
  ['900,000 bytes', { messages: 1, bytes: 900_000 }, 0, true],
  ['100 results of 8 KB and 12 such to come', { messages: 100, bytes: 800_000 }, 12, false],
  ['100 results of 8 KB and 13 such to come', { messages: 100, bytes: 800_000 }, 13, true],
])('with %s', (_what, resultsHeld, size, isFull) => {
  const room = new ResultRoom({ broker: { resultsHeld }, open: { size, endedCount: 50 }, limits: LIMITS });
  expect(room.isFull).toBe(isFull);
});

test('ends that were heard count until the store is read again, and then are part of what it holds', () => {
  const broker = { resultsHeld: { messages: 890, bytes: 1 } };
  const open = { size: 0, endedCount: 7 };
  const room = new ResultRoom({ broker, open, limits: LIMITS });
  expect(room.isFull).toBe(false);
  open.endedCount += 10;
  expect(room.isFull).toBe(true);
  broker.resultsHeld = { messages: 899, bytes: 1 };
  expect(room.isFull).toBe(false);
});
