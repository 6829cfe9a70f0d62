/** How many jobs of a model are unfinished in all gateways. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Broker } from '../../../src/broker/broker.ts';
import type { QueuedNotice } from '../../../src/contract/messages/notices.ts';
import type { Model } from '../../../src/models/models.ts';
import { QueuedJobs } from '../../../src/tasks/queuedJobs.ts';

const models = ['m', 'n'].map((name) => ({ manifest: { name } })) as unknown as readonly Model[];

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => void vi.useRealTimers());

function open(counts: Record<string, number>) {
  const told: QueuedNotice[] = [];
  let hear: (notice: QueuedNotice) => void = () => {};
  const notices = {
    announceQueued: (notice: QueuedNotice) => told.push(notice),
    listenQueued: (listener: typeof hear) => {
      hear = listener;
      return { [Symbol.dispose]() {} };
    },
  } as unknown as Broker['notices'];
  const ownJobs = (model: string) => counts[model] ?? 0;
  const queued = new QueuedJobs({ broker: { notices }, home: 'a', models, open: { ownJobs } });
  return { queued, told, hear: (notice: QueuedNotice) => hear(notice) };
}

test('the jobs of other gateways count until they are told no more', () => {
  const { queued, hear } = open({ m: 2 });
  expect(queued.of('m')).toBe(2);
  hear({ home: 'b', jobs: { m: 3, n: 1 } });
  hear({ home: 'a', jobs: { m: 100 } });
  expect([queued.of('m'), queued.of('n')]).toEqual([5, 1]);
  hear({ home: 'b', jobs: { m: 1 } });
  expect([queued.of('m'), queued.of('n')]).toEqual([3, 0]);
  vi.advanceTimersByTime(4_000);
  expect(queued.of('m')).toBe(2);
});

test('a gateway tells its jobs every second while it has any, and once more when it has none', () => {
  const counts: Record<string, number> = {};
  const { queued, told } = open(counts);
  vi.advanceTimersByTime(2_000);
  expect(told).toEqual([]);
  counts.m = 2;
  vi.advanceTimersByTime(2_000);
  counts.m = 0;
  vi.advanceTimersByTime(3_000);
  const two = { home: 'a', jobs: { m: 2 } };
  expect(told).toEqual([two, two, { home: 'a', jobs: {} }]);
  queued[Symbol.dispose]();
});
