import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LaneState } from '../../../src/broker/broker.ts';
import { Lane } from '../../../src/contract/subjects.ts';
import { type Task, TaskState } from '../../../src/contract/task.ts';
import { newBundleAddress, newRowAddress } from '../../../src/contract/taskId.ts';
import type { Model } from '../../../src/models/models.ts';
import { Places } from '../../../src/system/places.ts';
import { Queues } from '../../../src/system/queues.ts';

const MODEL = 'm';
const IDLE = { version: '1', waiting: 0, inHand: 0, left: 0, isPaused: false } as const;

/** A queue that a test fills. */
function queueOf(jobs: number) {
  const state = { lanes: [] as LaneState[], messages: 0, jobs, looks: 0 };
  const queues = new Queues({
    broker: {
      queues: {
        async read() {
          state.looks++;
          return { lanes: state.lanes, messages: state.messages };
        },
      },
    },
    models: [{ manifest: { name: MODEL } } as Model],
    queued: { of: () => state.jobs },
    workers: { list: () => [] },
  });
  return { state, queues };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the lanes of a queue', () => {
  test('count tasks where the broker counts messages, and chunks as they are', async () => {
    // Four bundles of 40 tasks, and a row batch of three chunks.
    const { state, queues } = queueOf(44);
    state.messages = 8;
    state.lanes = [
      { ...IDLE, lane: Lane.Interactive, waiting: 3, inHand: 1 },
      { ...IDLE, lane: Lane.Batch, waiting: 2, inHand: 1 },
    ];
    expect(await queues.list()).toMatchObject([
      { lane: 'interactive', waiting: 30, inHand: 10 },
      { lane: 'batch', waiting: 2, inHand: 1 },
    ]);
  });

  test('are read once a second, and tell the rate between two looks', async () => {
    const { state, queues } = queueOf(100);
    state.messages = 100;
    state.lanes = [{ ...IDLE, lane: Lane.Bulk, waiting: 100, left: 20 }];
    for (let i = 0; i < 3; i++) expect(await queues.list()).toMatchObject([{ endedPerSecond: undefined }]);
    expect(state.looks).toBe(1);
    vi.advanceTimersByTime(2_000);
    state.lanes = [{ ...IDLE, lane: Lane.Bulk, waiting: 80, left: 40 }];
    Object.assign(state, { messages: 80, jobs: 80 });
    const [lane] = await queues.list();
    expect(lane).toMatchObject({ endedPerSecond: 10, backlogSeconds: 8 });
  });

  test.each([
    ['nothing waits', { waiting: 0 }, { waiting: 0 }, 0],
    ['some wait and none has left yet', { waiting: 1 }, { waiting: 1 }, undefined],
    ['so many wait that all would expire', { waiting: 1e6 }, { waiting: 1e6, left: 4 }, 300],
  ])('have a backlog in seconds, at the second look, if %s', async (_what, before, after, backlogSeconds) => {
    const { state, queues } = queueOf(0);
    state.lanes = [{ ...IDLE, lane: Lane.Bulk, ...before }];
    await queues.list();
    vi.advanceTimersByTime(2_000);
    state.lanes = [{ ...IDLE, lane: Lane.Bulk, ...after }];
    expect(await queues.list()).toMatchObject([{ backlogSeconds }]);
  });

  test('that were idle have no backlog before a rate is known', async () => {
    const { state, queues } = queueOf(0);
    state.lanes = [{ ...IDLE, lane: Lane.Bulk }];
    await queues.list();
    vi.advanceTimersByTime(14_000);
    expect(await queues.list()).toMatchObject([{ endedPerSecond: 0, backlogSeconds: 0 }]);
    vi.advanceTimersByTime(1_000);
    state.lanes = [{ ...IDLE, lane: Lane.Bulk, waiting: 1 }];
    expect(await queues.list()).toMatchObject([{ endedPerSecond: undefined, backlogSeconds: undefined }]);
  });

  test('have the backlog of the longest time limit once none has left for 10 s, or for a minute', async () => {
    const { state, queues } = queueOf(0);
    state.lanes = [{ ...IDLE, lane: Lane.Bulk, waiting: 1 }];
    expect(await queues.list()).toMatchObject([{ backlogSeconds: undefined }]);
    // Seldom and often: a scraper, and somebody who watches.
    for (const pastMs of [10_000, 60_000]) {
      vi.advanceTimersByTime(pastMs);
      expect(await queues.list()).toMatchObject([{ endedPerSecond: 0, backlogSeconds: 300 }]);
    }
  });
});

