import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BrokerClock } from '../../../src/broker/clock.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

test('the broker clock takes its time from the reply that was fastest', () => {
  const clock = new BrokerClock();
  const brokerAhead = 1_000_000;
  const now = performance.now();
  clock.learn(now + brokerAhead + 40, now - 100, now + 100);
  expect(clock.now() - performance.now()).toBeCloseTo(brokerAhead + 40, 1);
  clock.learn(now + brokerAhead, now - 1, now + 1);
  clock.learn(now + brokerAhead - 30, now - 80, now + 80);
  expect(clock.now() - performance.now()).toBeCloseTo(brokerAhead, 1);
  clock.forget();
  clock.learn(now + 5, now - 80, now + 80);
  expect(clock.now() - performance.now()).toBeCloseTo(5, 1);
});
