import { describe, expect, test } from 'vitest';
import {
  decodeChunkJob,
  decodeJob,
  decodeRowBatchJob,
  QUEUED_CHUNK_JOB,
  QUEUED_JOB,
  ROW_BATCH_JOB,
} from '../../../../src/contract/messages/job.ts';
import { bytesOf, expectEachMemberChecked } from '../../../support/brokenMessages.ts';
import { newTaskAddress } from '../../../support/taskAddresses.ts';

const MODEL = 'trip-duration';
const deadline = 1_800_000_000_000;
const { id: taskId, bundle } = newTaskAddress({ model: MODEL, home: '0a0b0c0d', deadline });
const HEADER = {
  ...{ v: 1, taskId, model: MODEL, version: '1', submittedAt: deadline - 1, deadline, owner: 'anonymous' },
  ...{ bucket: 7, history: [taskId], trace: '00-1-2-00', labels: ['a'], requestId: 'r' },
};
const JOB = { ...HEADER, lane: 'bulk', input: { distance: 1 } };
const CHUNK = { ...HEADER, batch: { rowCount: 5, rowsPerChunk: 3 }, chunk: 1, columns: { distance: [1, 2] } };
const SUBJECT = `jobs.${MODEL}.1.bulk.1800000000.${bundle}`;
const BATCH_SUBJECT = `jobs.${MODEL}.1.batch.1800000000.${bundle}`;

describe('a job', () => {
  test('is refused with the name of any member that is wrong', () => {
    expectEachMemberChecked(QUEUED_JOB, [JOB], (data) => decodeJob(data, SUBJECT));
  });

  test('keeps members that only newer gateways know', () => {
    const job = { ...JOB, priority: 1 };
    expect(decodeJob(bytesOf(job), SUBJECT)).toEqual(job);
  });

  test.each<[string, object, string]>([
    ['another task', { taskId: 'x' }, `taskId must be of ${bundle} as in the subject, got "x"`],
    ['another model', { model: 'churn' }, 'model must be "trip-duration" as in the subject, got "churn"'],
    ['another version', { version: '2' }, 'version must be "1" as in the subject, got "2"'],
    ['another lane', { lane: undefined }, 'lane must be "bulk" as in the subject, got "interactive"'],
    [
      'a deadline in another second',
      { deadline: deadline + 1 },
      'the second of deadline must be 1800000000 as in the subject, got 1800000001',
    ],
    [
      'a life of more than a day',
      { submittedAt: deadline - 86_400_001 },
      `deadline must be within a day of submittedAt, got ${deadline}`,
    ],
  ])('with %s than its subject allows is refused', (_what, members, problem) => {
    expect(() => decodeJob(bytesOf({ ...JOB, ...members }), SUBJECT)).toThrow(problem);
  });
});

describe('a chunk', () => {
  test('is refused with the name of any member that is wrong', () => {
    expectEachMemberChecked(QUEUED_CHUNK_JOB, [CHUNK], (data) => decodeChunkJob(data, `${BATCH_SUBJECT}.1`));
  });

  test('that the batch does not have is refused', () => {
    const chunk = bytesOf({ ...CHUNK, chunk: 2 });
    expect(() => decodeChunkJob(chunk, `${BATCH_SUBJECT}.2`)).toThrow('chunk must be one of 2, got 2');
    expect(() => decodeChunkJob(chunk, `${BATCH_SUBJECT}.1`)).toThrow('chunk must be 1 as in the subject');
  });
});

test('the job of a row batch is refused with the name of any member that is wrong', () => {
  const job = { ...HEADER, batch: CHUNK.batch };
  expectEachMemberChecked(ROW_BATCH_JOB, [job], (data) => decodeRowBatchJob(data, BATCH_SUBJECT));
});

test('a job of 0.2 is found under its whole id', () => {
  const former = `trip_duration_0a0b0c0d_1800000000_0123456789abcdef01234567`;
  const job = { ...JOB, taskId: former };
  expect(decodeJob(bytesOf(job), `jobs.${MODEL}.1.bulk.1800000000.${former}`)).toEqual(job);
});
