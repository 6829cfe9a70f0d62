/** The states of a task as one subscriber sees them. */
import { describe, expect, test } from 'vitest';
import type { Task } from '../../../src/contract/task.ts';
import { TaskWatch } from '../../../src/tasks/taskWatch.ts';

const queued: Task = {
  id: 'a',
  owner: 'anonymous',
  model: 'm',
  modelVersion: '1',
  state: 'QUEUED',
  submittedAt: 1,
  attempts: 0,
};
const running: Task = { ...queued, state: 'RUNNING', startedAt: 2, attempts: 1 };
const succeeded: Task = { ...running, state: 'SUCCEEDED', finishedAt: 3, prediction: { x: 1 } };

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

  test('holds the newest state for a slow reader, and keeps the final one', async () => {
    const watch = new TaskWatch({ finalOnly: false, onClose: () => {} });
    for (const task of [queued, running, succeeded, running, queued]) watch.show(task);
    expect(await Array.fromAsync(watch)).toEqual([succeeded]);
  });

  test('of the result leaves out states that are not final', async () => {
    const watch = new TaskWatch({ finalOnly: true, onClose: () => {} });
    for (const task of [queued, running, succeeded]) watch.show(task);
    expect(await Array.fromAsync(watch)).toEqual([succeeded]);
  });

  test('is closed at once, and only once, if its reader leaves while it waits', async () => {
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

  test('tells its reader once of a failure, and then ends', async () => {
    const watch = new TaskWatch({ finalOnly: true, onClose: () => {} });
    const waiting = watch.next();
    watch.fail(new Error('stopping'));
    await expect(waiting).rejects.toThrow('stopping');
    expect((await watch.next()).done).toBe(true);
  });
});
