import { expect, test } from 'vitest';
import {
  commonOf,
  decodeEnds,
  ENDS,
  type Ends,
  encodeEnds,
  endedRows,
  endOf,
  partOfTask,
  partWithout,
  tasksIn,
} from '../../../../src/contract/messages/ends.ts';
import { subjects } from '../../../../src/contract/subjects.ts';
import type { FinishedTask } from '../../../../src/contract/task.ts';
import { newRowAddress } from '../../../../src/contract/taskId.ts';
import { collectGarbage } from '../../../../src/process/runProcess.ts';
import { bytesOf, expectEachMemberChecked } from '../../../support/brokenMessages.ts';
import { newBundleAddress } from '../../../support/taskAddresses.ts';

const MODEL = 'trip-duration';
const SECOND = 1_800_000_000;
const ADDRESS = newBundleAddress(MODEL, '0a0b0c0d', SECOND);
const SUBJECT = subjects.ends(ADDRESS, 'ada');
const TASKS = [0, 1, 2, 3].map((row) => newRowAddress(ADDRESS, row));
const secretsOf = (rows: readonly number[]) => rows.map((row) => TASKS[row]?.secret).join('');
const RUN = { formedAt: 15, startedAt: 16, computeMs: 2, batchSize: 64 };
const PREDICTED = {
  ...{ rows: [0, 2], secrets: secretsOf([0, 2]), submittedAt: [10, 12], modelVersion: '1' },
  ...{ state: 'SUCCEEDED', finishedAt: 20, attempts: 1, run: RUN, worker: 'w1' },
  columns: { durationMinutes: [1, 2.5], scores: [[1, 2], [3]] },
  labels: [['a', 'b'], null],
  traces: [null, '00-1-2-00'],
  log: [{ at: 2, event: 'DELIVERED', process: 'worker-1', detail: 'delivery 1' }],
  inputs: { distance: [null, 2], day: [null, 'monday'] },
};
const FAILED = {
  ...{ rows: [1], secrets: secretsOf([1]), submittedAt: [11], modelVersion: '1', history: ['former-task'] },
  ...{ state: 'FAILED', finishedAt: 21, attempts: 3, startedAt: 17 },
  error: { code: 'INFERENCE_FAILED', message: 'x' },
};
const ROW_BATCH = {
  ...{ rows: [3], secrets: secretsOf([3]), submittedAt: [13], modelVersion: '1' },
  ...{ state: 'SUCCEEDED', finishedAt: 22, attempts: 1 },
  batch: { rowCount: 3, rowsPerChunk: 2, rowsDone: 3, rowsFailed: 1 },
};
const MESSAGE = {
  ...{ v: 2, model: MODEL, second: SECOND, owner: 'ada', timeoutMs: 90, lane: 'bulk', requestId: 'r' },
  parts: [PREDICTED, FAILED, ROW_BATCH],
};
const decode = (message: object) => decodeEnds(bytesOf(message), SUBJECT);
const withPart = (part: object) => ({ ...MESSAGE, parts: [part] });

test('ends are refused with the name of any member that is wrong', () => {
  const each = [PREDICTED, FAILED, ROW_BATCH].map(withPart);
  expectEachMemberChecked(ENDS, each, (data) => decodeEnds(data, SUBJECT));
});

test.each<[string, object, string]>([
  ['too few secrets', { ...PREDICTED, secrets: secretsOf([0]) }, 'secrets must be a text of 24 hex digits'],
  ['too few instants', { ...PREDICTED, submittedAt: [1] }, 'submittedAt must be a list of 2'],
  ['too few inputs', { ...PREDICTED, inputs: { x: [1] } }, 'inputs.x must be a list of 2'],
  ['too few traces', { ...PREDICTED, traces: [null] }, 'traces must be a list of 2'],
  ['too few labels', { ...PREDICTED, labels: [null] }, 'labels must be a list of 2'],
  ['no prediction', { ...PREDICTED, columns: undefined }, 'columns must be there, as the tasks succeeded'],
  ['too few values', { ...PREDICTED, columns: { x: [1] } }, 'columns.x must be a list of 2 values'],
  [
    'a value that failed',
    { ...PREDICTED, columns: { x: [1, null] } },
    'columns.x must be a list of 2 values',
  ],
  ['the prediction of a failure', { ...PREDICTED, state: 'FAILED' }, 'columns must be absent in FAILED'],
  ['one prediction of a row batch', { ...ROW_BATCH, columns: { x: [1] } }, 'columns must be absent'],
  ['more rows than there are', { ...ROW_BATCH, batch: { ...ROW_BATCH.batch, rowsDone: 4 } }, 'batch must be'],
  [
    'more failures than rows',
    { ...ROW_BATCH, batch: { ...ROW_BATCH.batch, rowsFailed: 4 } },
    'batch must be',
  ],
  ['an unfinished task', { ...PREDICTED, state: 'RUNNING' }, 'state must be one of SUCCEEDED, FAILED'],
])('ends with %s are refused', (_what, part, problem) => {
  expect(() => decode(withPart(part))).toThrow(problem);
});

