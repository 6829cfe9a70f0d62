/** When a version has a host of its own. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Isolation } from '../../../workers/isolation.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An isolation, and how often it has ended. */
function isolate(forGood = false) {
  const told = { ends: 0 };
  return { isolation: new Isolation({ forGood, onEnd: () => told.ends++ }), told };
}

test('a version that has killed its host once is alone for a minute, and is told its end', () => {
  const { isolation, told } = isolate();
  expect(isolation.isOn).toBe(false);
  isolation.addKill();
  vi.advanceTimersByTime(59_999);
  expect([isolation.isOn, told.ends]).toEqual([true, 0]);
  vi.advanceTimersByTime(1);
  expect([isolation.isOn, told.ends]).toEqual([false, 1]);
});

test('a version that has killed two hosts is alone for good, however far apart the two were', () => {
  const { isolation, told } = isolate();
  isolation.addKill();
  vi.advanceTimersByTime(3_600_000);
  isolation.addKill();
  vi.advanceTimersByTime(3_600_000);
  expect([isolation.isOn, told.ends]).toEqual([true, 1]);
});

test('each suspect that runs starts the minute again', () => {
  const { isolation } = isolate();
  isolation.keepForATime();
  vi.advanceTimersByTime(40_000);
  isolation.keepForATime();
  vi.advanceTimersByTime(40_000);
  expect(isolation.isOn).toBe(true);
  vi.advanceTimersByTime(20_000);
  expect(isolation.isOn).toBe(false);
});

test('a version that is alone for good stays so when a suspect runs', () => {
  const { isolation, told } = isolate(true);
  isolation.keepForATime();
  vi.advanceTimersByTime(3_600_000);
  expect([isolation.isOn, told.ends]).toEqual([true, 0]);
});
