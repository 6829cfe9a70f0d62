/** Streams and messages in the form in which 0.2 wrote them: one message a task, in the streams RESULTS and JOBS_…. */
import { randomBytes } from 'node:crypto';
import { DiscardPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import { HOME } from './jobs.ts';
import { tripNumber } from './predictDirectly.ts';

const MODEL = 'trip-duration';
export const MIB = 1024 * 1024;

/** The stream of results of 0.2. @param maxBytes its RESULT_MAX_BYTES. */
export function formerResults(maxBytes: number): Partial<StreamConfig> & { readonly name: string } {
  return {
    name: 'RESULTS',
    subjects: ['results.*.*'],
    storage: StorageType.File,
    num_replicas: 1,
    discard: DiscardPolicy.New,
    max_msgs_per_subject: 1,
    discard_new_per_subject: true,
    max_age: 900 * 1_000_000_000,
    max_msgs: 5_000_000,
    max_bytes: maxBytes,
    republish: { src: 'results.*.*', dest: 'final.{{wildcard(1)}}.{{wildcard(2)}}' },
    allow_direct: true,
  };
}

export interface FormerJob {
  readonly v: 1;
  readonly taskId: string;
  readonly model: string;
  readonly version: string;
  readonly submittedAt: number;
  readonly deadline: number;
  readonly owner: string;
  readonly bucket: number;
}

/** The members of a job that was submitted now. */
function formerHeader(timeoutMs: number): FormerJob {
  const submittedAt = Date.now() + 0.25;
  const deadline = submittedAt + timeoutMs;
  const taskId = `trip_duration_${HOME}_${Math.ceil(deadline / 1000)}_${randomBytes(12).toString('hex')}`;
  return { v: 1, taskId, model: MODEL, version: '1', submittedAt, deadline, owner: 'anonymous', bucket: 7 };
}

/** The job of a trip. */
export function formerJob(timeoutMs = 120_000) {
  return { ...formerHeader(timeoutMs), input: { ...tripNumber(1) } };
}

/** Where a job of 0.2 waits. */
export function formerSubject({ taskId, deadline }: FormerJob, lane = 'interactive'): string {
  return `jobs.${MODEL}.1.${lane}.${Math.ceil(deadline / 1000)}.${taskId}`;
}

/** The messages of a row batch with two chunks, by their subjects. */
export function formerRowBatch() {
  const job = { ...formerHeader(120_000), batch: { rowCount: 3, rowsPerChunk: 2 } };
  const subject = formerSubject(job, 'batch');
  const columns = Object.entries(tripNumber(1)).map(([name, value]) => [name, { all: value }]);
  const chunk = { ...job, columns: Object.fromEntries(columns) };
  return {
    id: job.taskId,
    messages: {
      [subject]: job,
      [`${subject}.0`]: { ...chunk, chunk: 0 },
      [`${subject}.1`]: { ...chunk, chunk: 1 },
    },
  };
}

/** The end of a task that 0.2 has run. */
export function formerResult({ taskId, model, version, submittedAt, owner }: FormerJob) {
  return {
    ...{ v: 1, id: taskId, model, modelVersion: version, owner, submittedAt, state: 'SUCCEEDED' },
    ...{ startedAt: submittedAt + 2, finishedAt: submittedAt + 3, attempts: 1 },
    timings: { queueMs: 1, batchMs: 1, computeMs: 1, batchSize: 1 },
    prediction: { durationMinutes: 12.5 },
  };
}

/** The letter of a job that died. */
export function formerLetter(job: FormerJob) {
  return {
    ...{ v: 1, taskId: job.taskId, model: job.model, code: 'WORKER_CRASHED', reason: 'it crashed' },
    ...{ attempts: 3, worker: 'worker-of-0.2', diedAt: job.submittedAt, subject: formerSubject(job) },
    job: Buffer.from(JSON.stringify(job)).toString('base64'),
  };
}
