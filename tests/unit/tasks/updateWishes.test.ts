/** When workers are told that changes of tasks are watched. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Broker } from '../../../src/broker/broker.ts';
import { UpdateWishes } from '../../../src/tasks/updateWishes.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

function open() {
  const told: string[] = [];
  const notices = { wantUpdates: (home: string) => told.push(home) } as unknown as Broker['notices'];
  return { told, wishes: new UpdateWishes({ broker: { notices } }) };
}

test('the first watch of a home is told at once, further ones are not', () => {
  const { told, wishes } = open();
  using _first = wishes.add('a');
  using _second = wishes.add('a');
  using _other = wishes.add('b');
  expect(told).toEqual(['a', 'b']);
});

test('a home is told again as long as it has a watch', () => {
  const { told, wishes } = open();
  const first = wishes.add('a');
  using second = wishes.add('a');
  first[Symbol.dispose]();
  vi.advanceTimersByTime(4_000);
  expect(told).toEqual(['a', 'a', 'a']);
  second[Symbol.dispose]();
  vi.advanceTimersByTime(10_000);
  expect(told).toHaveLength(3);
  expect(vi.getTimerCount()).toBe(0);
});
