import { expect, test } from 'vitest';
import {
  newBundleAddress,
  newRowAddress,
  parseTaskId,
  withoutTaskIds,
} from '../../../src/contract/taskId.ts';
import { WorkKind } from '../../../src/contract/work.ts';
import { looksLikeWork, newWorkAddress, parseWorkId } from '../../../src/contract/workId.ts';

const ORIGIN = { model: 'trip-duration', home: '7f3a9c21', deadlineSecond: 1_795_342_861 };

test.each(Object.values(WorkKind))('the id of a %s tells all that it was made of', (kind) => {
  const address = newWorkAddress({ ...ORIGIN, kind, openedAt: 17_953_428_000_123 });
  expect(looksLikeWork(address.id)).toBe(true);
  expect(parseWorkId(address.id)).toEqual(address);
  expect(parseTaskId(address.id)).toBeUndefined();
});

test('the id of a prediction is never taken for one of work, whatever its digits are', () => {
  // Each opening has another digit where the letter of work would stand.
  for (let openedAt = 17_953_428_000_000; openedAt < 17_953_428_100_000; openedAt += 997) {
    const bundle = newBundleAddress({ ...ORIGIN, openedAt, owner: 'local' });
    const { id } = newRowAddress(bundle, 7);
    expect(looksLikeWork(id)).toBe(false);
    expect(parseWorkId(id)).toBeUndefined();
  }
});

test.each(['0', 'd', 'f'])('nor is the id of a task of 0.2 whose home ends with %s', (digit) => {
  expect(looksLikeWork(`trip_duration_7f3a9c2${digit}_1795342861_${'b'.repeat(24)}`)).toBe(false);
});

test('texts are cleared of ids of work, as of those of predictions', () => {
  const { id } = newWorkAddress({ ...ORIGIN, kind: WorkKind.Training, openedAt: 17_953_428_000_123 });
  expect(withoutTaskIds(`the task ${id} is gone`)).toBe('the task … is gone');
});
