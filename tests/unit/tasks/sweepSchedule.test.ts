/** When the sweeper looks into which queues. Time and the broker's answers are played. */
import { beforeEach, expect, test, vi } from 'vitest';
import type { Model } from '../../../src/models/models.ts';
import { type QueueLook, sweepSchedule } from '../../../src/tasks/sweepSchedule.ts';
import { SILENT } from '../../support/models.ts';

const MODELS = ['a', 'b'].map((name) => ({ manifest: { name } })) as unknown as readonly Model[];

const played = { connected: true, empty: new Set<string>(), isAway: false, questions: 0 };
const sleeps: number[] = [];

vi.mock('node:timers/promises', () => ({ setTimeout: async (ms: number) => void sleeps.push(ms) }));

beforeEach(() => {
  Object.assign(played, { connected: true, empty: new Set(), isAway: false, questions: 0 });
  sleeps.length = 0;
});

function openSchedule() {
  const stop = new AbortController();
  const schedule = sweepSchedule({
    broker: {
      get connected() {
        return played.connected;
      },
      now: () => 5_000,
      emptyQueues: async () => {
        played.questions++;
        if (played.isAway) throw new Error('away');
        return played.empty;
      },
    },
    models: MODELS,
    log: SILENT,
    signal: stop.signal,
  });
  const next = async (): Promise<QueueLook> => {
    const { value } = await schedule.next();
    if (value === undefined) throw new Error('the schedule has ended');
    return value;
  };
  return { next, stop, schedule };
}

test('queues are looked at twice a second while one holds jobs, and every 2.5 s while all are empty', async () => {
  const { next } = openSchedule();
  played.empty = new Set(['a']);
  expect(await next()).toEqual({ askedAt: 5_000, empty: ['a'], filled: ['b'] });
  played.empty = new Set(['a', 'b']);
  expect(await next()).toMatchObject({ filled: [] });
  await next();
  played.empty = new Set();
  await next();
  await next();
  expect(sleeps).toEqual([500, 500, 2_500, 2_500, 500]);
});

test('queues that the broker cannot tell of count as filled', async () => {
  const { next } = openSchedule();
  played.isAway = true;
  expect(await next()).toMatchObject({ empty: [], filled: ['a', 'b'] });
});

test('the schedule ends when it is told to', async () => {
  const { next, stop, schedule } = openSchedule();
  await next();
  stop.abort();
  expect(await schedule.next()).toMatchObject({ done: true });
});
