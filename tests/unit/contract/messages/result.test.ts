import { describe, expect, test } from 'vitest';
import { decodeResult, encodeResult, RESULT } from '../../../../src/contract/messages/result.ts';
import { collectGarbage } from '../../../../src/process/runProcess.ts';
import { bytesOf, expectEachMemberChecked } from '../../../support/brokenMessages.ts';

const MODEL = 'trip-duration';
const LONG = 'x'.repeat(1_001);
/** Of a task of 0.2. */
const id = 'trip_duration_0a0b0c0d_1800000000_0123456789abcdef01234567';
const COMMON = {
  ...{ v: 1, id, model: MODEL, modelVersion: '1', owner: 'ada', attempts: 1 },
  ...{ submittedAt: 1, startedAt: 2, finishedAt: 3, history: [id] },
  ...{ deadline: 4, labels: ['a'], requestId: 'r', lane: 'bulk', input: { distance: 1 } },
  trace: '00-1-2-00',
  log: [{ at: 2, event: 'DELIVERED', process: 'worker-1', detail: 'delivery 1' }],
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
  const { v: __, ...task } = PREDICTED;
  expect(decode(older)).toEqual({ ...task, owner: 'anonymous' });
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

test('a gateway keeps 1,000 characters of a long error of a worker', () => {
  const long = `output "minutes" must have shape [${'1, '.repeat(300_000)}1]`;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const results = Array.from({ length: 60 }, () =>
    decode({ ...FAILED, error: { ...FAILED.error, message: long } }),
  );
  collectGarbage();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
  for (const { error } of results) expect(error?.message).toBe(long.slice(0, 1_000));
});

test('a result is written in the form in which it is read', () => {
  const task = decode(PREDICTED);
  expect(decodeResult(Buffer.from(encodeResult(task)), id)).toEqual(task);
});
