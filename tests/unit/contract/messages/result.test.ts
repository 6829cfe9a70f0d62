import { describe, expect, test } from 'vitest';
import { encodeMessage } from '../../../../src/contract/messages/decoder.ts';
import { decodeResult, newResult, RESULT } from '../../../../src/contract/messages/result.ts';
import { TaskErrorCode, TaskState } from '../../../../src/contract/task.ts';
import { newTaskAddress } from '../../../../src/contract/taskId.ts';
import { collectGarbage } from '../../../../src/process/runProcess.ts';
import { bytesOf, expectEachMemberChecked } from '../../../support/brokenMessages.ts';

const MODEL = 'trip-duration';
const LONG = 'x'.repeat(1_001);
const id = newTaskAddress({ model: MODEL, home: '0a0b0c0d', deadline: 1_800_000_000_000 }).id;
const COMMON = {
  ...{ v: 1, id, model: MODEL, modelVersion: '1', owner: 'ada', attempts: 1 },
  ...{ submittedAt: 1, startedAt: 2, finishedAt: 3, history: [id] },
};
const PREDICTED = {
  ...COMMON,
  state: 'SUCCEEDED',
  timings: { queueMs: 1, batchMs: 1, computeMs: 1, batchSize: 1 },
  prediction: { durationMinutes: 1, scores: [1, 2] },
};
const FAILED = { ...COMMON, state: 'FAILED', error: { code: 'INFERENCE_FAILED', message: 'x' } };
const ROW_BATCH = {
  ...COMMON,
  state: 'SUCCEEDED',
  batch: { rowCount: 3, rowsPerChunk: 2, rowsDone: 3, rowsFailed: 1, secondsLeft: 0.5 },
};
const decode = (message: object) => decodeResult(bytesOf(message), id);

test('a result is refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(RESULT, [PREDICTED, FAILED, ROW_BATCH], (data) => decodeResult(data, id));
});

test('a result of an older worker, which names no owner, is anonymous', () => {
  const { owner: _, ...older } = PREDICTED;
  expect(decode(older)).toEqual({ ...PREDICTED, owner: 'anonymous' });
});

describe('a result is refused', () => {
  test.each<[string, object, string]>([
    ['of another task', { ...PREDICTED, id: 'x' }, `id must be "${id}", got "x"`],
    ['of another model', { ...PREDICTED, model: 'churn' }, 'model must be that of the id, got "churn"'],
    ['of an unfinished task', { ...PREDICTED, state: 'RUNNING' }, 'state must be one of SUCCEEDED, FAILED'],
    ['without its prediction', { ...COMMON, state: 'SUCCEEDED' }, 'prediction must be there'],
    ['with the prediction of a failure', { ...PREDICTED, state: 'FAILED' }, 'prediction must be absent'],
    ['with one prediction of a batch', { ...ROW_BATCH, ...PREDICTED }, 'prediction must be absent'],
    ['of more rows than there are', { ...ROW_BATCH, batch: { ...ROW_BATCH.batch, rowsDone: 4 } }, 'batch'],
    ['of more failures than rows', { ...ROW_BATCH, batch: { ...ROW_BATCH.batch, rowsFailed: 4 } }, 'batch'],
  ])('%s', (_what, message, problem) => {
    expect(() => decode(message)).toThrow(problem);
  });
});

test('a result with a long message and a long history has the beginning of the one and the end of the other', () => {
  const history = Array.from({ length: 101 }, (_, i) => `task-${i}`);
  const { error, ...others } = decode({ ...FAILED, history, error: { ...FAILED.error, message: LONG } });
  expect(error?.message).toBe(LONG.slice(1));
  expect(others.history).toEqual(history.slice(1));
});

/** Of an end that a worker writes. */
const FAILURE = { finishedAt: 2, attempts: 1, state: TaskState.Failed };
const LONG_MESSAGE = `output "minutes" must have shape [${'1, '.repeat(300_000)}1]`;

function failedResult(message: string) {
  const taskId = newTaskAddress({ model: 'trip-duration', home: '00000000', deadline: 1_795_000_000_000 }).id;
  const error = { code: TaskErrorCode.InvalidOutput, message };
  const job = { taskId, owner: 'anonymous', model: 'trip-duration', version: '1', submittedAt: 1 };
  return { ...newResult(job, FAILURE), error };
}

test('a worker sends the first 1,000 characters of an error', () => {
  const { id, owner, model, error } = failedResult(LONG_MESSAGE);
  const result = newResult({ taskId: id, owner, model, version: '1', submittedAt: 1 }, { ...FAILURE, error });
  expect(result.error?.message).toBe(LONG_MESSAGE.slice(0, 1_000));
});

test('a gateway keeps 1,000 characters of a long error of a worker', () => {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const results = Array.from({ length: 60 }, () => {
    const result = failedResult(LONG_MESSAGE);
    return decodeResult(Buffer.from(encodeMessage(result)), result.id);
  });
  collectGarbage();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
  for (const { state, error } of results)
    expect({ state, message: error?.message }).toEqual({
      state: 'FAILED',
      message: LONG_MESSAGE.slice(0, 1_000),
    });
});
