/** Which tasks a gateway tries on shadows, and what it makes of the answers, in whatever order they come. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Job } from '../../../src/contract/messages/job.ts';
import type { ShadowAnswer, ShadowJob } from '../../../src/contract/messages/shadow.ts';
import type { Rollout } from '../../../src/contract/rollout.ts';
import type { FinishedTask, Task } from '../../../src/contract/task.ts';
import { Shadows, type ShadowsOptions } from '../../../src/evaluation/shadows.ts';
import type { Model } from '../../../src/models/models.ts';
import { TaskEvents } from '../../../src/tasks/taskEvents.ts';
import { SILENT } from '../../support/models.ts';

const MODEL = { manifest: { name: 'm' }, versions: [] } as unknown as Model;
const TIMINGS = { queueMs: 3, batchMs: 2, computeMs: 1, batchSize: 1 };
const NO_LISTENING = { [Symbol.dispose]: () => {} };

/** A gateway's shadows, with all that they hear and say at hand. */
function openShadows(shadow: Readonly<Record<string, number>>) {
  const state = {
    rollout: rolloutOf(shadow, 1),
    filled: 0,
    available: true,
    known: new Map<string, Task>(),
    sent: [] as { version: string; job: ShadowJob }[],
  };
  const events = new TaskEvents();
  let hearAnswer = (_answer: ShadowAnswer) => {};
  const shadows = new Shadows({
    home: 'home',
    models: [MODEL],
    log: SILENT,
    rollouts: { of: () => state.rollout },
    offering: { isAvailable: () => state.available },
    queueAdmission: { isFilled: async (_model: string, share: number) => state.filled >= share },
    open: { known: (id: string) => state.known.get(id) },
    events,
    broker: {
      now: () => 1_000,
      shadows: {
        sendJob: (_model: string, version: string, job: ShadowJob) => state.sent.push({ version, job }),
        listenAnswers: (_home: string, hear: typeof hearAnswer) => {
          hearAnswer = hear;
          return NO_LISTENING;
        },
        answerComparisons: () => NO_LISTENING,
      },
    },
  } as unknown as ShadowsOptions);
  return {
    state,
    async offer(taskId: string, version = '1') {
      const job = { taskId, model: 'm', version, input: { x: 1 }, deadline: 9_000 } as unknown as Job;
      events.emit('accepted', job);
      await setImmediate();
      await setImmediate();
    },
    end: (taskId: string, x: number) => events.emit('ended', finished(taskId, x)),
    fail: (id: string) => events.emit('ended', { ...finished(id, 0), state: 'FAILED' } as FinishedTask),
    answer: (taskId: string, version: string, x?: number) =>
      hearAnswer({ taskId, version, ...(x === undefined ? {} : { timings: TIMINGS, prediction: { x } }) }),
    found: () => shadows.found('m')?.comparisons ?? [],
    [Symbol.dispose]: () => shadows[Symbol.dispose](),
  };
}

function rolloutOf(shadow: Readonly<Record<string, number>>, since: number): Rollout {
  const weights = Object.entries(shadow).map(([version, percent]) => ({ version, percent }));
  return { weights: [], ranges: [], shadow: weights.length === 0 ? undefined : { weights, since } };
}

function finished(id: string, x: number): FinishedTask {
  return {
    id,
    owner: 'anonymous',
    model: 'm',
    modelVersion: '1',
    state: 'SUCCEEDED',
    submittedAt: 0,
    finishedAt: 6,
    attempts: 1,
    timings: TIMINGS,
    prediction: { x },
  };
}

