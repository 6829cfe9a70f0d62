import { expect, test } from 'vitest';
import { type FinishedTask, TaskState } from '../../src/task.ts';
import { RecentTasks } from '../../src/tasks/recentTasks.ts';

function finished(id: string, prediction: FinishedTask['prediction'] = { durationMinutes: 7 }): FinishedTask {
  const times = { submittedAt: 0, startedAt: 1, finishedAt: 2 };
  return { id, model: 'm', modelVersion: '1', state: TaskState.Succeeded, attempts: 1, ...times, prediction };
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
