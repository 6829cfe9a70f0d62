/** Jobs: what gateways queue, and workers take and run. */
import { INSTANT, LONGEST_DURATION_MS, NAME } from '../bounds.ts';
import { OWNER } from '../owner.ts';
import { BUCKET } from '../rollout.ts';
import { chunkCountOf, hasChunk, ROW_BATCH_SHAPE } from '../rowBatchShape.ts';
import { integer, listOf, object, type Passing, uncheckedRecord } from '../schema.ts';
import { type JobSubject, Lane, parseJobSubject } from '../subjects.ts';
import { LABELS, MAX_HISTORY, TASK_LANE } from '../task.ts';
import { parseTaskId } from '../taskId.ts';
import { type PackedColumns, VALUES } from '../values.ts';
import { checkOf, decoderOf, parseMessage, requireAsInSubject, requireThat, VERSION } from './decoder.ts';

const HEADER_MEMBERS = {
  v: VERSION,
  taskId: NAME,
  model: NAME,
  version: NAME,
  /** Milliseconds since the epoch, broker time. */
  submittedAt: INSTANT,
  /** Milliseconds since the epoch, broker time: at this instant the task expires. */
  deadline: INSTANT,
  owner: OWNER,
};
const HEADER_OPTIONAL = {
  /** Where the task lies in the rollout of its model; absent if it was pinned to its version. */
  bucket: BUCKET,
  /** Ids of the tasks that died with this input before it was redriven, oldest first. */
  history: listOf(`a list of ${MAX_HISTORY} task ids at most`, NAME, { maxItems: MAX_HISTORY }),
  /** W3C `traceparent` of the request, if it had one. */
  trace: NAME,
  labels: LABELS,
  /** As the client gave it. */
  requestId: NAME,
};
const HEADER = object('a job', HEADER_MEMBERS, HEADER_OPTIONAL);
/** The members of every job about its task. They are enough to end the task without a worker. */
export type TaskHeader = Passing<typeof HEADER>;

const JOB_OPTIONAL = {
  ...HEADER_OPTIONAL,
  /** Which of the version's queues it waits in; absent: `interactive`. */
  lane: TASK_LANE,
};
/** A job with an input of values. */
export const JOB = object('a job', { ...HEADER_MEMBERS, input: VALUES }, JOB_OPTIONAL);
/** Carries one task to a worker. */
export type Job = Passing<typeof JOB>;

export const QUEUED_JOB = object(
  'a job',
  {
    ...HEADER_MEMBERS,
    /** Its reader checks it against the manifest, which says more of each value than a schema of all jobs can. */
    input: uncheckedRecord('an object with a value by the name of each input'),
  },
  JOB_OPTIONAL,
);
/** A job as it lies in its queue: its input is not checked yet. */
export type QueuedJob = Passing<typeof QUEUED_JOB>;

const ROW_BATCH_MEMBERS = { ...HEADER_MEMBERS, batch: ROW_BATCH_SHAPE };
/**
 * Stands in the queue for a batch as a whole, from before its first chunk until its end is stored. No worker takes it:
 * gateways see by it that the batch is there, and the sweeper that its time is over.
 */
export const ROW_BATCH_JOB = object('a job', ROW_BATCH_MEMBERS, HEADER_OPTIONAL);
export type RowBatchJob = Passing<typeof ROW_BATCH_JOB>;

export const QUEUED_CHUNK_JOB = object(
  'the job of a chunk',
  {
    ...ROW_BATCH_MEMBERS,
    /** From 0. */
    chunk: integer('the number of a chunk', 0, Number.MAX_SAFE_INTEGER),
    /**
     * A list of values per input, by GraphQL name. Checked against the manifest by its reader, as the input of a job.
     */
    columns: uncheckedRecord('an object with a column by the name of each input'),
  },
  HEADER_OPTIONAL,
);
/** A chunk as it lies in its queue: its columns are not checked yet. */
export type QueuedChunkJob = Passing<typeof QUEUED_CHUNK_JOB>;

/** Carries some rows of a batch to a worker. */
export interface ChunkJob extends QueuedChunkJob {
  readonly columns: PackedColumns;
}

/** The members of a job that are needed to end its task. */
export type JobHeader = Pick<
  TaskHeader,
  | 'taskId'
  | 'model'
  | 'version'
  | 'submittedAt'
  | 'deadline'
  | 'owner'
  | 'history'
  | 'labels'
  | 'requestId'
  | 'trace'
> &
  Partial<Pick<RowBatchJob, 'batch'> & Pick<QueuedJob, 'input'>> &
  Pick<Job, 'lane'>;

const checkQueuedJob = checkOf(QUEUED_JOB);
const readRowBatchJob = decoderOf(ROW_BATCH_JOB);
const readChunkJob = decoderOf(QUEUED_CHUNK_JOB);

/** Decodes a job. Throws as every decoder does, see `decoderOf`. */
export function decodeJob(data: Uint8Array, subject: string): QueuedJob {
  return decodeParsedJob(parseMessage(data), subject);
}

/** The same, for parsed JSON. */
export function decodeParsedJob(message: unknown, subject: string): QueuedJob {
  const job = checkQueuedJob(message);
  const place = parseJobSubject(subject);
  requireHeader(job, place);
  requireAsInSubject('lane', job.lane ?? Lane.Interactive, place.lane);
  return job;
}

/** Decodes a chunk. Throws as every decoder does. */
export function decodeChunkJob(data: Uint8Array, subject: string): QueuedChunkJob {
  const job = readChunkJob(data);
  const place = parseJobSubject(subject);
  requireHeader(job, place);
  requireAsInSubject('chunk', job.chunk, place.chunk ?? -1);
  const isThere = hasChunk(job.batch, job.chunk);
  requireThat(isThere, 'chunk', `one of ${chunkCountOf(job.batch)}`, job.chunk);
  return job;
}

/** Decodes the job of a row batch. Throws as every decoder does. */
export function decodeRowBatchJob(data: Uint8Array, subject: string): RowBatchJob {
  const job = readRowBatchJob(data);
  requireHeader(job, parseJobSubject(subject));
  return job;
}

/** A job has to be the one that its subject names. @throws {MalformedMessage} naming the member that is wrong. */
function requireHeader(header: TaskHeader, place: JobSubject): void {
  const named = parseTaskId(header.taskId)?.bundle;
  requireThat(named === place.bundle, 'taskId', `of ${place.bundle} as in the subject`, header.taskId);
  requireAsInSubject('model', header.model, place.model);
  requireAsInSubject('version', header.version, place.version);
  requireTimes(header);
  requireAsInSubject('the second of deadline', Math.ceil(header.deadline / 1000), place.deadlineSecond);
}

/** @throws {MalformedMessage} if a task lives too long. */
export function requireTimes({ submittedAt, deadline }: TaskHeader): void {
  const isWithinADay = Math.abs(deadline - submittedAt) <= LONGEST_DURATION_MS;
  requireThat(isWithinADay, 'deadline', 'within a day of submittedAt', deadline);
}
