/** The message of a result, as a worker makes it and a gateway reads it. */
import { expect, test } from 'vitest';
import { decodeResult } from '../../../src/contract/decoding.ts';
import { encodeMessage, resultOf } from '../../../src/contract/protocol.ts';
import { newTaskAddress, TaskErrorCode, TaskState } from '../../../src/contract/task.ts';
import { collectGarbage } from '../../../src/process/runProcess.ts';

const FAILURE = { finishedAt: 2, attempts: 1, state: TaskState.Failed };
const LONG_MESSAGE = `output "minutes" must have shape [${'1, '.repeat(300_000)}1]`;

function failedResult(message: string) {
  const taskId = newTaskAddress({ model: 'trip-duration', home: '00000000', deadline: 1_795_000_000_000 }).id;
  const error = { code: TaskErrorCode.InvalidOutput, message };
  const job = { taskId, owner: 'anonymous', model: 'trip-duration', version: '1', submittedAt: 1 };
  return { ...resultOf(job, FAILURE), error };
}

test('a worker sends the first 1,000 characters of an error', () => {
  const { id, owner, model, error } = failedResult(LONG_MESSAGE);
  const result = resultOf({ taskId: id, owner, model, version: '1', submittedAt: 1 }, { ...FAILURE, error });
  expect(result.error?.message).toBe(LONG_MESSAGE.slice(0, 1_000));
});

test('a gateway keeps 1,000 characters of a long error of a worker', () => {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const heard = Array.from({ length: 60 }, () => {
    const result = failedResult(LONG_MESSAGE);
    return decodeResult(Buffer.from(encodeMessage(result)), result.id);
  });
  collectGarbage();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
  for (const { state, error } of heard)
    expect({ state, message: error?.message }).toEqual({
      state: 'FAILED',
      message: LONG_MESSAGE.slice(0, 1_000),
    });
});
