import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Measured } from '../../../src/tasks/measured.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function slowQuestion(tookMs: number) {
  return vi.fn(() => new Promise<string>((resolve) => setTimeout(resolve, tookMs, 'answer')));
}

test('an answer counts for a second', async () => {
  const ask = slowQuestion(300);
  const measured = new Measured(ask);
  await Promise.all([measured.get(), vi.advanceTimersByTimeAsync(999)]);
  await measured.get();
  expect(ask).toHaveBeenCalledTimes(1);

  await vi.advanceTimersByTimeAsync(1);
  await Promise.all([measured.get(), vi.advanceTimersByTimeAsync(300)]);
  expect(ask).toHaveBeenCalledTimes(2);
});

test('an answer counts for longer if it took long, so that asking takes its share of the time only', async () => {
  const ask = slowQuestion(300);
  const measured = new Measured(ask, { share: 0.05 });
  await Promise.all([measured.get(), vi.advanceTimersByTimeAsync(5_999)]);
  await measured.get();
  expect(ask).toHaveBeenCalledTimes(1);

  await vi.advanceTimersByTimeAsync(1);
  await Promise.all([measured.get(), vi.advanceTimersByTimeAsync(300)]);
  expect(ask).toHaveBeenCalledTimes(2);
});

test('callers that come during a long question wait for the same answer', async () => {
  const ask = slowQuestion(3_000);
  const measured = new Measured(ask);
  const first = measured.get();
  await vi.advanceTimersByTimeAsync(2_000);
  const second = measured.get();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await Promise.all([first, second])).toEqual(['answer', 'answer']);
  expect(ask).toHaveBeenCalledTimes(1);
});
