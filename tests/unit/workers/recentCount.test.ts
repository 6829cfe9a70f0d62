import { expect, test } from 'vitest';
import { RecentCount } from '../../../workers/recentCount.ts';

test('counts the events of the last minute, and no older ones', () => {
  let now = 5_500;
  const recent = new RecentCount(() => now);
  const addAt = (ms: number, count: number) => {
    now = ms;
    recent.add(count);
    return recent.total();
  };
  expect(recent.total()).toBe(0);
  expect(addAt(5_600, 2)).toBe(2);
  expect(addAt(30_000, 3)).toBe(5);
  expect(addAt(64_999, 1)).toBe(6);
  expect(addAt(65_000, 0)).toBe(4);
  expect(addAt(90_000, 0)).toBe(1);
  expect(addAt(10_000_000, 0)).toBe(0);
  expect(addAt(10_000_000, 7)).toBe(7);
});
