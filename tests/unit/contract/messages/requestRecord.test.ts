import { describe, expect, test } from 'vitest';
import { NewerMessage } from '../../../../src/contract/messages/decoder.ts';
import {
  decodeRequestRecord,
  JOB_RECORD,
  ROW_BATCH_RECORD,
} from '../../../../src/contract/messages/requestRecord.ts';
import { bytesOf, expectEachMemberChecked } from '../../../support/brokenMessages.ts';
import { newTaskAddress } from '../../../support/taskAddresses.ts';

const MODEL = 'trip-duration';
const deadline = 1_800_000_000_000;
const DIGEST = '0'.repeat(64);
const taskId = newTaskAddress({ model: MODEL, home: '0a0b0c0d', deadline }).id;
const HEADER = {
  ...{ v: 1, taskId, model: MODEL, version: '1', submittedAt: deadline - 1, deadline, owner: 'ada' },
  ...{ bucket: 7, history: [taskId], trace: '00-1-2-00', labels: ['a'], requestId: 'r' },
};
const JOB = { ...HEADER, lane: 'bulk', input: { distance: 1 } };
const ROW_BATCH = { ...HEADER, batch: { rowCount: 5, rowsPerChunk: 3 } };
const recordOf = (job: object) => ({ v: 1, inputDigest: DIGEST, job });
const ASKED = { model: MODEL, owner: 'ada', digest: DIGEST };
const decode = (message: object) => decodeRequestRecord(bytesOf(message), ASKED, deadline);

test('a request record is refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(JOB_RECORD, [recordOf(JOB)], (data) => decodeRequestRecord(data, ASKED, deadline));
});

test('and so is that of a row batch', () => {
  const asked = { ...ASKED, rowCount: 5 };
  const decodeAsked = (data: Uint8Array) => decodeRequestRecord(data, asked, deadline);
  expectEachMemberChecked(ROW_BATCH_RECORD, [recordOf(ROW_BATCH)], decodeAsked, {
    member: 'job.batch',
  });
});

describe('a request record is refused', () => {
  const other = newTaskAddress({ model: 'churn', home: '0a0b0c0d', deadline }).id;
  test.each<[string, object, string]>([
    ['with the id of no task', { taskId: 'x' }, 'job.taskId must be the id of a task of trip-duration'],
    ['with a task of another model', { taskId: other, model: 'churn' }, 'job.taskId must be'],
    [
      'with another model than its task',
      { model: 'churn' },
      'job.model must be "trip-duration", got "churn"',
    ],
    ['with another owner', { owner: 'bob' }, 'job.owner must be "ada", got "bob"'],
    ['with a version that is no token', { version: '1.>' }, 'job.version must be the version of a model'],
    ['with another second', { deadline: deadline + 1 }, 'job.deadline must be in the second'],
    ['of a long life', { submittedAt: 1 }, 'deadline must be within a day of submittedAt'],
    ['of a batch where one row was asked', { batch: ROW_BATCH.batch }, 'job.batch must be of no rows, got 5'],
  ])('%s', (_what, members, problem) => {
    expect(() => decode(recordOf({ ...JOB, ...members }))).toThrow(problem);
  });

  test('with a deadline far from its own time', () => {
    const data = bytesOf(recordOf(JOB));
    const stored = deadline + 86_400_001;
    expect(() => decodeRequestRecord(data, ASKED, stored)).toThrow('job.deadline must be within a day of');
  });
});

test('another question under the same requestId may have another number of rows', () => {
  const record = { ...recordOf(ROW_BATCH), inputDigest: '1'.repeat(64) };
  expect(decode(record)).toEqual(record);
});

test('a record with a newer job is left to newer gateways', () => {
  expect(() => decode(recordOf({ v: 2 }))).toThrow(NewerMessage);
});
