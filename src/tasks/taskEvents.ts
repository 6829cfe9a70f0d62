/** Events of the tasks that this gateway has accepted, and of those that it follows for watchers. */
import type { RequestErrorCode } from '../contract/errors.ts';
import type { Job, RowBatchJob } from '../contract/messages/job.ts';
import type { FinishedTask } from '../contract/task.ts';
import { Events } from '../process/events.ts';

export interface TaskEventMap {
  /** The job of a task of this gateway is stored. */
  readonly accepted: Job | RowBatchJob;
  /** A task was not accepted, and its client is told why. */
  readonly refused: { readonly model: string; readonly code: RequestErrorCode };
  /** The end of a task of this gateway was received or read, while the task was followed. */
  readonly ended: FinishedTask;
  /** The same of a task of another gateway, or of an earlier process, that is watched here. */
  readonly foreignEnded: FinishedTask;
}

export class TaskEvents extends Events<TaskEventMap> {}
