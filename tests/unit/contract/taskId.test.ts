import { describe, expect, test } from 'vitest';
import { finishedTask, TaskState } from '../../../src/contract/task.ts';
import {
  newBundleAddress as bundleAddress,
  bundleParts,
  MAX_BUNDLE_ROWS,
  newRowAddress,
  openedSlot,
  ownerTag,
  parseTaskId,
  rowAddress,
  slotOf,
  unnamedTaskId,
  withoutTaskIds,
} from '../../../src/contract/taskId.ts';
import { newBundleAddress, newTaskAddress } from '../../support/taskAddresses.ts';

const MODEL = 'trip-duration';
const HOME = '0a1b2c3d';
const FORMER = 'trip_duration_0a1b2c3d_1795342861_0123456789abcdef01234567';

test('a task id names the model, the home, the deadline, the bundle and the row of its task, and only a whole id is read', () => {
  const address = newTaskAddress({ model: MODEL, home: HOME, deadline: 1_795_342_860_001 });
  const { id } = address;
  expect(address).toEqual({
    id,
    model: MODEL,
    home: HOME,
    deadlineSecond: 1_795_342_861,
    bundle: expect.stringMatching(/^0a1b2c3d_[0-9a-f]{16}$/),
    row: 0,
    secret: expect.stringMatching(/^[0-9a-f]{24}$/),
  });
  expect(parseTaskId(id)).toEqual(address);
  for (const wrong of ['', 'x', `${id}0`, id.slice(0, -1), id.toUpperCase(), id.replace('_', '.'), `${id}\n`])
    expect(parseTaskId(wrong)).toBeUndefined();
});

test('the tasks of a bundle share its address, and no secret', () => {
  const bundle = newBundleAddress(MODEL, HOME, 1_795_342_861);
  const tasks = Array.from({ length: MAX_BUNDLE_ROWS }, (_, row) => newRowAddress(bundle, row));
  for (const [row, task] of tasks.entries()) {
    expect(task).toMatchObject({ ...bundle, row });
    expect(parseTaskId(task.id)).toEqual(task);
    expect(rowAddress(bundle, row, task.secret ?? '')).toEqual(task);
  }
  expect(new Set(tasks.map(({ secret }) => secret)).size).toBe(MAX_BUNDLE_ROWS);
});

test('the name of a bundle tells when it was opened, and a tag of its owner', () => {
  const place = { model: MODEL, home: HOME, deadlineSecond: 1_795_342_861, owner: 'anonymous' };
  const address = bundleAddress({ ...place, openedAt: 17_953_406_911_471 });
  expect(address.bundle).toBe('0a1b2c3d_10541a7103ef2f18');
  expect(bundleParts(address.bundle)).toEqual({ home: HOME, opened: '10541a7103ef', tag: '2f18' });
  expect(ownerTag('anonymous')).toBe('2f18');
  expect(openedSlot(address)).toBe(179_534_069);
  expect(slotOf(1_795_340_691_147)).toBe(179_534_069);
  expect(bundleParts(FORMER)).toBeUndefined();
});

test('the secret of a task varies in every digit', () => {
  const secrets = Array.from(
    { length: 500 },
    () => newTaskAddress({ model: MODEL, home: HOME, deadline: 1_795_342_861_000 }).secret ?? '',
  );
  for (let i = 0; i < 24; i++) expect(new Set(secrets.map((secret) => secret[i])).size).toBe(16);
});

test('the id of a task of 0.2 is the name of its message', () => {
  expect(parseTaskId(FORMER)).toEqual({
    id: FORMER,
    model: MODEL,
    home: HOME,
    deadlineSecond: 1_795_342_861,
    bundle: FORMER,
    row: 0,
    secret: undefined,
  });
});

test('a job whose subject names no task gets an id of its content', () => {
  const id = unnamedTaskId(MODEL, 'ab'.repeat(32));
  expect(id).toBe('trip_duration_00000000_0000000000_abababababababababababab');
  expect(parseTaskId(id)).toMatchObject({ model: MODEL, home: '00000000' });
});

test('the ids of tasks can be left out of a text', () => {
  const { id } = newTaskAddress({ model: MODEL, home: HOME, deadline: 1_795_342_861_000 });
  expect(withoutTaskIds(`no ${id}, and no ${FORMER}.`)).toBe('no …, and no ….');
});

describe('the end of a task', () => {
  test('has the first 1,000 characters of an error', () => {
    const job = { taskId: FORMER, owner: 'anonymous', model: MODEL, version: '1', submittedAt: 1 };
    const message = 'x'.repeat(1_001);
    const end = { state: TaskState.Failed, finishedAt: 2, attempts: 1 } as const;
    const task = finishedTask(job, { ...end, error: { code: 'INVALID_OUTPUT', message } });
    expect(task.error?.message).toBe(message.slice(1));
  });
});
