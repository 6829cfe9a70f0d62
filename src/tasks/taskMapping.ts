/** Makes tasks of stored jobs, and of tasks the values that `endTask` needs. */
import type { EndingTask } from '../broker/endTask.ts';
import type { JobHeader } from '../contract/messages/job.ts';
import { Lane } from '../contract/subjects.ts';
import { type Task, TaskState } from '../contract/task.ts';
import { parseTaskId } from '../contract/taskId.ts';
import { keptInput } from '../contract/values.ts';
import { TaskPriority } from './taskOptions.ts';

/** A task and the instant of its deadline: milliseconds since the epoch, broker time. */
export interface DatedTask {
  readonly task: Task;
  readonly deadline: number;
}

/** The task as it is from its acceptance until a worker takes it. */
export function queuedTask(job: JobHeader): Task {
  const { taskId, owner, model, version, submittedAt, deadline, history, labels, requestId, lane } = job;
  const { input, batch, trace } = job;
  const task = {
    id: taskId,
    owner,
    model,
    modelVersion: version,
    state: TaskState.Queued,
    submittedAt,
    deadline,
    history,
    labels,
    requestId,
    trace,
    input: input && keptInput(input),
    lane,
    attempts: 0,
  };
  return batch === undefined ? task : { ...task, batch: { ...batch, rowsDone: 0, rowsFailed: 0 } };
}

/** A task in the form in which it is ended. */
export function endingOf({ id, modelVersion, ...task }: Task): EndingTask {
  const { owner, model, submittedAt, deadline, attempts, startedAt, batch } = task;
  const { history, labels, requestId, trace, input, lane } = task;
  return {
    taskId: id,
    owner,
    model,
    version: modelVersion,
    submittedAt,
    deadline,
    history,
    labels,
    requestId,
    trace,
    input,
    lane,
    attempts,
    startedAt,
    batch,
  };
}

/** How urgent a task is. A row batch can wait, and so can work. */
export function priorityOf({ lane, batch, work }: Task): TaskPriority {
  return lane === Lane.Bulk || batch !== undefined || work !== undefined
    ? TaskPriority.Bulk
    : TaskPriority.Interactive;
}

/** When a task expires; of one that 0.2 has ended, the second, rounded up. Milliseconds since the epoch, broker time. */
export function deadlineOf({ id, submittedAt, deadline }: Task): number {
  return deadline ?? (parseTaskId(id)?.deadlineSecond ?? submittedAt / 1000) * 1000;
}
