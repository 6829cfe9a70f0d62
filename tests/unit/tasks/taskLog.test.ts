import { expect, test } from 'vitest';
import { shownLog } from '../../../schema/taskLog.ts';
import type { Principal } from '../../../src/contract/principal.ts';
import type { Task } from '../../../src/contract/task.ts';
import { logOf } from '../../../src/tasks/taskLog.ts';

const TASK: Task = {
  ...{ id: 'x', model: 'churn', modelVersion: '1', owner: 'ada', submittedAt: 10, attempts: 1 },
  ...{ state: 'SUCCEEDED', startedAt: 20, finishedAt: 30 },
};
// The worker's clock is behind.
const DELIVERED = { at: 9, event: 'DELIVERED', process: 'worker-1', detail: 'delivery 1' };
const KEPT: Task = { ...TASK, log: [DELIVERED] };
const principal = (role: Principal['role'], owner: string): Principal => ({
  role,
  owner,
  limitedKey: undefined,
});
const eventsOf = (task: Task) => logOf(task)?.map(({ event }) => event);

test('the log of a task is in the order of what happened, although clocks differ', () => {
  expect(logOf(KEPT)).toMatchObject([
    { at: 10, event: 'ACCEPTED' },
    { at: 10, event: 'DELIVERED', process: 'worker-1' },
    { at: 20, event: 'STARTED', process: 'worker-1', detail: 'attempt 1' },
    { at: 30, event: 'ENDED', process: 'worker-1', detail: 'SUCCEEDED' },
  ]);
});

test('a task whose worker has kept nothing has no log, and one that no worker has ended has what is known', () => {
  expect(logOf(TASK)).toBeUndefined();
  expect(eventsOf({ ...TASK, state: 'CANCELED' })).toEqual(['ACCEPTED', 'STARTED', 'ENDED']);
  expect(eventsOf({ ...TASK, state: 'QUEUED', startedAt: undefined, finishedAt: undefined })).toEqual([
    'ACCEPTED',
  ]);
});

test('events of a newer worker are left out', () => {
  expect(eventsOf({ ...TASK, log: [DELIVERED, { at: 15, event: 'MOVED' }] })).not.toContain('MOVED');
});

test('the log of a task is for its owner and operators, while it is on', () => {
  const isShown = (role: Principal['role'], owner: string, taskHistory = true) =>
    shownLog(KEPT, { taskHistory, principal: principal(role, owner) }) !== null;
  expect(isShown('submitter', 'ada')).toBe(true);
  expect(isShown('operator', 'grace')).toBe(true);
  expect(isShown('viewer', 'grace')).toBe(false);
  expect(isShown('submitter', 'ada', false)).toBe(false);
});
