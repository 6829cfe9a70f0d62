/** How many bytes a task takes in the broker's stores once it has ended, before its result is known. */
import { encodeMessage } from '../contract/messages/decoder.ts';
import type { Job, RowBatchJob } from '../contract/messages/job.ts';
import type { Manifest } from '../models/manifest.ts';
import { largestBytesOfAll } from '../models/valueBytes.ts';

/** An end without outputs: ids, times, labels, an input that is kept, and the names around them. */
const BYTES_OF_TASK = 2_048;
/** The least of a row: a place in the list of failed rows. */
const LEAST_BYTES_OF_ROW = 32;

/** The most that it can be: outputs count with their longest values. */
export function resultBytesOf(job: Job | RowBatchJob, { outputs }: Manifest): number {
  const rows = 'batch' in job ? job.batch.rowCount : 1;
  const ofRow = largestBytesOfAll(outputs);
  // Its record has the whole job.
  const ofRequest = job.requestId === undefined ? 0 : encodeMessage(job).length;
  return BYTES_OF_TASK + rows * Math.max(LEAST_BYTES_OF_ROW, ofRow) + ofRequest;
}
