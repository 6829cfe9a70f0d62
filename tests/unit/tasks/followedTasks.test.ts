/** The tasks that one subscriber watches together. */
import { expect, test } from 'vitest';
import { RequestError, RequestErrorCode } from '../../../src/contract/errors.ts';
import { FollowedTasks } from '../../../src/tasks/followedTasks.ts';
import { TaskWatch } from '../../../src/tasks/taskWatch.ts';

const CLIENT = { owner: 'ada', readable: 'ada' };

test('a task that cannot be followed for the moment is not told as followed, and the others are', async () => {
  const watches = {
    watch: async (id: string) => {
      if (id === 'away') throw new RequestError(RequestErrorCode.BrokerUnavailable, 'The broker is away.');
      if (id === 'unknown') throw new RequestError(RequestErrorCode.TaskNotFound, 'There is no such task.');
      return new TaskWatch({ finalOnly: false, onClose: () => {} });
    },
  };
  const tasks = new FollowedTasks({ watches, onClose: () => {} });
  const followed: string[] = [];
  const ids = ['first', 'away', 'unknown', 'last'];
  await expect(tasks.follow(ids, CLIENT, (id) => followed.push(id))).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
  });
  expect(followed.toSorted()).toEqual(['first', 'last', 'unknown']);
  await tasks.shown.return();
});
