/**
 * Brings tasks to their end, always in the same order: dead letter (if it is one) → write-once result → ack.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Broker, Delivery, PublishOutcome } from '../src/broker/broker.ts';
import { expiredResult } from '../src/broker/endTask.ts';
import { MESSAGE_VERSION, NewerMessage } from '../src/contract/messages/decoder.ts';
import type { Job } from '../src/contract/messages/job.ts';
import { newResult, type Result } from '../src/contract/messages/result.ts';
import { ANONYMOUS } from '../src/contract/owner.ts';
import { jobAddress, parseJobSubject } from '../src/contract/subjects.ts';
import {
  shortText,
  type TaskError,
  TaskErrorCode,
  TaskState,
  type TaskTimings,
} from '../src/contract/task.ts';
import { type TaskAddress, unnamedTaskId } from '../src/contract/taskId.ts';
import type { Assignment, Outcome, RunnableRow, WorkerOptions } from './assignment.ts';

/** The collaborators for settling. */
export type SettleOptions = Pick<WorkerOptions, 'broker' | 'workerId' | 'log' | 'onFinished' | 'signal'>;

/** A delivery that only a newer worker can settle is offered again after this time. */
export const NEWER_MESSAGE_DELAY_MS = 1_000;
const STORE_RETRY_MS = 500;
/**
 * The longest part of a job that is kept: base64 adds a third, and the letter must fit into a message of the broker (1
 * MiB).
 */
const DEAD_JOB_MAX_BYTES = 512 * 1024;
/** Failures that killed the session's process. They are kept as dead letters, for a person to look at. */
const DEADLY: ReadonlySet<TaskErrorCode> = new Set([TaskErrorCode.WorkerCrashed, TaskErrorCode.RunTimeout]);

/** @param formedAt when the batch was formed, in broker time. */
export async function settle(
  { delivery, job, address, attempts }: Assignment,
  outcome: Outcome,
  formedAt: number,
  options: SettleOptions,
): Promise<void> {
  const { broker } = options;
  const finishedAt = broker.now();
  const result =
    outcome === 'expired'
      ? expiredResult({ ...job, attempts }, finishedAt)
      : ranResult(job, outcome, { attempts, formedAt, finishedAt });
  if (result.error !== undefined && DEADLY.has(result.error.code)) {
    await storeDeadLetter(delivery, result.error, attempts, options);
  }
  if (await storeEnd(result, address, { ...options, trace: job.trace })) delivery.ack();
  else delivery.handBack(STORE_RETRY_MS);
}

function ranResult(
  job: Job,
  outcome: Exclude<Outcome, 'expired'>,
  { attempts, formedAt, finishedAt }: { attempts: number; formedAt: number; finishedAt: number },
): Result {
  const { startedAt, computeMs, batchSize } = outcome.run;
  const timings: TaskTimings = {
    queueMs: Math.max(0, formedAt - job.submittedAt),
    batchMs: Math.max(0, startedAt - formedAt),
    computeMs,
    batchSize,
  };
  const common = { startedAt, finishedAt, attempts, timings };
  return newResult(
    job,
    'prediction' in outcome
      ? { ...common, state: TaskState.Succeeded, prediction: outcome.prediction }
      : { ...common, state: TaskState.Failed, error: outcome.error },
  );
}

/** Ends the task of a message that is no job, with the reason. The message is kept as a dead letter. */
export async function settleMalformed(
  delivery: Delivery,
  address: TaskAddress | undefined,
  reason: string,
  options: SettleOptions,
): Promise<void> {
  const { taskId, model, version } = parseJobSubject(delivery.subject);
  options.log.error({ taskId, reason }, 'malformed job');
  const now = options.broker.now();
  const cause = { code: TaskErrorCode.MalformedJob, message: reason };
  await storeDeadLetter(delivery, cause, delivery.deliveryCount, options);
  if (address !== undefined) {
    const submittedAt = Math.min(now, address.deadlineSecond * 1000);
    const result = newResult(
      { taskId, owner: ANONYMOUS, model, version, submittedAt },
      {
        state: TaskState.Failed,
        finishedAt: now,
        attempts: 0,
        error: { code: TaskErrorCode.MalformedJob, message: `The job could not be read: ${reason}.` },
      },
    );
    if (!(await storeEnd(result, address, options))) {
      delivery.handBack(STORE_RETRY_MS);
      return;
    }
  }
  delivery.terminate(reason);
}

/**
 * Stores a final state, however long it takes. The lease is renewed meanwhile. Only the worker whose state is the
 * stored one logs and counts the task as finished. A task that was handed back, or had ended already, belongs to
 * another worker.
 *
 * @param options.trace of the task, for the log.
 * @returns true once the task has a final state, this one or an earlier one; false if the worker has to stop before.
 */
