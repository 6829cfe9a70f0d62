/** The turns of clients that read the list of tasks. */
import { expect, test } from 'vitest';
import { EVERY_OWNER } from '../../../src/contract/principal.ts';
import { TaskList, type TaskListOptions } from '../../../src/tasks/taskList.ts';

test('each viewer has turns of its own, although all of them read the tasks of every owner', async () => {
  const now = Date.now();
  const broker = { now: () => now, index: { queued: async () => [], ended: async () => [] } };
  const list = new TaskList({
    broker,
    models: [],
    limits: { resultTtlS: 900 },
  } as unknown as TaskListOptions);
  const read: string[] = [];
  const readAs = async (owner: string) => {
    await list.page({ client: { owner, readable: EVERY_OWNER }, filter: { since: now }, first: 1 });
    read.push(owner);
  };
  await Promise.all(['board', 'board', 'board', 'board', 'board', 'phone'].map(readAs));
  expect(read).toEqual(['board', 'board', 'board', 'phone', 'board', 'board']);
});
