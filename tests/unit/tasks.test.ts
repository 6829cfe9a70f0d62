/** The parts of a task's life that need no broker: ids, watches, the broker's clock. */
import { describe, expect, test } from 'vitest';
import { BrokerClock } from '../../src/broker/clock.ts';
import { newTaskId, parseTaskId, type Task } from '../../src/contract/task.ts';
import type { Model } from '../../src/models/models.ts';
import { newJob, redrivenJob } from '../../src/tasks/submission.ts';
import { TaskWatch } from '../../src/tasks/taskWatch.ts';

const queued: Task = {
  id: 'a',
  model: 'm',
  modelVersion: '1',
  owner: 'anonymous',
  state: 'QUEUED',
  submittedAt: 1,
  attempts: 0,
};
const running: Task = { ...queued, state: 'RUNNING', startedAt: 2, attempts: 1 };
const succeeded: Task = { ...running, state: 'SUCCEEDED', finishedAt: 3, prediction: { x: 1 } };

test('a task id carries what finds its task again', () => {
  const id = newTaskId({ model: 'trip-duration', home: '0a1b2c3d', deadline: 1_795_342_860_001 });
  expect(parseTaskId(id)).toEqual({
    id,
    model: 'trip-duration',
    home: '0a1b2c3d',
    deadlineSecond: 1_795_342_861,
  });
  for (const wrong of ['', 'x', `${id}0`, id.toUpperCase(), id.replace('_', '.'), `${id}\n`]) {
    expect(parseTaskId(wrong)).toBeUndefined();
  }
});

const OFFERING = {
  choose: () => ({ version: '1', bucket: 17 }),
  offers: () => true,
  versionAt: (_model: Model, bucket: number) => `that of ${bucket}`,
};

describe('a redriven job', () => {
  const manifest = { name: 'm', inputs: [], limits: { timeoutMs: 1_000 } };
  const model = { manifest, versions: [] } as unknown as Model;
  const origin = { home: '0a1b2c3d', now: 0, offering: OFFERING };
  const submission = { model, input: {}, options: {}, owner: 'anonymous', trace: undefined, gone: undefined };
  const dead = newJob(submission, origin);
  const { bucket: _, ...pinned } = dead;
  const elsewhere = { ...origin, offering: { ...OFFERING, offers: () => false } };

  test('keeps its version while that can be had, pinned or not', () => {
    expect(redrivenJob(dead, model, undefined, origin)).toMatchObject({ version: '1', bucket: 17 });
    expect(redrivenJob(pinned, model, undefined, origin)).not.toHaveProperty('bucket');
  });

  test('has the version that answers its bucket once its own is gone', () => {
    expect(redrivenJob(dead, model, undefined, elsewhere)).toMatchObject({
      version: 'that of 17',
      bucket: 17,
    });
    expect(redrivenJob(pinned, model, undefined, elsewhere).bucket).toBeTypeOf('number');
  });
});

test('a redriven job keeps its input, also a time that was left to be the moment of submission', () => {
  const pickupAt = { name: 'pickupAt', type: 'dateTime', timeZone: 'UTC', default: 'now' };
  const manifest = { name: 'm', inputs: [pickupAt], limits: { timeoutMs: 1_000 } };
  const model = { manifest, versions: [{ version: '1' }] } as unknown as Model;
  const submission = { model, input: {}, options: {}, owner: 'anonymous', trace: undefined, gone: undefined };
  const day = Date.parse('2021-02-03T14:30:00Z');
  const origin = { home: '0a1b2c3d', offering: OFFERING };
  const dead = newJob(submission, { ...origin, now: day });
  expect(dead.input).toEqual({ pickupAt: '2021-02-03T14:30:00' });
  const redriven = redrivenJob(dead, model, undefined, { ...origin, now: day + 86_400_000 });
  expect(redriven.input).toEqual(dead.input);
  expect(redriven.submittedAt).toBe(day + 86_400_000);
});

describe('a watch', () => {
  test('shows every state to a reader that keeps up, and ends after the final one', async () => {
    let closed = 0;
    const watch = new TaskWatch({ finalOnly: false, onClose: () => closed++ });
    watch.show(queued);
    expect((await watch.next()).value).toBe(queued);
    const next = watch.next();
    watch.show(running);
    expect((await next).value).toBe(running);
    watch.show(succeeded);
    expect(closed).toBe(1);
    expect((await watch.next()).value).toBe(succeeded);
    expect((await watch.next()).done).toBe(true);
  });

  test('holds one state for a reader that does not: the newest, and the final one for good', async () => {
    const watch = new TaskWatch({ finalOnly: false, onClose: () => {} });
    for (const task of [queued, running, succeeded, running, queued]) watch.show(task);
    expect(await Array.fromAsync(watch)).toEqual([succeeded]);
  });

  test('of the result leaves out what is not final', async () => {
    const watch = new TaskWatch({ finalOnly: true, onClose: () => {} });
    for (const task of [queued, running, succeeded]) watch.show(task);
    expect(await Array.fromAsync(watch)).toEqual([succeeded]);
  });

  test('whose reader leaves while it waits is closed at once, once', async () => {
    let closed = 0;
    const watch = new TaskWatch({ finalOnly: true, onClose: () => closed++ });
    const waiting = watch.next();
    await watch.return();
    expect((await waiting).done).toBe(true);
    await watch.return();
    watch.show(succeeded);
    expect(closed).toBe(1);
    expect((await watch.next()).done).toBe(true);
  });

  test('that fails tells its reader once, and then ends', async () => {
    const watch = new TaskWatch({ finalOnly: true, onClose: () => {} });
    const waiting = watch.next();
    watch.fail(new Error('stopping'));
    await expect(waiting).rejects.toThrow('stopping');
    expect((await watch.next()).done).toBe(true);
  });
});

test('the broker clock believes the reply with the shortest way', () => {
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
