/** How long a pull rests for tasks. */
import { expect, test } from 'vitest';
import { PullRests } from '../../../workers/pullRests.ts';

test('a pull rests seven times as long as a piece took while tasks run, and no longer than 200 ms', async () => {
  const slots = { usedMs: 0 };
  const rested: number[] = [];
  let now = 0;
  const rests = new PullRests({
    slots,
    clock: () => now,
    wait: async (ms) => {
      rested.push(ms);
      now += ms;
    },
  });
  const piece = async (ms: number, ran: number) => {
    now += ms;
    slots.usedMs += ran;
    await rests.take(new AbortController().signal);
  };
  await piece(10, 0);
  expect(rested).toEqual([]);
  await piece(10, 2);
  await piece(20, 0);
  await piece(500, 2);
  expect(rested).toEqual([70, 140, 200]);
  await piece(1_000, 0);
  expect(rested).toHaveLength(3);
});
