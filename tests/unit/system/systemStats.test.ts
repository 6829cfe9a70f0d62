import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { brokerUnavailable } from '../../../src/contract/errors.ts';
import { SystemStats } from '../../../src/system/systemStats.ts';

function openStats() {
  const seen = { looks: 0, places: 0, isAway: false, now: 0 };
  const stats = new SystemStats({
    broker: { now: () => seen.now || seen.looks },
    stores: [],
    models: [],
    workers: { list: () => [] },
    queues: {
      list: async () => {
        if (seen.isAway) throw brokerUnavailable('it is not connected');
        return [];
      },
    },
    processes: {
      look: async () => {
        seen.looks++;
        return [];
      },
    },
    actuals: { liveErrorChanges: async () => [] },
    watches: {
      reserve: () => {
        seen.places++;
        return { [Symbol.dispose]: () => void seen.places-- };
      },
    },
  });
  return { stats, seen };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('the figures are computed once a second for all watchers, and a slow one gets the newest', async () => {
  const { stats, seen } = openStats();
  const [fast, slow] = [stats.watch({ owner: 'a' }), stats.watch({ owner: 'b' })];
  expect(seen.places).toBe(2);
  const first = await Promise.all([fast.next(), slow.next()]);
  expect(first.map(({ value }) => value.at)).toEqual([1, 1]);
  for (let second = 2; second <= 4; second++) {
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await fast.next()).value.at).toBe(second);
  }
  expect((await slow.next()).value.at).toBe(4);
  expect((await stats.present()).at).toBe(4);
  for (const watch of [fast, slow]) await watch.return?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(seen).toMatchObject({ looks: 4, places: 0 });
});

test('a gateway has 100 watchers of figures, of which an owner has a share', async () => {
  const { stats, seen } = openStats();
  const watches: AsyncIterableIterator<unknown>[] = [];
  const watchAs = (owner: string) => watches.push(stats.watch({ owner }));
  const isBusy = expect.objectContaining({ code: 'GATEWAY_BUSY' });
  expect(() => {
    for (;;) watchAs('a');
  }).toThrow(isBusy);
  expect(watches.length).toBeGreaterThanOrEqual(10);
  expect(watches.length).toBeLessThan(100);
  watchAs('b');
  for (let i = watches.length; i < 100; i++) watchAs(`owner-${i}`);
  expect(() => watchAs('c')).toThrow(isBusy);
  await watches.shift()?.return?.();
  watchAs('c');
  for (const watch of watches) await watch.return?.();
  expect(seen.places).toBe(0);
});

test('while the broker is away, watchers are told so instead of being cut off', async () => {
  const { stats, seen } = openStats();
  const watch = stats.watch({ owner: 'a' });
  expect((await watch.next()).value.alerts).toEqual([]);
  seen.isAway = true;
  seen.now = 10_000;
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await watch.next()).value).toMatchObject({ alerts: [], queues: [] });
  seen.now = 40_000;
  await vi.advanceTimersByTimeAsync(1_000);
  const { alerts } = (await watch.next()).value;
  expect(alerts).toMatchObject([{ name: 'TidingsBrokerUnreachable', since: 10_000 }]);
  stats[Symbol.dispose]();
  await expect(watch.next()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  expect(seen.places).toBe(0);
});

test('an alert fires at the first question, if its condition held while nobody watched', async () => {
  const { stats, seen } = openStats();
  seen.isAway = true;
  for (let second = 15; second <= 60; second += 15) {
    seen.now = second * 1_000;
    await vi.advanceTimersByTimeAsync(15_000);
  }
  expect(seen.looks).toBe(0);
  expect((await stats.present()).alerts).toMatchObject([{ name: 'TidingsBrokerUnreachable', since: 15_000 }]);
  stats[Symbol.dispose]();
});
