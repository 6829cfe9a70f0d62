/**
 * Reads stored messages and jobs, whoever wrote them: JSON of a version that is known, that agrees with its subject and
 * passes the checks of heard.ts.
 */
import {
  checkActual,
  checkChunkResult,
  checkDeadLetter,
  checkResult,
  checkRollout,
  checkShadowJob,
  checkSuspectMark,
  isBatchShape,
  isBucket,
  isDuration,
  isHistory,
  isInstant,
  MalformedMessage,
} from './heard.ts';
import {
  type Actual,
  type BatchJob,
  type ChunkJob,
  type ChunkResult,
  type DeadLetter,
  type Job,
  type JobHeader,
  Lane,
  MESSAGE_VERSION,
  parseJobSubject,
  type RequestRecord,
  type Result,
  type RolloutRecord,
  type ShadowJob,
  type SuspectMark,
} from './protocol.ts';
import type { BatchShape } from './task.ts';
import { chunkCountOf, hasChunk } from './tasks/batchShape.ts';

const OLDEST_READ = Math.max(1, MESSAGE_VERSION - 1);

const decoder = new TextDecoder();

export class NewerMessage extends Error {
  constructor(v: number) {
    super(`message version ${v} is newer than ${MESSAGE_VERSION}, the newest this process reads`);
  }
}

/** @throws {MalformedMessage} if it is no JSON object; {NewerMessage} if its version is beyond ours. */
function decodeMessage(data: Uint8Array): Readonly<Record<string, unknown>> {
  let message: unknown;
  try {
    message = JSON.parse(decoder.decode(data));
  } catch (cause) {
    throw new MalformedMessage('the message is not JSON', { cause });
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw new MalformedMessage(
      `a message must be a JSON object, got ${JSON.stringify(message)?.slice(0, 40)}`,
    );
  }
  const { v } = message as { v?: unknown };
  if (!Number.isInteger(v))
    throw new MalformedMessage(`v must be a message version, got ${JSON.stringify(v)}`);
  if ((v as number) > MESSAGE_VERSION) throw new NewerMessage(v as number);
  if ((v as number) < OLDEST_READ)
    throw new MalformedMessage(`message version ${v} is older than ${OLDEST_READ}`);
  return message as Readonly<Record<string, unknown>>;
}

/**
 * Reads a job, which anybody with access to the broker may have written.
 *
 * @throws {MalformedMessage} naming the member that is wrong; {NewerMessage}, see `decodeMessage`.
 */
export function decodeJob(data: Uint8Array, subject: string): Job {
  const job = decodeHeader(data, subject);
  requireEqual('lane', job.lane ?? Lane.Interactive, parseJobSubject(subject).lane);
  if (typeof job.input !== 'object' || job.input === null)
    throw new MalformedMessage('input must be an object');
  return job as unknown as Job;
}

/** Reads a chunk; throws as `decodeJob` does. Of its columns nothing is known yet but that there are some. */
export function decodeChunkJob(data: Uint8Array, subject: string): ChunkJob {
  const job = decodeBatchJob(data, subject) as Partial<ChunkJob> & BatchJob;
  const { chunk = -1 } = parseJobSubject(subject);
  requireEqual('chunk', job.chunk, chunk);
  if (!hasChunk(job.batch, chunk))
    throw new MalformedMessage(`chunk must be one of ${chunkCountOf(job.batch)}, got ${chunk}`);
  if (typeof job.columns !== 'object' || job.columns === null)
    throw new MalformedMessage('columns must be an object');
  return job as ChunkJob;
}

/** Reads what a batch or one of its chunks says of the batch; throws as `decodeJob` does. */
function decodeBatchJob(data: Uint8Array, subject: string): BatchJob {
  const job = decodeHeader(data, subject);
  if (!isBatchShape(job.batch))
    throw new MalformedMessage(`batch must tell its rows, got ${JSON.stringify(job.batch)?.slice(0, 40)}`);
  return job as unknown as BatchJob;
}