export async function storeEnd(
  result: Result,
  address: TaskAddress,
  options: SettleOptions & { readonly trace?: Job['trace'] },
): Promise<boolean> {
  const { log, trace, onFinished } = options;
  const fields = { taskId: result.id, trace, state: result.state };
  const stored = await storedResult(result, address, options);
  if (stored === undefined) return false;
  if (stored === result || isSameMessage(stored, result)) {
    log.debug(fields, 'task finished');
    onFinished();
  } else log.debug(fields, 'the task had its end already: the result of this run is dropped');
  return true;
}

/**
 * @returns the stored state; `'newer'` if only a newer process can read it; undefined if the worker has to stop before.
 */
async function storedResult(
  result: Result,
  address: TaskAddress,
  options: SettleOptions,
): Promise<Result | 'newer' | undefined> {
  const { broker } = options;
  const store = () => broker.storeResult(result, address);
  try {
    return await storeOnce(result, store, () => broker.readResult(address), options);
  } catch (error) {
    if (!(error instanceof NewerMessage)) throw error;
    return 'newer';
  }
}

/** Whether the stored state is the one that this worker sent. The broker's answer may have been lost. */
function isSameMessage(stored: unknown, sent: Result): boolean {
  return isDeepStrictEqual(stored, JSON.parse(JSON.stringify(sent)));
}

/**
 * Stores a write-once message, however long it takes.
 *
 * @param read reads the message that is stored already.
 * @returns the stored message, this one or an earlier one; undefined if the worker has to stop before.
 * @throws {NewerMessage} if only newer processes can read the stored one.
 */
export async function storeOnce<T extends { readonly id: string } | { readonly taskId: string }>(
  message: T,
  store: () => Promise<PublishOutcome>,
  read: () => Promise<T | undefined>,
  { broker, log, signal }: SettleOptions,
): Promise<T | undefined> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    const outcome = await store();
    if (outcome.type === 'stored') return message;
    // It has one already, or the store is full: the stream's leader knows which.
    const stored = outcome.type !== 'unanswered' ? await read().catch(noneUnlessNewer) : undefined;
    if (stored !== undefined) return stored;
    if (attempt === 1) {
      const taskId = 'taskId' in message ? message.taskId : message.id;
      log.warn({ taskId, reason: outcome.reason }, 'result not stored yet, trying again');
    }
    await waitToRetry(broker, signal);
  }
  return undefined;
}

/** Other errors of reading a message may pass, so the read is tried again. */
function noneUnlessNewer(error: unknown): undefined {
  if (error instanceof NewerMessage) throw error;
}

async function storeDeadLetter(
  delivery: Delivery,
  { code, message: reason }: TaskError,
  attempts: number,
  { broker, workerId, log, signal }: SettleOptions,
): Promise<void> {
  const { model } = parseJobSubject(delivery.subject);
  const taskId = jobAddress(delivery.subject)?.id ?? unnamedTaskId(model, digestOf(delivery));
  const letter = {
    v: MESSAGE_VERSION,
    taskId,
    model,
    code,
    reason: shortText(reason),
    attempts,
    worker: workerId,
    diedAt: broker.now(),
    subject: delivery.subject,
    job: Buffer.from(delivery.data.subarray(0, DEAD_JOB_MAX_BYTES)).toString('base64'),
  };
  while (!signal.aborted) {
    const outcome = await broker.deadLetters.store(letter);
    if (outcome.type === 'stored' || outcome.type === 'alreadyThere') return;
    if (outcome.type !== 'unanswered') {
      // The store is full, for example. The task must reach its end all the same.
      log.error({ taskId, reason: outcome.reason }, 'dead letter refused');
      return;
    }
    await waitToRetry(broker, signal);
  }
}

function digestOf({ subject, data }: Delivery): string {
  return createHash('sha256').update(subject).update(data).digest('hex');
}

/**
 * Stores the mark of a suspect before it runs alone, however long it takes, so that another worker can continue its
 * count.
 */
export async function storeSuspectMark(
  { job, place }: RunnableRow,
  soloRuns: number,
  { broker, signal }: SettleOptions,
): Promise<void> {
  const mark = { v: MESSAGE_VERSION, taskId: job.taskId, place, soloRuns };
  while (!signal.aborted && (await broker.storeSuspectMark(mark)).type !== 'stored')
    await waitToRetry(broker, signal);
}

/** Resolves after a moment, with the broker connected; at once if the signal aborts or has aborted. */
export async function waitToRetry(broker: Pick<Broker, 'whenConnected'>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const abort = () => resolve();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([Promise.all([broker.whenConnected(), sleep(STORE_RETRY_MS)]), aborted]);
  } finally {
    // The signal lives as long as the worker.
    signal.removeEventListener('abort', abort);
  }
}
