/** When the store of results is too full for new tasks. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { ResultAdmission } from '../../../src/tasks/resultAdmission.ts';

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
])('the store of results is full, or not, with %s', async (_what, held, size, isFull) => {
  using room = await openRoom(() => Promise.resolve(held), { size, endedCount: 50 });
  expect(room.isFull).toBe(isFull);
});

test('of tasks that share messages, each counts with its part of the bytes of one', async () => {
  const held = () => Promise.resolve({ messages: 100, bytes: 800_000 });
  using few = await openRoom(held, { size: 199, endedCount: 0, messagesPerEnd: 1 / 16 });
  expect(few.isFull).toBe(false);
  using many = await openRoom(held, { size: 200, endedCount: 0, messagesPerEnd: 1 / 16 });
  expect(many.isFull).toBe(true);
});

test('tasks that end between two looks at the store count until the next look, which includes them', async () => {
  let held = { messages: 890, bytes: 1 };
  const open = { size: 0, endedCount: 7 };
  using room = await openRoom(() => Promise.resolve(held), open);
  expect(room.isFull).toBe(false);
  open.endedCount += 10;
  expect(room.isFull).toBe(true);
  held = { messages: 899, bytes: 1 };
  await room.look();
  expect(room.isFull).toBe(false);
});

test('a task that ends while the store is read counts', async () => {
  const open = { size: 1, endedCount: 0 };
  using room = await openRoom(async () => {
    open.size--;
    open.endedCount++;
    return { messages: 899, bytes: 1 };
  }, open);
  expect(room.isFull).toBe(true);
});

test('a store that is smaller than its limit, because results of 0.2 are still there, is full earlier', async () => {
  const held = () => Promise.resolve({ messages: 1, bytes: 450_000, maxBytes: 500_000 });
  using room = await openRoom(held, { size: 0, endedCount: 0 });
  expect(room.isFull).toBe(true);
});

test('a store that cannot be read counts as full as at the last look', async () => {
  let broken = false;
  const read = async () => {
    if (broken) throw new Error('the broker does not answer');
    return { messages: 900, bytes: 1 };
  };
  using room = await openRoom(read, { size: 0, endedCount: 0 });
  broken = true;
  await room.look();
  expect(room.isFull).toBe(true);
});

function openRoom(
  read: () => Promise<{ messages: number; bytes: number; maxBytes?: number }>,
  open: { size: number; endedCount: number; messagesPerEnd?: number },
): Promise<ResultAdmission> {
  const readEndsHeld = async () => ({ maxBytes: LIMITS.resultMaxBytes, ...(await read()) });
  const broker = { readEndsHeld, onConnectionChange: () => ({ [Symbol.dispose]() {} }) };
  const followed = Object.assign(open, { messagesPerEnd: open.messagesPerEnd ?? 1 });
  return ResultAdmission.open({ broker, open: followed, limits: LIMITS, log: pino({ level: 'silent' }) });
}
