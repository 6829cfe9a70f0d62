/** Makes tasks of stored jobs, and of tasks the values that `endTask` needs. */
import type { EndingTask } from '../broker/endTask.ts';
import type { JobHeader } from '../contract/messages/job.ts';
import { type Task, TaskState } from '../contract/task.ts';

/** A task and the instant of its deadline: milliseconds since the epoch, broker time. */
export interface DatedTask {
  readonly task: Task;
  readonly deadline: number;
}

/** The task as it is from its acceptance until a worker takes it. */
export function queuedTask({ taskId, owner, model, version, submittedAt, history, batch }: JobHeader): Task {
  const state = TaskState.Queued;
  const task = { id: taskId, owner, model, modelVersion: version, state, submittedAt, history, attempts: 0 };
  return batch === undefined ? task : { ...task, batch: { ...batch, rowsDone: 0, rowsFailed: 0 } };
}

/** A task in the form in which it is ended. */
export function endingOf({ id, modelVersion, ...task }: Task): EndingTask {
  const { owner, model, submittedAt, history, attempts, startedAt, batch } = task;
  return {
    taskId: id,
    owner,
    model,
    version: modelVersion,
    submittedAt,
    history,
    attempts,
    startedAt,
    batch,
  };
}
