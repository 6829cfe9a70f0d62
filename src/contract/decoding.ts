/**
 * Reads stored messages and jobs, whoever wrote them: JSON of a version that is known, that agrees with its subject and
 * passes the checks of heard.ts.
 */

import { RETRY_IN_A_MOMENT_MS, RequestError, RequestErrorCode } from './errors.ts';
import {
  checkActual,
  checkChunkResult,
  checkDeadLetter,
  checkResult,
  checkRollout,
  checkShadowJob,
  checkSuspectMark,
  isBucket,
  isDuration,
  isHistory,
  isInstant,
  isName,
  isRowBatchShape,
  isValues,
  LONGEST_DURATION_MS,
  MalformedMessage,
} from './heard.ts';
import {
  type Actual,
  type ChunkJob,
  type ChunkResult,
  type DeadLetter,
  type Job,
  type JobHeader,
  type JobSubject,
  Lane,
  MESSAGE_VERSION,
  parseJobSubject,
  type RequestRecord,
  type Result,
  type RolloutRecord,
  type RowBatchJob,
  type ShadowJob,
  type SuspectMark,
} from './protocol.ts';
import { chunkCountOf, hasChunk, type RowBatchShape } from './rowBatchShape.ts';
import { ANONYMOUS, type Owner, parseTaskId } from './task.ts';

const OLDEST_READ = Math.max(1, MESSAGE_VERSION - 1);

/** Whatever becomes a part of a subject: dots and wildcards would make it another one. */
const SUBJECT_TOKEN = /^[\w-]{1,64}$/;
const DIGEST = /^[0-9a-f]{64}$/;

const decoder = new TextDecoder();

/** What a newer process wrote. A client that asks for it is told to ask a newer gateway. */
export class NewerMessage extends RequestError {
  constructor(v: number) {
    super(
      RequestErrorCode.NewerGatewayNeeded,
      `message version ${v} is newer than ${MESSAGE_VERSION}, the newest this process reads: ask a newer gateway, or try again after the upgrade`,
      // During an upgrade a balancer soon finds a gateway that reads it.
      { details: { retryAfterMs: RETRY_IN_A_MOMENT_MS } },
    );
  }
}

type Members = Readonly<Record<string, unknown>>;

/** What the reader of a request record knows of it before. */
export interface AskedRequest {
  readonly model: string;
  /** Undefined: anybody. */
  readonly owner?: Owner | undefined;
  /** See `inputDigest`. Undefined: any. */
  readonly digest?: string | undefined;
  /** Of a batch. */
  readonly rowCount?: number | undefined;
}

/** @throws {MalformedMessage} if it is no JSON object; {NewerMessage} if its version is beyond ours. */
function decodeMessage(data: Uint8Array): Members {
  let message: unknown;
  try {
    message = JSON.parse(decoder.decode(data));
  } catch (cause) {
    throw new MalformedMessage('the message is not JSON', { cause });
  }
  return checkMessage(message);
}

function checkMessage(message: unknown): Members {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw new MalformedMessage(`a message must be a JSON object, got ${shown(message)}`);
  }
  const { v } = message as { v?: unknown };
  if (!Number.isInteger(v))
    throw new MalformedMessage(`v must be a message version, got ${JSON.stringify(v)}`);
  if ((v as number) > MESSAGE_VERSION) throw new NewerMessage(v as number);
  if ((v as number) < OLDEST_READ)
    throw new MalformedMessage(`message version ${v} is older than ${OLDEST_READ}`);
  return message as Members;
}

/**
 * Reads a job, which anybody with access to the broker may have written.
 *
 * @throws {MalformedMessage} naming the member that is wrong; {NewerMessage}, see `decodeMessage`.
 */
export function decodeJob(data: Uint8Array, subject: string): Job {
  const job = checkHeader(decodeMessage(data), parseJobSubject(subject));
  requireEqual('lane', job.lane ?? Lane.Interactive, parseJobSubject(subject).lane);
  if (typeof job.input !== 'object' || job.input === null)
    throw new MalformedMessage('input must be an object');
  return job as unknown as Job;
}

/** Reads a chunk; throws as `decodeJob` does. Of its columns nothing is known yet but that there are some. */
export function decodeChunkJob(data: Uint8Array, subject: string): ChunkJob {
  const job = decodeRowBatchJob(data, subject) as Partial<ChunkJob> & RowBatchJob;
  const { chunk = -1 } = parseJobSubject(subject);
  requireEqual('chunk', job.chunk, chunk);
  if (!hasChunk(job.batch, chunk))
    throw new MalformedMessage(`chunk must be one of ${chunkCountOf(job.batch)}, got ${chunk}`);
  if (typeof job.columns !== 'object' || job.columns === null)
    throw new MalformedMessage('columns must be an object');
  return job as ChunkJob;
}

/** Reads what a batch or one of its chunks says of the batch; throws as `decodeJob` does. */
function decodeRowBatchJob(data: Uint8Array, subject: string): RowBatchJob {
  const job = checkHeader(decodeMessage(data), parseJobSubject(subject));
  if (!isRowBatchShape(job.batch))
    throw new MalformedMessage(`batch must tell its rows, got ${shown(job.batch)}`);
  return job as unknown as RowBatchJob;
}

