/** What the tasks that a gateway follows use of quotas, also after its connection was lost. */
import { setImmediate as nextRound } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type FinishedTask, finishedTask, TaskState } from '../../../src/contract/task.ts';
import type { TaskAddress } from '../../../src/contract/taskId.ts';
import { OpenTasks, type OpenTasksOptions } from '../../../src/tasks/openTasks.ts';
import { TaskEvents } from '../../../src/tasks/taskEvents.ts';
import { TaskUse } from '../../../src/tasks/taskUse.ts';
import { addressOf, tripJob } from '../../support/jobs.ts';

const HOME = 'aaaaaaaa';
const LISTENING = { [Symbol.dispose]() {} };

function open() {
  const ends = new Map<string, FinishedTask>();
  let reconnect = (_connected: boolean) => {};
  let hear = (_tasks: readonly FinishedTask[]) => {};
  const broker = {
    connected: true,
    now: () => Date.now(),
    onConnectionChange(listener: typeof reconnect) {
      reconnect = listener;
      return LISTENING;
    },
    notices: { answerPresentState: () => LISTENING },
    ends: {
      listen(_home: string, listener: typeof hear) {
        hear = listener;
        return LISTENING;
      },
      peekTask: async ({ id }: TaskAddress) => ends.get(id),
    },
  } as unknown as OpenTasksOptions['broker'];
  const tasks = new OpenTasks({ broker, home: HOME, limit: 10, events: new TaskEvents() });
  let used = 0;
  const counts = {
    add(_owner: string, _name: string, by: number) {
      used += by;
    },
  };
  const submit = (i: number) => {
    const job = tripJob({ now: Date.now }, i);
    const use = new TaskUse({ owner: 'ada', counts });
    use.add('tasksUnfinished', 1);
    tasks.add(job, addressOf(job), use);
    tasks.markStored(job.taskId);
    const end = finishedTask(job, { state: TaskState.Canceled, attempts: 0, finishedAt: Date.now() });
    return { id: job.taskId, end };
  };
  const reconnected = async () => {
    reconnect(true);
    await nextRound();
  };
  return { tasks, ends, submit, reconnected, hear: (end: FinishedTask) => hear([end]), used: () => used };
}

test('after a reconnect an unfinished task still counts for its owner, until its end is heard', async () => {
  const { tasks, submit, reconnected, hear, used } = open();
  using _tasks = tasks;
  const { id, end } = submit(1);
  await reconnected();
  expect(tasks.known(id)).toBeUndefined();
  expect(used()).toBe(1);
  hear(end);
  expect(used()).toBe(0);
});

test('a task whose end was lost with the connection counts no more', async () => {
  const { tasks, ends, submit, reconnected, used } = open();
  using _tasks = tasks;
  const [lost] = [submit(1), submit(2)];
  ends.set(lost.id, lost.end);
  await reconnected();
  expect(used()).toBe(1);
});
