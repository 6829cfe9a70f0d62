/** Ends tasks from outside a run: at their deadline, or when a client cancels them. */

import { brokerUnavailable, RETRY_LATER_MS, RequestErrorCode, refusedForNow } from '../contract/errors.ts';
import type { JobHeader } from '../contract/messages/job.ts';
import { newResult, type Result } from '../contract/messages/result.ts';
import type { RowBatchShape } from '../contract/rowBatchShape.ts';
import { type RowBatch, type TaskAddress, TaskErrorCode, TaskState } from '../contract/task.ts';
import type { Broker, Tally } from './broker.ts';

/** A task to end, with the state of runs that did not finish. */
export interface EndingTask extends Omit<JobHeader, 'deadline' | 'batch'> {
  readonly batch?: RowBatchShape | undefined;
  readonly attempts?: number | undefined;
  readonly startedAt?: number | undefined;
}

/** The part of the broker that ends a task. */
export type EndingBroker = Pick<
  Broker,
  'storeResult' | 'readResult' | 'removeJob' | 'removeRowBatch' | 'deleteJob'
>;

/**
 * Stores a final state, unless the task has one, and takes its job off the queue. Any process may call it, any number
 * of times: the result is write-once, and a job that is gone is removed without an error.
 *
 * @param sequence of the job in its queue, if it is known; otherwise all versions and lanes are searched.
 * @returns the task's final state, this one or an earlier one.
 * @throws {RequestError} `BROKER_UNAVAILABLE` or `RESULT_STORE_FULL`: the task has no end yet, as far as is known.
 */
export async function endTask(
  broker: EndingBroker,
  end: Result,
  address: TaskAddress,
  sequence?: number,
): Promise<Result> {
  const outcome = await broker.storeResult(end, address);
  if (outcome.type === 'unanswered') throw brokerUnavailable(outcome.reason);
  // Either the task has a final state, or the store is full. The stream's leader knows.
  const final = outcome.type === 'stored' ? end : await broker.readResult(address);
  if (final === undefined) {
    throw refusedForNow(
      RequestErrorCode.ResultStoreFull,
      'The store of results is full, so the task could not be ended. Try again in a moment.',
      { retryAfterMs: RETRY_LATER_MS },
    );
  }
  if (end.batch !== undefined) await broker.removeRowBatch(address);
  else if (sequence === undefined) await broker.removeJob(address);
  else await broker.deleteJob(address.model, sequence);
  return final;
}

/**
 * The end of a task whose time is over: EXPIRED, unless it is a row batch whose chunks have all been run.
 *
 * @throws {RequestError} `BROKER_UNAVAILABLE`, if it is a row batch.
 */
export async function overdueResult(
  broker: Pick<Broker, 'chunks'>,
  task: EndingTask & Pick<JobHeader, 'deadline'>,
  now: number,
): Promise<Result> {
  if (task.batch === undefined) return expiredResult(task, now);
  const tally = await broker.chunks.tally(task.taskId, task.batch);
  return tally.isComplete
    ? batchResult({ ...task, batch: task.batch }, tally, now)
    : expiredResult({ ...task, batch: progressOf(task.batch, tally) }, now);
}

/** The end of a task that is withdrawn. Throws as `overdueResult` does. */
export async function withdrawnResult(
  broker: Pick<Broker, 'chunks'>,
  task: EndingTask,
  now: number,
): Promise<Result> {
  if (task.batch === undefined) return canceledResult(task, now);
  const tally = await broker.chunks.tally(task.taskId, task.batch);
  return canceledResult({ ...task, batch: progressOf(task.batch, tally) }, now);
}

/** The end of a row batch whose chunks have all been run. */
export function batchResult(
  { attempts = 1, ...task }: EndingTask & { readonly batch: RowBatchShape },
  tally: Tally,
  now: number,
): Result {
  return newResult(task, {
    state: TaskState.Succeeded,
    finishedAt: now,
    attempts,
    ...(tally.startedAt === undefined ? {} : { startedAt: tally.startedAt }),
    batch: progressOf(task.batch, tally),
  });
}

/** @param task with its deadline; instants are broker time. */
export function expiredResult(task: EndingTask & Pick<JobHeader, 'deadline'>, now: number): Result {
  const waitedMs = Math.round(task.deadline - task.submittedAt);
  return {
    ...unfinishedResult(task, now, TaskState.Expired),
    error: {
      code: TaskErrorCode.DeadlineExceeded,
      message: `No worker finished the task within its time limit of ${waitedMs} ms.`,
    },
  };
}

function canceledResult(task: EndingTask, now: number): Result {
  return unfinishedResult(task, now, TaskState.Canceled);
}

function unfinishedResult(
  { attempts = 0, startedAt, batch, ...task }: EndingTask,
  now: number,
  state: typeof TaskState.Expired | typeof TaskState.Canceled,
): Result {
  return newResult(task, {
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
