/** When the store of results is too full for new tasks. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { ResultAdmission } from '../../src/tasks/resultAdmission.ts';

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
])('with %s', async (_what, held, size, isFull) => {
  using admission = await openAdmission(() => Promise.resolve(held), { size, endedCount: 50 });
  expect(admission.isFull).toBe(isFull);
});

test('ends that were heard count until the store is looked at again, and then are part of what it holds', async () => {
  let held = { messages: 890, bytes: 1 };
  const open = { size: 0, endedCount: 7 };
  using admission = await openAdmission(() => Promise.resolve(held), open);
  expect(admission.isFull).toBe(false);
  open.endedCount += 10;
  expect(admission.isFull).toBe(true);
  held = { messages: 899, bytes: 1 };
  await admission.look();
  expect(admission.isFull).toBe(false);
});

test('an end that is heard while the answer is on its way counts', async () => {
  const open = { size: 1, endedCount: 0 };
  using admission = await openAdmission(async () => {
    open.size--;
    open.endedCount++;
    return { messages: 899, bytes: 1 };
  }, open);
  expect(admission.isFull).toBe(true);
});

test('a store that cannot be read is believed to hold what it held', async () => {
  let broken = false;
  const read = async () => {
    if (broken) throw new Error('the broker does not answer');
    return { messages: 900, bytes: 1 };
  };
  using admission = await openAdmission(read, { size: 0, endedCount: 0 });
  broken = true;
  await admission.look();
  expect(admission.isFull).toBe(true);
});

function openAdmission(
  readResultsHeld: () => Promise<{ messages: number; bytes: number }>,
  open: { size: number; endedCount: number },
): Promise<ResultAdmission> {
  const broker = { readResultsHeld, onConnectionChange: () => ({ [Symbol.dispose]() {} }) };
  return ResultAdmission.open({ broker, open, limits: LIMITS, log: pino({ level: 'silent' }) });
}