describe('the place of a task', () => {
  const place = { model: MODEL, owner: 'shop', home: '0a0b0c0d', deadlineSecond: 1_795_342_861 };
  const bundles = [1, 2, 3].map((openedAt) => newBundleAddress({ ...place, openedAt }));
  const sizes = [4, 2, 5];
  const subjects = bundles.map(({ bundle }) => `jobs.m.1.interactive.${place.deadlineSecond}.${bundle}`);

  function taskIn(bundle: number, row: number): Task {
    const address = newRowAddress(bundles[bundle] as (typeof bundles)[0], row);
    return {
      id: address.id,
      model: MODEL,
      modelVersion: '1',
      owner: 'shop',
      state: TaskState.Queued,
      submittedAt: 0,
      attempts: 0,
    };
  }

  function placesWith(inHand: number) {
    const { state, queues } = queueOf(11);
    state.messages = 3;
    state.lanes = [{ ...IDLE, lane: Lane.Interactive, waiting: 3 - inHand, inHand, left: 0 }];
    const asked: string[] = [];
    const places = new Places({
      broker: {
        now: () => 50_000,
        queues: {
          // The broker tells them in any order.
          subjectsIn: async () => subjects.toReversed(),
          rowsAt: async (_model, subject) => {
            asked.push(subject);
            return sizes[subjects.indexOf(subject)] ?? 0;
          },
        },
      },
      queues,
    });
    return { state, places, asked };
  }

  test('counts the tasks of all bundles before it, and those before it in its own', async () => {
    const { places, asked } = placesWith(0);
    expect(await places.position(taskIn(0, 0))).toBe(0);
    expect(await places.position(taskIn(0, 3))).toBe(3);
    expect(await places.position(taskIn(1, 1))).toBe(5);
    expect(await places.position(taskIn(2, 0))).toBe(6);
    expect(asked).toHaveLength(3);
    vi.advanceTimersByTime(1_000);
    await places.position(taskIn(2, 0));
    expect(asked).toHaveLength(3);
  });

  test('does not count what workers have', async () => {
    const { places } = placesWith(1);
    expect(await places.position(taskIn(0, 2))).toBe(0);
    expect(await places.position(taskIn(1, 1))).toBe(1);
    expect(await places.position(taskIn(2, 0))).toBe(2);
  });

  test('is told in the longest lane too, without a sort for each question', async () => {
    const opened = Array.from({ length: 20_000 }, (_, index) =>
      newBundleAddress({ ...place, openedAt: 10_000 + index }),
    );
    const { state, queues } = queueOf(opened.length);
    state.messages = opened.length;
    state.lanes = [{ ...IDLE, lane: Lane.Interactive, waiting: opened.length }];
    const subjectsIn = vi.fn(async () =>
      opened.map(({ bundle }) => `jobs.m.1.interactive.1795342861.${bundle}`).toReversed(),
    );
    const places = new Places({
      broker: { now: () => 50_000, queues: { subjectsIn, rowsAt: async () => 1 } },
      queues,
    });
    const last = { ...taskIn(0, 0), id: newRowAddress(opened[19_999] as (typeof opened)[0], 0).id };
    const asked = Array.from({ length: 300 }, () => places.position(last));
    expect(new Set(await Promise.all(asked))).toEqual(new Set([19_999]));
    expect(subjectsIn).toHaveBeenCalledTimes(1);
  });

  test('is told only of tasks that wait', async () => {
    const { places } = placesWith(0);
    expect(await places.position({ ...taskIn(1, 0), state: TaskState.Running })).toBeUndefined();
    expect(await places.position({ ...taskIn(1, 0), modelVersion: '9' })).toBeUndefined();
  });

  test('gives the time of its start once a rate is known, and none while the model is paused', async () => {
    const { state, places } = placesWith(0);
    expect(await places.estimatedStart(taskIn(2, 0))).toBeUndefined();
    vi.advanceTimersByTime(1_000);
    // Three messages have 11 tasks, and one of them left.
    state.lanes = [{ ...IDLE, lane: Lane.Interactive, waiting: 3, left: 1 }];
    expect(await places.estimatedStart(taskIn(2, 0))).toBeCloseTo(50_000 + 6_000 / (11 / 3));
    vi.advanceTimersByTime(1_000);
    state.lanes = state.lanes.map((lane) => ({ ...lane, isPaused: true }));
    expect(await places.estimatedStart(taskIn(2, 0))).toBeUndefined();
  });
});
