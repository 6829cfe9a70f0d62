/** Ends tasks from outside a run: at their deadline, or when a client cancels them. */

import {
  brokerUnavailable,
  RETRY_LATER_MS,
  type RequestError,
  RequestErrorCode,
  refusedForNow,
} from '../contract/errors.ts';
import type { QueuedBundle } from '../contract/messages/bundle.ts';
import { commonIn, type EndsPart } from '../contract/messages/ends.ts';
import type { JobHeader } from '../contract/messages/job.ts';
import type { RowBatchShape } from '../contract/rowBatchShape.ts';
import {
  type FinishedTask,
  finishedTask,
  type RowBatch,
  type TaskError,
  TaskErrorCode,
  TaskState,
} from '../contract/task.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import { keptInputs, type Values } from '../contract/values.ts';
import type { Broker, NotStored, Tally } from './broker.ts';

/** A task to end, with the state of runs that did not finish. */
export interface EndingTask extends Omit<JobHeader, 'deadline' | 'batch' | 'input'> {
  readonly input?: Values | undefined;
  readonly deadline?: number | undefined;
  readonly batch?: RowBatchShape | undefined;
  readonly attempts?: number | undefined;
  readonly startedAt?: number | undefined;
}

/** The part of the broker that ends a task. */
export type EndingBroker = Pick<Broker, 'ends' | 'removeEnded' | 'removeRowBatch' | 'deleteJob'>;

/**
 * Gives a task its end, unless it has one, and takes its job off the queue if no other task waits in it. Any process may
 * call it, any number of times: an end that is stored stays, and a job that is gone is removed without an error.
 *
 * @returns the task's end, this one or an earlier one.
 * @throws {RequestError} `BROKER_UNAVAILABLE` or `RESULT_STORE_FULL`: the task has no end yet, as far as is known.
 */
export async function endTask(
  broker: EndingBroker,
  end: FinishedTask,
  address: TaskAddress,
): Promise<FinishedTask> {
  const stored = await broker.ends.storeTask(end, address);
  if ('type' in stored) throw notEnded(stored);
  if (end.batch === undefined) await broker.removeEnded(address, end.owner);
  else await broker.removeRowBatch(address);
  return stored;
}

/**
 * Ends the tasks of a bundle whose time is over, and takes it off the queue. Tasks that have an end keep it.
 *
 * @param sequence of the bundle in its queue.
 * @throws {RequestError} as `endTask`.
 */
export async function endOverdueBundle(
  broker: EndingBroker & Pick<Broker, 'now'>,
  bundle: QueuedBundle,
  sequence: number,
): Promise<void> {
  const outcome = await broker.ends.store(
    bundle.address,
    commonIn(bundle),
    overduePart(bundle, broker.now()),
  );
  if (outcome.type !== 'stored') throw notEnded(outcome);
  await broker.deleteJob(bundle.address.model, sequence);
}

/** The ends of tasks whose time is over. @param now broker time. */
export function overduePart(
  { rows, secrets = '', submittedAt, version, timeoutMs, history, labels, traces, columns }: QueuedBundle,
  now: number,
): EndsPart {
  const inputs = keptInputs(columns, rows.length);
  return {
    rows,
    secrets,
    submittedAt,
    modelVersion: version,
    state: TaskState.Expired,
    finishedAt: now,
    attempts: 0,
    ...(history === undefined ? {} : { history }),
    ...(labels === undefined ? {} : { labels }),
    ...(traces === undefined ? {} : { traces }),
    ...(inputs === undefined ? {} : { inputs }),
    error: deadlineExceeded(timeoutMs),
  };
}

/** Why an end was not stored. */
export function notEnded({ type, reason }: NotStored): RequestError {
  if (type === 'unanswered') return brokerUnavailable(reason);
  return refusedForNow(
    RequestErrorCode.ResultStoreFull,
    'The store of results is full, so the task could not be ended. Try again in a moment.',
    { retryAfterMs: RETRY_LATER_MS },
  );
}

/**
 * The end of a task whose time is over: EXPIRED, unless it is a row batch whose chunks have all been run.
 *
 * @throws {RequestError} `BROKER_UNAVAILABLE`, if it is a row batch.
 */
export async function overdueEnd(
  broker: Pick<Broker, 'chunks'>,
  task: EndingTask & Pick<JobHeader, 'deadline'>,
  now: number,
): Promise<FinishedTask> {
  if (task.batch === undefined) return expiredEnd(task, now);
  const tally = await broker.chunks.tally(task.taskId, task.batch);
  return tally.isComplete
    ? rowBatchEnd({ ...task, batch: task.batch }, tally, now)
    : expiredEnd({ ...task, batch: progressOf(task.batch, tally) }, now);
}

/** The end of a task that is withdrawn. Throws as `overdueEnd` does. */
export async function withdrawnEnd(
  broker: Pick<Broker, 'chunks'>,
  task: EndingTask,
  now: number,
): Promise<FinishedTask> {
  if (task.batch === undefined) return canceledEnd(task, now);
  const tally = await broker.chunks.tally(task.taskId, task.batch);
  return canceledEnd({ ...task, batch: progressOf(task.batch, tally) }, now);
}

/** The end of a row batch whose chunks have all been run. */
export function rowBatchEnd(
  { attempts = 1, ...task }: EndingTask & { readonly batch: RowBatchShape },
  tally: Tally,
  now: number,
): FinishedTask {
  return finishedTask(task, {
    state: TaskState.Succeeded,
    finishedAt: now,
    attempts,
    ...(tally.startedAt === undefined ? {} : { startedAt: tally.startedAt }),
    batch: progressOf(task.batch, tally),
  });
}

/** @param task with its deadline; instants are broker time. */
export function expiredEnd(task: EndingTask & Pick<JobHeader, 'deadline'>, now: number): FinishedTask {
  return {
    ...unfinishedEnd(task, now, TaskState.Expired),
    error: deadlineExceeded(task.deadline - task.submittedAt),
  };
}

function deadlineExceeded(timeoutMs: number): TaskError {
  return {
    code: TaskErrorCode.DeadlineExceeded,
    message: `No worker finished the task within its time limit of ${Math.round(timeoutMs)} ms.`,
  };
}

function canceledEnd(task: EndingTask, now: number): FinishedTask {
  return unfinishedEnd(task, now, TaskState.Canceled);
}

function unfinishedEnd(
  { attempts = 0, startedAt, batch, ...task }: EndingTask,
  now: number,
  state: typeof TaskState.Expired | typeof TaskState.Canceled,
): FinishedTask {
  return finishedTask(task, {
    state,
    finishedAt: now,
    attempts,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(batch === undefined ? {} : { batch: { rowsDone: 0, rowsFailed: 0, ...batch } }),
  });
}

function progressOf({ rowCount, rowsPerChunk }: RowBatchShape, { rowsDone, rowsFailed }: Tally): RowBatch {
  return { rowCount, rowsPerChunk, rowsDone, rowsFailed };
}
