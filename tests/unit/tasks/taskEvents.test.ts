/** What listeners of tasks hear, and for how long. */
import { expect, test } from 'vitest';
import { TaskEvents } from '../../../src/tasks/taskEvents.ts';

test('each listener of an event hears it, until it stops listening', () => {
  const events = new TaskEvents();
  const heard: string[] = [];
  const first = events.on('refused', ({ code }) => heard.push(`first ${code}`));
  events.on('refused', ({ code }) => heard.push(`second ${code}`));
  events.emit('refused', { model: 'm', code: 'QUEUE_FULL' });
  first[Symbol.dispose]();
  events.emit('refused', { model: 'm', code: 'GATEWAY_BUSY' });
  expect(heard).toEqual(['first QUEUE_FULL', 'second QUEUE_FULL', 'second GATEWAY_BUSY']);
});
