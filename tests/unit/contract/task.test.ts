import { expect, test } from 'vitest';
import { newTaskAddress, parseTaskId } from '../../../src/contract/taskId.ts';

test('a task id names the model, the home and the deadline of its task, and only a whole id is read', () => {
  const address = newTaskAddress({ model: 'trip-duration', home: '0a1b2c3d', deadline: 1_795_342_860_001 });
  const { id } = address;
  expect(address).toEqual({ id, model: 'trip-duration', home: '0a1b2c3d', deadlineSecond: 1_795_342_861 });
  expect(parseTaskId(id)).toEqual(address);
  for (const wrong of ['', 'x', `${id}0`, id.toUpperCase(), id.replace('_', '.'), `${id}\n`]) {
    expect(parseTaskId(wrong)).toBeUndefined();
  }
});
