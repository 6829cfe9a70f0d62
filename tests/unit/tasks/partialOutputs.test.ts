import { expect, test } from 'vitest';
import type { FinishedTask } from '../../../src/contract/task.ts';
import { PartialOutputs } from '../../../src/tasks/partialOutputs.ts';
import { TaskEvents } from '../../../src/tasks/taskEvents.ts';

const events = new TaskEvents();

test('an output that comes late does not replace a newer one, and a later run begins again', () => {
  using partials = new PartialOutputs({ events });
  expect(partials.keep('task', { sequence: 2, output: { text: 'once upon' } }, 1)).toBe(true);
  expect(partials.keep('task', { sequence: 1, output: { text: 'once' } }, 1)).toBe(false);
  expect(partials.of('task')?.output).toEqual({ text: 'once upon' });
  expect(partials.keep('task', { sequence: 1, output: { text: 'there' } }, 2)).toBe(true);
  expect(partials.keep('task', { sequence: 3, output: { text: 'once upon a' } }, 1)).toBe(false);
  expect(partials.of('task')?.output).toEqual({ text: 'there' });
});

test('the output of a task that has ended is forgotten', () => {
  using partials = new PartialOutputs({ events });
  partials.keep('task', { sequence: 1, output: { text: 'once' } }, 1);
  events.emit('ended', { id: 'task' } as FinishedTask);
  expect(partials.of('task')).toBeUndefined();
});

test('the memory of many large outputs is bounded: the oldest are forgotten', () => {
  using partials = new PartialOutputs({ events });
  const text = 'x'.repeat(100_000);
  for (let i = 0; i < 1_000; i++) partials.keep(`task-${i}`, { sequence: 1, output: { text } }, 1);
  expect(partials.of('task-0')).toBeUndefined();
  expect(partials.of('task-999')?.sequence).toBe(1);
});