test('each task has its own end', () => {
  const ends = decode(MESSAGE);
  const common = { model: MODEL, modelVersion: '1', owner: 'ada', lane: 'bulk', requestId: 'r' };
  const predicted = {
    ...common,
    state: 'SUCCEEDED',
    finishedAt: 20,
    attempts: 1,
    startedAt: 16,
    worker: 'w1',
  };
  const run = { batchMs: 1, computeMs: 2, batchSize: 64 };
  const ids = TASKS.map(({ id }) => id);
  const expected = [
    {
      ...{ ...predicted, id: ids[0], submittedAt: 10, deadline: 100, timings: { queueMs: 5, ...run } },
      prediction: { durationMinutes: 1, scores: [1, 2] },
      labels: ['a', 'b'],
      log: PREDICTED.log,
    },
    {
      ...{
        ...predicted,
        id: ids[2],
        submittedAt: 12,
        deadline: 102,
        input: { distance: 2, day: 'monday' },
        trace: '00-1-2-00',
        log: PREDICTED.log,
        timings: { queueMs: 3, ...run },
      },
      prediction: { durationMinutes: 2.5, scores: [3] },
    },
    {
      ...{
        ...common,
        id: ids[1],
        submittedAt: 11,
        deadline: 101,
        state: 'FAILED',
        finishedAt: 21,
        attempts: 3,
        startedAt: 17,
      },
      ...{ history: ['former-task'], error: FAILED.error },
    },
    {
      ...{ ...common, id: ids[3], submittedAt: 13, deadline: 103, state: 'SUCCEEDED' },
      ...{ finishedAt: 22, attempts: 1 },
      batch: ROW_BATCH.batch,
    },
  ];
  expect(tasksIn(ends)).toEqual(expected);
  for (const [i, row] of [0, 2, 1, 3].entries()) {
    const address = TASKS[row];
    if (address !== undefined) expect(endOf(ends, address)).toEqual(expected[i]);
  }
  expect(endedRows(ends)).toEqual(new Set([0, 1, 2, 3]));
});

test('a task without an end, or with another secret, has none', () => {
  const ends = decode(withPart(FAILED));
  const [first, second] = TASKS;
  if (first === undefined || second === undefined) throw new Error('there are four tasks');
  expect(endOf(ends, first)).toBeUndefined();
  expect(endOf(ends, { ...second, secret: first.secret })).toBeUndefined();
  expect(endOf(ends, { ...second, secret: undefined })).toBeUndefined();
});

test('the end of a task is the same once it was stored as a part and read', () => {
  for (const task of tasksIn(decode(MESSAGE))) {
    const address = TASKS.find(({ id }) => id === task.id);
    if (address === undefined) throw new Error('each end is of a task');
    const ends: Ends = { address: ADDRESS, ...commonOf(task), parts: [partOfTask(task, address)] };
    expect(tasksIn(decodeEnds(Buffer.from(encodeEnds(ends)), SUBJECT))).toEqual([task]);
  }
});

test('a part can be stored without the tasks that have an end already', () => {
  const [predicted] = decode(MESSAGE).parts;
  if (predicted === undefined) throw new Error('there are three parts');
  expect(partWithout(predicted, new Set([1, 3]))).toBe(predicted);
  expect(partWithout(predicted, new Set([0, 2]))).toBeUndefined();
  expect(partWithout(predicted, new Set([0]))).toEqual({
    ...PREDICTED,
    ...{ rows: [2], secrets: secretsOf([2]), submittedAt: [12], traces: ['00-1-2-00'], labels: [null] },
    inputs: { distance: [2], day: ['monday'] },
    columns: { durationMinutes: [2.5], scores: [[3]] },
  });
});

test('a gateway keeps 1,000 characters of a long error, and the end of a long history', () => {
  const message = `output "minutes" must have shape [${'1, '.repeat(300_000)}1]`;
  const history = Array.from({ length: 101 }, (_, i) => `task-${i}`);
  const read = (): FinishedTask[] =>
    tasksIn(decode(withPart({ ...FAILED, history, error: { ...FAILED.error, message } })));
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const tasks = Array.from({ length: 60 }, read).flat();
  collectGarbage();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
  for (const task of tasks) {
    expect(task.error?.message).toBe(message.slice(0, 1_000));
    expect(task.history).toEqual(history.slice(1));
  }
});
