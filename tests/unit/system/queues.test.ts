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
  const served = { model: MODEL, version: '1', executionProvider: 'cpu' };
  const worker = { id: 'w', startedAt: 0, models: [served] };
  const state = { lanes: [] as LaneState[], messages: 0, jobs, looks: 0, workers: [worker] };
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
    workers: { list: () => state.workers },
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

  /** Looks after some time at a lane of single tasks. */
  function watched() {
    const { state, queues } = queueOf(0);
    const look = async (afterMs: number, lane: Partial<LaneState>) => {
      vi.advanceTimersByTime(afterMs);
      state.lanes = [{ ...IDLE, lane: Lane.Bulk, ...lane }];
      return (await queues.list())[0];
    };
    return { state, look };
  }

  test('have the backlog of the rate at which jobs left while some waited, not of how many came', async () => {
    const { look } = watched();
    await look(0, { left: 0 });
    expect(await look(15_000, { left: 3 })).toMatchObject({ endedPerSecond: 0.2, backlogSeconds: 0 });
    expect(await look(1_000, { waiting: 400, left: 3 })).toMatchObject({ backlogSeconds: undefined });
    expect(await look(1_000, { waiting: 200, left: 203 })).toMatchObject({ backlogSeconds: 1 });
    await look(1_000, { left: 403 });
    for (let quiet = 0; quiet < 5; quiet++) await look(20_000, { left: 403 });
    expect(await look(1_000, { waiting: 400, left: 403 })).toMatchObject({ backlogSeconds: 2 });
  });

  test('keep the higher rate if they may have been empty between two looks', async () => {
    const { look } = watched();
    await look(0, { waiting: 400 });
    await look(1_000, { waiting: 200, left: 200 });
    await look(61_000, { waiting: 1, left: 500 });
    await look(10_000, { waiting: 100, left: 600 });
    expect(await look(1_000, { waiting: 100, left: 610 })).toMatchObject({ backlogSeconds: 0.5 });
  });

  test('tell the same to two readers, of which one looks more often', async () => {
    const { look } = watched();
    await look(0, { waiting: 1_000 });
    for (let second = 1; second <= 40; second++) {
      const lane = await look(1_000, { waiting: 1_000 - 10 * second, left: 10 * second });
      expect(lane?.backlogSeconds).toBeCloseTo(100 - second);
    }
  });

  test('have the backlog of the longest time limit while no worker serves the version, at every look', async () => {
    const { state, look } = watched();
    await look(0, { waiting: 50 });
    await look(1_000, { waiting: 40, left: 10 });
    const { workers } = state;
    state.workers = [];
    for (const afterMs of [1_000, 9_990, 10_010, 1_000, 100_000])
      expect(await look(afterMs, { waiting: 40, left: 10 })).toMatchObject({ backlogSeconds: 300 });
    // A worker had them when it was killed.
    expect(await look(1_000, { inHand: 40, left: 10 })).toMatchObject({ backlogSeconds: 300 });
    await look(1_000, { waiting: 40, left: 10 });
    state.workers = workers;
    expect(await look(1_000, { waiting: 30, left: 20 })).toMatchObject({ backlogSeconds: 3 });
  });

  test('have that backlog, too, once none has left for 30 s, or if they are very long', async () => {
    const { look } = watched();
    await look(0, { waiting: 50 });
    expect(await look(1_000, { waiting: 40, left: 10 })).toMatchObject({ backlogSeconds: 4 });
    // So far, 10 have left in 30 s.
    expect(await look(29_000, { waiting: 40, left: 10 })).toMatchObject({ backlogSeconds: 120 });
    expect(await look(1_000, { waiting: 40, left: 10 })).toMatchObject({ backlogSeconds: 300 });
    expect(await look(1_000, { waiting: 1e6, left: 20 })).toMatchObject({ backlogSeconds: 300 });
  });

  test('have no backlog in seconds while they are paused, unless none waits', async () => {
    const { look } = watched();
    await look(0, { waiting: 50 });
    await look(1_000, { waiting: 40, left: 10 });
    expect(await look(1_000, { waiting: 40, left: 10, isPaused: true })).toMatchObject({
      backlogSeconds: undefined,
    });
    expect(await look(1_000, { left: 50, isPaused: true })).toMatchObject({ backlogSeconds: 0 });
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
