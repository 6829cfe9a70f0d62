/** An unfinished task that this gateway follows. */
import type { Listening } from '../broker/broker.ts';
import type { Task } from '../contract/task.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import type { RowBatchProgress } from './rowBatchProgress.ts';
import type { TaskUse } from './taskUse.ts';
import type { TaskWatch } from './taskWatch.ts';

export interface OpenTask {
  readonly address: TaskAddress;
  /** Milliseconds since the epoch, broker time. */
  readonly deadline: number;
  readonly watches: Set<TaskWatch>;
  /** Keeps the end of a foreign task coming; undefined for an own task. */
  readonly news: Listening | undefined;
  /** What is counted of an own task for its owner; undefined if nothing is. */
  readonly use: TaskUse | undefined;
  /** False until the job of an own task is known to be stored. */
  accepted: boolean;
  task: Task;
  /** Of a row batch that runs. */
  progress: RowBatchProgress | undefined;
}

export function show({ task, watches }: OpenTask): void {
  for (const watch of watches) watch.show(task);
}
