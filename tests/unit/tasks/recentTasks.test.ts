import { expect, test } from 'vitest';
import { type FinishedTask, TaskErrorCode, TaskState } from '../../../src/contract/task.ts';
import { RecentTasks } from '../../../src/tasks/recentTasks.ts';

function finished(id: string, prediction: FinishedTask['prediction'] = { durationMinutes: 7 }): FinishedTask {
  const times = { submittedAt: 0, startedAt: 1, finishedAt: 2 };
  return {
    id,
    owner: 'anonymous',
    model: 'm',
    modelVersion: '1',
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

test('ended tasks with large predictions are remembered up to 64 MiB', () => {
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

test('ended tasks with long texts are remembered up to 64 MiB', () => {
  const recent = new RecentTasks();
  const error = { code: TaskErrorCode.InvalidOutput, message: 'x'.repeat(100_000) };
  const failed = (id: string) => ({ ...finished(id, undefined), state: TaskState.Failed, error });
  for (let i = 0; i < 1_000; i++) recent.add(failed(`${i}`));
  const kept = Array.from({ length: 1_000 }, (_, i) => recent.get(`${i}`)).filter(
    (task) => task !== undefined,
  );
  expect(kept.length).toBeLessThan(340);
});
