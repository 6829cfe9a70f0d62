/** How many bytes the result of a task takes in the broker's stores, before it is known. */
import type { Job, RowBatchJob } from '../contract/messages/job.ts';

/** A task with its end, its request record, and the names around them. */
const BYTES_OF_TASK = 1_024;
/** A row of a row batch, with one output and a place in the list of failed rows. */
const BYTES_OF_ROW = 32;

export function resultBytesOf(job: Job | RowBatchJob): number {
  return BYTES_OF_TASK + ('batch' in job ? job.batch.rowCount * BYTES_OF_ROW : 0);
}
