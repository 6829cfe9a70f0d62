/** When a gateway nudges workers. Time is played. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Job } from '../../../src/contract/messages/job.ts';
import type { Task } from '../../../src/contract/task.ts';
import { Nudges } from '../../../src/tasks/nudges.ts';
import { TaskEvents } from '../../../src/tasks/taskEvents.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function openNudges() {
  const events = new TaskEvents();
  const tasks = new Map<string, Task>();
  const sent: object[] = [];
  const nudges = new Nudges({
    broker: { notices: { nudge: (lane: object) => void sent.push(lane) } } as never,
    open: {
      followed: (id: string) => {
        const task = tasks.get(id);
        return task && { task };
      },
    } as never,
    events,
  });
  const accept = (taskId: string, job: Partial<Job> = {}) => {
    tasks.set(taskId, { id: taskId, model: 'm', modelVersion: '1', state: 'QUEUED' } as Task);
    events.emit('accepted', { taskId, ...job } as Job);
  };
  return { accept, tasks, sent, [Symbol.dispose]: () => nudges[Symbol.dispose]() };
}

const INTERACTIVE = { model: 'm', version: '1', lane: 'interactive' };

test('a lane is nudged every second while a task of it waits for longer than a second', () => {
  using gateway = openNudges();
  gateway.accept('t1');
  vi.advanceTimersByTime(1_000);
  expect(gateway.sent).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(gateway.sent).toEqual([INTERACTIVE]);
  vi.advanceTimersByTime(1_000);
  expect(gateway.sent).toEqual([INTERACTIVE, INTERACTIVE]);
  gateway.tasks.delete('t1');
  vi.advanceTimersByTime(5_000);
  expect(gateway.sent).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(0);
});

test('a lane is nudged once at a time, however many tasks of it wait', () => {
  using gateway = openNudges();
  for (let i = 0; i < 100; i++) gateway.accept(`t${i}`);
  gateway.accept('bulk', { lane: 'bulk' });
  vi.advanceTimersByTime(2_000);
  expect(gateway.sent).toEqual([INTERACTIVE, { ...INTERACTIVE, lane: 'bulk' }]);
});

test('no lane is nudged for tasks that end or run within a second', () => {
  using gateway = openNudges();
  gateway.accept('ended');
  gateway.accept('runs');
  gateway.tasks.delete('ended');
  gateway.tasks.set('runs', { id: 'runs', state: 'RUNNING' } as Task);
  vi.advanceTimersByTime(10_000);
  expect(gateway.sent).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
