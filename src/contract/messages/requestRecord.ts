/** Remembers which task a `requestId` stands for, and all it takes to submit that same task again. */
import { LONGEST_DURATION_MS } from '../bounds.ts';
import type { Owner } from '../owner.ts';
import { object, type Passing, text } from '../schema.ts';
import { parseTaskId } from '../taskId.ts';
import { checkOf, parseMessage, refuseNewer, requireThat, VERSION } from './decoder.ts';
import { JOB, type Job, ROW_BATCH_JOB, type RowBatchJob, requireTimes } from './job.ts';

const RECORD_MEMBERS = {
  v: VERSION,
  /** See `inputDigest`: tells a retry from another question under the same `requestId`. */
  inputDigest: text('a SHA-256 in hex', { pattern: '^[0-9a-f]{64}$' }),
};
export const JOB_RECORD = object('a request record', { ...RECORD_MEMBERS, job: JOB });
/** Without the rows: a client that asks again sends the same ones. */
export const ROW_BATCH_RECORD = object('a request record', { ...RECORD_MEMBERS, job: ROW_BATCH_JOB });

export interface RequestRecord extends Omit<Passing<typeof JOB_RECORD>, 'job'> {
  readonly job: Job | RowBatchJob;
}

/** The request that a record must be about. */
export interface ExpectedRequest {
  readonly model: string;
  /** Undefined: anybody. */
  readonly owner?: Owner | undefined;
  /** See `inputDigest`. Undefined: any. */
  readonly digest?: string | undefined;
  /** Of a batch. */
  readonly rowCount?: number | undefined;
}

/** A version becomes a part of a subject: dots and wildcards would make it another one. */
const SUBJECT_TOKEN = /^[\w-]{1,64}$/;

const checkJobRecord = checkOf(JOB_RECORD);
const checkRowBatchRecord = checkOf(ROW_BATCH_RECORD);

/**
 * Decodes a request record. Its job may be stored as it stands there, so it has to be one that a gateway could have
 * made for the request that is asked for. Throws as every decoder does, see `decoderOf`.
 *
 * @param storedAt milliseconds since the epoch, broker time.
 */
export function decodeRequestRecord(
  data: Uint8Array,
  { model, owner, digest, rowCount }: ExpectedRequest,
  storedAt: number,
): RequestRecord {
  const record = checkRecord(parseMessage(data));
  const { job, inputDigest } = record;
  const { taskId, version, deadline } = job;
  const address = parseTaskId(taskId);
  requireThat(address?.model === model, 'job.taskId', `the id of a task of ${model}`, taskId);
  requireThat(SUBJECT_TOKEN.test(version), 'job.version', 'the version of a model', version);
  requireThat(job.model === model, 'job.model', JSON.stringify(model), job.model);
  requireTimes(job);
  const isOfId = Math.ceil(deadline / 1000) === address?.deadlineSecond;
  requireThat(isOfId, 'job.deadline', 'in the second that the task id names', deadline);
  requireThat(owner === undefined || job.owner === owner, 'job.owner', JSON.stringify(owner), job.owner);
  const isNear = Math.abs(deadline - storedAt) <= LONGEST_DURATION_MS;
  requireThat(isNear, 'job.deadline', 'within a day of the request', deadline);
  // Another number of rows is another digest: a record with this digest and that number was put together.
  const rows = 'batch' in job ? job.batch.rowCount : undefined;
  const isSameQuestion = digest === undefined || inputDigest === digest;
  requireThat(!isSameQuestion || rows === rowCount, 'job.batch', `of ${rowCount ?? 'no'} rows`, rows);
  return record;
}

function checkRecord(message: unknown): RequestRecord {
  const job = typeof message === 'object' && message !== null && 'job' in message ? message.job : undefined;
  refuseNewer(job);
  const isRowBatch = typeof job === 'object' && job !== null && 'batch' in job;
  return isRowBatch ? checkRowBatchRecord(message) : checkJobRecord(message);
}
