/** A task, to measure what metrics and tracing add to each: the job that is accepted, and the task at its end. */
import { MESSAGE_VERSION } from '../../src/contract/messages/decoder.ts';
import type { Job } from '../../src/contract/messages/job.ts';
import { type FinishedTask, TaskState } from '../../src/contract/task.ts';

const NAMED = { model: 'churn', owner: 'shop', submittedAt: 0, deadline: 60_000 };

export const ACCEPTED: Job = { ...NAMED, v: MESSAGE_VERSION, taskId: 'task', version: '1', input: {} };

export const ENDED: FinishedTask = {
  ...{ ...NAMED, id: 'task', modelVersion: '1', state: TaskState.Succeeded, attempts: 1 },
  ...{ startedAt: 3, finishedAt: 5, prediction: {} },
  timings: { queueMs: 2, batchMs: 1, computeMs: 2, batchSize: 8 },
};

/** @returns the microseconds of CPU that this process takes for some work. */
export async function cpuUs(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
