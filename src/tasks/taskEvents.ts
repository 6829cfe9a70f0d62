/** Events of this gateway's tasks. Shadows and metrics listen. */
import type { RequestErrorCode } from '../contract/errors.ts';
import type { Job, RowBatchJob } from '../contract/messages/job.ts';
import type { FinishedTask, Task } from '../contract/task.ts';
import { Events } from '../process/events.ts';

export interface TaskEventMap {
  /** The job of a task of this gateway is stored. */
  readonly accepted: Job | RowBatchJob;
  /** A task was not accepted, and its client is told why. */
  readonly refused: { readonly model: string; readonly code: RequestErrorCode };
  /** A worker runs a task that is followed here: once per attempt; of a row batch, once for all its chunks. */
  readonly started: Task;
  /** The end of a task that is followed here was received or read. */
  readonly ended: FinishedTask;
}

export class TaskEvents extends Events<TaskEventMap> {}