describe('an accepted task', () => {
  test('is sent to each shadow except its own version', async () => {
    using shadows = openShadows({ 1: 100, 2: 100, 3: 100, 4: 0 });
    await shadows.offer('a');
    expect(shadows.state.sent).toEqual(
      ['2', '3'].map((version) => ({
        version,
        job: { v: 1, taskId: 'a', input: { x: 1 }, sentAt: 1_000, deadline: 9_000 },
      })),
    );
    shadows.state.rollout = rolloutOf({}, 1);
    await shadows.offer('b');
    expect(shadows.state.sent).toHaveLength(2);
  });

  test('is sent by chance', async () => {
    using shadows = openShadows({ 2: 25 });
    for (let i = 0; i < 2_000; i++) await shadows.offer(`task-${i}`);
    // Five standard deviations around 500.
    expect(shadows.state.sent.length).toBeGreaterThan(403);
    expect(shadows.state.sent.length).toBeLessThan(597);
  });

  test('is not sent if the queue is half full, or if no worker serves the version', async () => {
    using shadows = openShadows({ 2: 100 });
    shadows.state.filled = 0.49;
    await shadows.offer('a');
    shadows.state.filled = 0.5;
    await shadows.offer('b');
    shadows.state.filled = 0;
    shadows.state.available = false;
    await shadows.offer('c');
    expect(shadows.state.sent.map(({ job }) => job.taskId)).toEqual(['a']);
  });

  test('is not sent while 10,000 others are being tried, and those are still counted', async () => {
    using shadows = openShadows({ 2: 100 });
    for (let i = 0; i <= 10_000; i++) await shadows.offer(`task-${i}`);
    expect(shadows.state.sent).toHaveLength(10_000);
    shadows.end('task-9999', 1);
    shadows.answer('task-9999', '2', 2);
    await shadows.offer('another');
    expect(shadows.state.sent).toHaveLength(10_001);
    expect(shadows.found()).toMatchObject([{ sent: 10_001, compared: 1 }]);
  });
});

describe('a task is compared', () => {
  test('whether it or its shadow ends first, also if it ended before it was sent', async () => {
    using shadows = openShadows({ 2: 100 });
    for (const id of ['end first', 'answer first']) await shadows.offer(id);
    shadows.end('end first', 10);
    shadows.answer('end first', '2', 11);
    shadows.answer('answer first', '2', 12);
    shadows.end('answer first', 10);
    shadows.state.known.set('ended', finished('ended', 10));
    await shadows.offer('ended');
    shadows.answer('ended', '2', 13);
    const durations = { sumMs: 18 };
    expect(shadows.found()).toMatchObject([
      {
        version: '1',
        shadowVersion: '2',
        sent: 3,
        compared: 3,
        failed: 0,
        latency: durations,
        shadowLatency: durations,
        compute: { sumMs: 3 },
        outputs: { x: { count: 3, different: 3, sum: 6, largest: 3 } },
      },
    ]);
  });

  test('with each shadow once', async () => {
    using shadows = openShadows({ 2: 100, 3: 100 });
    await shadows.offer('a');
    shadows.answer('a', '2', 1);
    shadows.answer('a', '2', 1);
    shadows.end('a', 0);
    shadows.answer('a', '2', 1);
    shadows.answer('a', '3', 5);
    expect(shadows.found()).toMatchObject([
      { shadowVersion: '2', compared: 1, outputs: { x: { sum: 1 } } },
      { shadowVersion: '3', compared: 1, outputs: { x: { sum: 5 } } },
    ]);
  });

  test('only if it succeeded, and a failure of its shadow is counted', async () => {
    using shadows = openShadows({ 2: 100 });
    for (const id of ['failed', 'shadow failed']) await shadows.offer(id);
    shadows.fail('failed');
    shadows.answer('failed', '2', 1);
    shadows.end('shadow failed', 1);
    shadows.answer('shadow failed', '2');
    expect(shadows.found()).toMatchObject([{ sent: 2, compared: 0, failed: 1 }]);
  });

  test('with the shadow that it was sent to, and a new shadow begins without it', async () => {
    using shadows = openShadows({ 2: 100 });
    await shadows.offer('a');
    shadows.state.rollout = rolloutOf({ 2: 50 }, 2);
    expect(shadows.found()).toEqual([]);
    shadows.end('a', 1);
    shadows.answer('a', '2', 1);
    expect(shadows.found()).toEqual([]);
    shadows.state.rollout = rolloutOf({}, 2);
    expect(shadows.found()).toEqual([]);
  });
});
