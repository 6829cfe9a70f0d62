import { describe, expect, test } from 'vitest';
import {
  decodeMovedNotice,
  decodePresentState,
  decodeQueuedNotice,
  decodeRunningNotice,
  decodeUpdatesWanted,
  decodeUsedNotice,
  MOVED_NOTICE,
  PRESENT_STATE,
  QUEUED_NOTICE,
  RUNNING_NOTICE,
  UPDATES_WANTED,
  USED_NOTICE,
} from '../../../../src/contract/messages/notices.ts';
import type { Task } from '../../../../src/contract/task.ts';
import { bytesOf, expectEachMemberChecked } from '../../../support/brokenMessages.ts';

test('a running notice is refused with the name of any member that is wrong', () => {
  const progress = { chunk: 0, rowsDone: 2, rowsFailed: 1 };
  const partials = [{ sequence: 3, output: { text: 'once upon' } }];
  const notice = { taskIds: ['task'], startedAt: 1, attempts: [1], progress, partials };
  expectEachMemberChecked(RUNNING_NOTICE, [notice], decodeRunningNotice);
});

test('a moved notice is refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(MOVED_NOTICE, [{ taskIds: ['task'], version: '2' }], decodeMovedNotice);
});

test('a queued notice is refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(QUEUED_NOTICE, [{ home: '0a0b0c0d', jobs: { churn: 3 } }], decodeQueuedNotice);
});

test('a used notice is refused with the name of any member that is wrong', () => {
  const uses = [{ owner: 'ada', present: { tasksUnfinished: 3 }, taken: { tasksPerSecond: 9.5 } }];
  expectEachMemberChecked(USED_NOTICE, [{ home: '0a0b0c0d', uses }], decodeUsedNotice);
});

test('a wish for updates is refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(UPDATES_WANTED, [{ home: '0a0b0c0d' }], decodeUpdatesWanted);
});

describe('the present state of a task', () => {
  const shape = { rowCount: 3, rowsPerChunk: 2 };
  const queued: Task = {
    ...{ id: 'task', model: 'churn', modelVersion: '1', owner: 'ada', state: 'QUEUED', submittedAt: 1 },
    ...{ attempts: 0, batch: { ...shape, rowsDone: 0, rowsFailed: 0 } },
  };
  const told = {
    ...{ id: 'task', model: 'churn', modelVersion: '2', state: 'RUNNING', attempts: 1, startedAt: 2 },
    batch: { ...shape, rowsDone: 2, rowsFailed: 1, secondsLeft: 0.5 },
  };

  test('is refused with the name of any member that is wrong', () => {
    expectEachMemberChecked(PRESENT_STATE, [told], (data) => decodePresentState(data, queued));
  });

  test('is believed as far as only the home can know it', () => {
    const more = { ...told, owner: 'bob', submittedAt: 7, prediction: { x: 1 }, history: ['x'] };
    expect(decodePresentState(bytesOf(more), queued)).toEqual({ ...queued, ...told });
  });

  test.each<[string, object, string]>([
    ['another task', { id: 'x' }, 'id must be "task", got "x"'],
    ['another model', { model: 'x' }, 'model must be "churn", got "x"'],
    ['an end', { state: 'SUCCEEDED' }, 'state must be one of QUEUED, RUNNING, got "SUCCEEDED"'],
    [
      'another number of rows',
      { batch: { ...told.batch, rowCount: 4 } },
      'batch must be of the shape of the job',
    ],
    ['no rows', { batch: undefined }, 'batch must be of the shape of the job'],
    [
      'more rows than there are',
      { batch: { ...told.batch, rowsDone: 4 } },
      'batch must be of the shape of the job',
    ],
  ])('that tells of %s is refused', (_what, members, problem) => {
    expect(() => decodePresentState(bytesOf({ ...told, ...members }), queued)).toThrow(problem);
  });
});
