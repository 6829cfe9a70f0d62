/** A message in the queue of a model, as it is stored, and what it holds. */
import { decodeBundle, type QueuedBundle } from '../contract/messages/bundle.ts';
import { decodeRowBatchJob, type RowBatchJob } from '../contract/messages/job.ts';
import { Lane, parseJobSubject } from '../contract/subjects.ts';

/** A queued message. Its subject and body may be unreadable. */
export interface StoredJob {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly sequence: number;
  /** Milliseconds since the epoch, broker time. */
  readonly storedAt: number;
}

/** A bundle, or the job of a row batch, also of a chunk of it. Throws as every decoder does, see `decoderOf`. */
export function decodeStored({
  subject,
  data,
}: Pick<StoredJob, 'subject' | 'data'>): QueuedBundle | RowBatchJob {
  return parseJobSubject(subject).lane === Lane.Batch
    ? decodeRowBatchJob(data, subject)
    : decodeBundle(data, subject);
}