function decodeHeader(data: Uint8Array, subject: string): Readonly<Record<string, unknown>> {
  const job = decodeMessage(data);
  const { taskId, model, version, deadlineSecond } = parseJobSubject(subject);
  requireEqual('taskId', job.taskId, taskId);
  requireEqual('model', job.model, model);
  requireEqual('version', job.version, version);
  for (const name of ['submittedAt', 'deadline'] as const) {
    if (!isInstant(job[name])) throw new MalformedMessage(`${name} must be milliseconds, got ${job[name]}`);
  }
  if (!isDuration(Number(job.deadline) - Number(job.submittedAt)))
    throw new MalformedMessage(`deadline must be within a day of submittedAt, got ${job.deadline}`);
  requireEqual('the second of deadline', Math.ceil(Number(job.deadline) / 1000), deadlineSecond);
  if (job.history !== undefined && !isHistory(job.history))
    throw new MalformedMessage('history must be a list of task ids');
  if (job.bucket !== undefined && !isBucket(job.bucket))
    throw new MalformedMessage(`bucket must be one of a rollout, got ${JSON.stringify(job.bucket)}`);
  return job;
}

/** Reads what a stored job says of its task; if its body cannot be read, what its subject says. */
export function readJobHeader({
  subject,
  data,
}: {
  readonly subject: string;
  readonly data: Uint8Array;
}): JobHeader {
  const { taskId, model, version, lane, deadlineSecond } = parseJobSubject(subject);
  try {
    return lane === Lane.Batch ? decodeBatchJob(data, subject) : decodeJob(data, subject);
  } catch {
    return { taskId, model, version, submittedAt: deadlineSecond * 1000, deadline: deadlineSecond * 1000 };
  }
}

function requireEqual(name: string, inBody: unknown, inSubject: string | number): void {
  if (inBody === inSubject) return;
  throw new MalformedMessage(
    `${name} must be ${JSON.stringify(inSubject)} as in the subject, got ${JSON.stringify(inBody)}`,
  );
}

/** @throws {MalformedMessage} if it is not the final state of that task; {NewerMessage}, see `decodeMessage`. */
export function decodeResult(data: Uint8Array, taskId: string): Result {
  return checkResult(decodeMessage(data), taskId);
}

export function decodeRequestRecord(data: Uint8Array): RequestRecord {
  return decodeMessage(data) as unknown as RequestRecord;
}

/** @throws {MalformedMessage} if it is not what came of that chunk; {NewerMessage}, see `decodeMessage`. */
export function decodeChunkResult(
  data: Uint8Array,
  taskId: string,
  shape: BatchShape,
  chunk: number,
): ChunkResult {
  return checkChunkResult(decodeMessage(data), taskId, shape, chunk);
}

export function decodeSuspectMark(data: Uint8Array): SuspectMark {
  return checkSuspectMark(decodeMessage(data));
}

/** @throws {MalformedMessage} if it is no dead letter of that task; {NewerMessage}, see `decodeMessage`. */
export function decodeDeadLetter(data: Uint8Array, taskId: string): DeadLetter {
  return checkDeadLetter(decodeMessage(data), taskId);
}

/** @throws {MalformedMessage} if it is no rollout; {NewerMessage}, see `decodeMessage`. */
export function decodeRolloutRecord(data: Uint8Array): RolloutRecord {
  return checkRollout(decodeMessage(data));
}

/** @throws {MalformedMessage} if it is no shadow job; {NewerMessage}, see `decodeMessage`. */
export function decodeShadowJob(data: Uint8Array): ShadowJob {
  return checkShadowJob(decodeMessage(data));
}

/** @throws {MalformedMessage} if it is no actual of the task that its subject names; {NewerMessage}, see `decodeMessage`. */
export function decodeActual(data: Uint8Array, subject: string): Actual {
  const message = decodeMessage(data);
  const [, model = '', version = '', taskId = ''] = subject.split('.');
  requireEqual('taskId', message.taskId, taskId);
  requireEqual('model', message.model, model);
  requireEqual('version', message.version, version);
  return checkActual(message);
}
