/** Ends work: a trainer when its last step is done or has failed, a gateway at its deadline or when it is cancelled. */
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { WorkEnd, WorkJob } from '../contract/messages/work.ts';
import { TaskErrorCode, TaskState } from '../contract/task.ts';
import type { WorkAddress } from '../contract/workId.ts';
import { type WorkOutcome, workEnd } from '../contract/workTask.ts';
import type { Broker } from './broker.ts';
import { notEnded } from './endTask.ts';

/**
 * Gives work its end, unless it has one, and takes it off the queue. Any process may call it, any number of times.
 *
 * @returns the end: this one or an earlier one.
 * @throws {RequestError} `BROKER_UNAVAILABLE` or `RESULT_STORE_FULL`: it has no end yet, as far as is known.
 */
export async function endWork(
  broker: Pick<Broker, 'work' | 'now'>,
  address: WorkAddress,
  job: WorkJob,
  outcome: WorkOutcome,
): Promise<WorkEnd> {
  const { work } = broker;
  const known = { job, ...(await work.readSteps(address)) };
  const end = { v: MESSAGE_VERSION, ...workEnd(known, outcome, broker.now()) };
  const stored = await work.storeEnd(address, end);
  if ('type' in stored) throw notEnded(stored);
  await work.remove(address);
  return stored;
}

/** Of work whose time is over. */
export function expiredWork({ submittedAt, deadline }: WorkJob): WorkOutcome {
  const seconds = Math.round((deadline - submittedAt) / 1000);
  const message = `It was not finished within its time limit of ${seconds} s. A longer timeoutMs, or more trainers, would help.`;
  return { state: TaskState.Expired, error: { code: TaskErrorCode.DeadlineExceeded, message } };
}
