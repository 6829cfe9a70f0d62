import { describe, expect, test } from 'vitest';
import { CHUNK_RESULT, decodeChunkResult } from '../../../../src/contract/messages/chunkResult.ts';
import { bytesOf, expectEachMemberChecked } from '../../../support/brokenMessages.ts';

const SHAPE = { rowCount: 5, rowsPerChunk: 3 };
const ERROR = { code: 'INVALID_OUTPUT', message: 'x', row: 4 };
const GOOD = {
  ...{ v: 1, taskId: 'task', chunk: 1, startedAt: 1, finishedAt: 2, rowsFailed: 1 },
  ...{ columns: { minutes: [1, null], names: ['a', null] }, errors: [ERROR] },
};
const decode = (data: Uint8Array) => decodeChunkResult(data, 'task', SHAPE, 1);

test('the result of a chunk is refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(CHUNK_RESULT, [GOOD], decode);
});

describe('the result of a chunk is refused', () => {
  test.each<[string, object, string]>([
    ['of another task', { taskId: 'x' }, 'taskId must be "task", got "x"'],
    ['of another chunk', { chunk: 0 }, 'chunk must be 1, got 0'],
    [
      'with too few rows',
      { columns: { minutes: [1] } },
      'columns.minutes must be a list of 2 values, got [1]',
    ],
    ['with a failure elsewhere', { errors: [{ ...ERROR, row: 2 }] }, 'errors must be of rows from 3 to 4'],
    ['with a wrong sum', { rowsFailed: 2 }, 'rowsFailed must be 1, one for each error, got 2'],
  ])('%s', (_what, members, problem) => {
    expect(() => decode(bytesOf({ ...GOOD, ...members }))).toThrow(problem);
  });
});

test('the message of a failed row is cut off', () => {
  const errors = [{ ...ERROR, message: 'x'.repeat(1_001) }];
  expect(decode(bytesOf({ ...GOOD, errors })).errors[0]?.message).toHaveLength(1_000);
});
