/** What owners use, in all gateways. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Broker } from '../../../src/broker/broker.ts';
import type { UsedNotice } from '../../../src/contract/messages/notices.ts';
import { OwnerCounts } from '../../../src/tasks/ownerCounts.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => void vi.useRealTimers());

function open() {
  const told: UsedNotice[] = [];
  const taken: unknown[] = [];
  let hear: (notice: UsedNotice) => void = () => {};
  const notices = {
    announceUsed: (notice: UsedNotice) => told.push(notice),
    listenUsed: (listener: typeof hear) => {
      hear = listener;
      return { [Symbol.dispose]() {} };
    },
  } as unknown as Broker['notices'];
  const counts = new OwnerCounts({ broker: { notices }, home: 'a', onTaken: (...what) => taken.push(what) });
  return { counts, told, taken, hear: (notice: UsedNotice) => hear(notice) };
}

test('what other gateways tell counts until they are silent, and a notice of our own does not', () => {
  const { counts, taken, hear } = open();
  const uses = [{ owner: 'ada', present: { tasks: 3 }, taken: { rate: 5 } }];
  counts.add('ada', 'tasks', 2);
  hear({ home: 'a', uses });
  expect(counts.of('ada', 'tasks')).toBe(2);
  hear({ home: 'b', uses });
  expect([counts.of('ada', 'tasks'), counts.of('bob', 'tasks')]).toEqual([5, 0]);
  expect(taken).toEqual([['ada', 'rate', 5]]);
  expect(counts.ownersWith('tasks', 5)).toEqual(['ada']);
  vi.advanceTimersByTime(5_000);
  expect(counts.of('ada', 'tasks')).toBe(2);
});

test('a gateway tells what owners use every second while they use something, and once more when they do not', () => {
  const { counts, told } = open();
  vi.advanceTimersByTime(2_000);
  expect(told).toEqual([]);
  counts.add('ada', 'tasks', 2);
  counts.take('ada', 'rate', 7);
  vi.advanceTimersByTime(2_000);
  counts.add('ada', 'tasks', -2);
  vi.advanceTimersByTime(3_000);
  expect(told.map(({ uses }) => uses)).toEqual([
    [{ owner: 'ada', present: { tasks: 2 }, taken: { rate: 7 } }],
    [{ owner: 'ada', present: { tasks: 2 }, taken: {} }],
    [{ owner: 'ada', present: {}, taken: {} }],
  ]);
});

test('more owners than a notice may have are told in several', () => {
  const { counts, told } = open();
  for (let i = 0; i < 2_500; i++) counts.add(`owner ${i}`, 'tasks', 1);
  vi.advanceTimersByTime(1_000);
  expect(told.map(({ uses }) => uses.length)).toEqual([1_000, 1_000, 500]);
});
