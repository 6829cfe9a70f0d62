import { expect, test } from 'vitest';
import { encodeMessage } from '../../src/contract/messages/decoder.ts';
import { decodeResult, newResult } from '../../src/contract/messages/result.ts';
import { type FinishedTask, newTaskId, TaskErrorCode, TaskState } from '../../src/contract/task.ts';
import { collectGarbage } from '../../src/process/runProcess.ts';
import { RecentTasks } from '../../src/tasks/recentTasks.ts';

function finished(id: string, prediction: FinishedTask['prediction'] = { durationMinutes: 7 }): FinishedTask {
  const times = { submittedAt: 0, startedAt: 1, finishedAt: 2 };
  return {
    id,
    model: 'm',
    modelVersion: '1',
    owner: 'anonymous',
    state: TaskState.Succeeded,
    attempts: 1,
    ...times,
    prediction,
  };
}

test('ended tasks are remembered, 10,000 of them at most', () => {
  const recent = new RecentTasks();
  for (let i = 0; i < 10_000; i++) recent.add(finished(`${i}`));
  expect([recent.get('0'), recent.get('5000'), recent.get('9999')].map((task) => task?.id)).toEqual([
    undefined,
    '5000',
    '9999',
  ]);
});

test('those with large predictions are remembered up to 64 MiB', () => {
  const recent = new RecentTasks();
  const scores = Array.from({ length: 40_000 }, (_, i) => i / 7);
  const kept = (count: number) => {
    for (let i = 0; i < count; i++) recent.add(finished(`${i}`, { scores }));
    return Array.from({ length: count }, (_, i) => recent.get(`${i}`)).filter((task) => task !== undefined)
      .length;
  };
  // 320 KB each.
  expect(kept(1_000)).toBeLessThan(210);
});

test('those with long texts are remembered up to 64 MiB', () => {
  const recent = new RecentTasks();
  const error = { code: TaskErrorCode.InvalidOutput, message: 'x'.repeat(100_000) };
  const failed = (id: string) => ({ ...finished(id, undefined), state: TaskState.Failed, error });
  for (let i = 0; i < 1_000; i++) recent.add(failed(`${i}`));
  const kept = Array.from({ length: 1_000 }, (_, i) => recent.get(`${i}`)).filter(
    (task) => task !== undefined,
  );
  expect(kept.length).toBeLessThan(340);
});

const FAILURE = { finishedAt: 2, attempts: 1, state: TaskState.Failed };
const LONG_MESSAGE = `output "minutes" must have shape [${'1, '.repeat(300_000)}1]`;

function failedResult(message: string) {
  const taskId = newTaskId({ model: 'trip-duration', home: '00000000', deadline: 1_795_000_000_000 });
  const error = { code: TaskErrorCode.InvalidOutput, message };
  const job = { taskId, model: 'trip-duration', version: '1', owner: 'anonymous', submittedAt: 1 };
  return { ...newResult(job, FAILURE), error };
}

test('a worker tells the first 1,000 characters of what went wrong', () => {
  const { id, model, error } = failedResult(LONG_MESSAGE);
  const result = newResult(
    { taskId: id, model, version: '1', owner: 'anonymous', submittedAt: 1 },
    { ...FAILURE, error },
  );
  expect(result.error?.message).toBe(LONG_MESSAGE.slice(0, 1_000));
});

test('of a worker that told all of it a gateway keeps the end of the task, and 1,000 characters', () => {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const decoded = Array.from({ length: 60 }, () => {
    const result = failedResult(LONG_MESSAGE);
    return decodeResult(Buffer.from(encodeMessage(result)), result.id);
  });
  collectGarbage();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
  for (const { state, error } of decoded)
    expect({ state, message: error?.message }).toEqual({
      state: 'FAILED',
      message: LONG_MESSAGE.slice(0, 1_000),
    });
});
