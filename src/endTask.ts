/** Ends tasks from outside a run: at their deadline, or because somebody cancels them. */
import type { Broker } from './broker/broker.ts';
import { brokerUnavailable } from './broker/storedMessages.ts';
import { RequestError, RequestErrorCode } from './errors.ts';
import { type JobHeader, type Result, resultOf } from './protocol.ts';
import { type TaskAddress, TaskErrorCode, TaskState } from './task.ts';

/** What it takes to end a task, and what is known of runs that did not finish. */
export interface EndingTask extends Omit<JobHeader, 'deadline'> {
  readonly attempts?: number | undefined;
  readonly startedAt?: number | undefined;
}

/** What it takes to end a task. */
export type EndingBroker = Pick<Broker, 'storeResult' | 'readResult' | 'removeJob' | 'deleteJob'>;

const STORE_FULL_RETRY_AFTER_MS = 5_000;

/**
 * Stores a final state, unless the task has one, and takes its job off the queue. May be called by anybody, any number
 * of times: the result is write-once, and a removal of what is gone does nothing.
 *
 * @param sequence of the job in its queue, where it is known; else all versions and lanes are searched.
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
  // A refusal means "has a final state" or "store full": the stream's leader knows which.
  const final = outcome.type === 'stored' ? end : await broker.readResult(address);
  if (final === undefined) {
    throw new RequestError(
      RequestErrorCode.ResultStoreFull,
      'The store of results is full, so the task could not be ended. Try again in a moment.',
      { details: { retryAfterMs: STORE_FULL_RETRY_AFTER_MS } },
    );
  }
  await (sequence === undefined ? broker.removeJob(address) : broker.deleteJob(address.model, sequence));
  return final;
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

export function canceledResult(task: EndingTask, now: number): Result {
  return unfinishedResult(task, now, TaskState.Canceled);
}

function unfinishedResult(
  { attempts = 0, startedAt, ...task }: EndingTask,
  now: number,
  state: typeof TaskState.Expired | typeof TaskState.Canceled,
): Result {
  return resultOf(task, {
    state,
    finishedAt: now,
    attempts,
    ...(startedAt === undefined ? {} : { startedAt }),
  });
}