/** @param expected as the subject says, or whatever else names the task. */
function checkHeader(
  job: Members,
  { taskId, model, version, deadlineSecond }: Omit<JobSubject, 'lane' | 'chunk'>,
): Members {
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
  if (!isName(job.owner)) throw new MalformedMessage(`owner must be a name, got ${shown(job.owner)}`);
  if (job.trace !== undefined && !isName(job.trace))
    throw new MalformedMessage(`trace must be a traceparent, got ${shown(job.trace)}`);
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
    return lane === Lane.Batch ? decodeRowBatchJob(data, subject) : decodeJob(data, subject);
  } catch {
    const deadline = deadlineSecond * 1000;
    return { taskId, owner: ANONYMOUS, model, version, submittedAt: deadline, deadline };
  }
}

function requireEqual(name: string, inBody: unknown, inSubject: string | number): void {
  if (inBody === inSubject) return;
  throw new MalformedMessage(
    `${name} must be ${JSON.stringify(inSubject)} as in the subject, got ${JSON.stringify(inBody)}`,
  );
}

function shown(value: unknown): string | undefined {
  return JSON.stringify(value)?.slice(0, 40);
}

/** @throws {MalformedMessage} if it is not the final state of that task; {NewerMessage}, see `decodeMessage`. */
export function decodeResult(data: Uint8Array, taskId: string): Result {
  return checkResult(decodeMessage(data), taskId);
}

/**
 * Reads a request record. Its job may be stored as it stands there, so it has to be one that a gateway could have made
 * for the request that is asked for.
 *
 * @param storedAt milliseconds since the epoch, broker time.
 * @throws {MalformedMessage} naming the member that is wrong; {NewerMessage}, see `decodeMessage`.
 */
export function decodeRequestRecord(
  data: Uint8Array,
  { model, owner, digest, rowCount }: AskedRequest,
  storedAt: number,
): RequestRecord {
  const record = decodeMessage(data);
  const job = checkMessage(record.job);
  const { taskId, version } = job;
  const address = typeof taskId === 'string' ? parseTaskId(taskId) : undefined;
  if (address === undefined) throw new MalformedMessage(`taskId must be an id, got ${shown(taskId)}`);
  if (typeof version !== 'string' || !SUBJECT_TOKEN.test(version))
    throw new MalformedMessage(`version must be that of a model, got ${shown(version)}`);
  checkHeader(job, {
    taskId: address.id,
    model: address.model,
    version,
    deadlineSecond: address.deadlineSecond,
  });
  if (address.model !== model || (owner !== undefined && job.owner !== owner))
    throw new MalformedMessage(`the task must be one of ${model} and of whom asks, got ${address.model}`);
  if (Math.abs(Number(job.deadline) - storedAt) > LONGEST_DURATION_MS)
    throw new MalformedMessage(`deadline must be within a day of the request, got ${job.deadline}`);
  checkQuestion(job);
  if (typeof record.inputDigest !== 'string' || !DIGEST.test(record.inputDigest))
    throw new MalformedMessage(`inputDigest must be a SHA-256 in hex, got ${shown(record.inputDigest)}`);
  // Another number of rows is another digest: this record was put together.
  const isSameQuestion = digest === undefined || record.inputDigest === digest;
  const rows = (job as Partial<RowBatchJob>).batch?.rowCount;
  if (isSameQuestion && rows !== rowCount)
    throw new MalformedMessage(`rowCount must be ${rowCount} as in the question, got ${rows}`);
  return record as unknown as RequestRecord;
}

/** What the job of a request record asks: one row, or that there is a batch whose rows come with the request. */
function checkQuestion({ batch, input, lane = Lane.Interactive }: Members): void {
  if (batch === undefined) {
    if (!isValues(input)) throw new MalformedMessage(`input must be values by name, got ${shown(input)}`);
    if (lane !== Lane.Interactive && lane !== Lane.Bulk)
      throw new MalformedMessage(`lane must be ${Lane.Interactive} or ${Lane.Bulk}, got ${shown(lane)}`);
    return;
  }
  if (!isRowBatchShape(batch)) throw new MalformedMessage(`batch must tell its rows, got ${shown(batch)}`);
}

/** @throws {MalformedMessage} if it is not what came of that chunk; {NewerMessage}, see `decodeMessage`. */
export function decodeChunkResult(
  data: Uint8Array,
  taskId: string,
  shape: RowBatchShape,
  chunk: number,
): ChunkResult {
  return checkChunkResult(decodeMessage(data), taskId, shape, chunk);
}

export function decodeSuspectMark(data: Uint8Array): SuspectMark {
  return checkSuspectMark(decodeMessage(data));
}

/** @throws {MalformedMessage} if it is no dead letter of the task that its subject names; {NewerMessage}, see `decodeMessage`. */
export function decodeDeadLetter(data: Uint8Array, subject: string): DeadLetter {
  const letter = decodeMessage(data);
  const [, model = '', taskId = ''] = subject.split('.');
  requireEqual('model', letter.model, model);
  requireEqual('taskId', letter.taskId, taskId);
  return checkDeadLetter(letter);
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
