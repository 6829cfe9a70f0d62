/**
 * What follows a step whose result is stored: the next step is queued, or the task ends. Each write may have been made
 * before, by a trainer that died after it, and is then found. Only afterwards the job of the step leaves its queue.
 */
import type { Broker } from '../../src/broker/broker.ts';
import { endWork } from '../../src/broker/endWork.ts';
import { brokerUnavailable } from '../../src/contract/errors.ts';
import type { StepJob, StepResult } from '../../src/contract/messages/work.ts';
import type { WorkAddress } from '../../src/contract/workId.ts';
import { stepAfter, trainerClassOf, type WorkOutcome } from '../../src/contract/workTask.ts';

/** A step whose result is stored. */
export interface DoneStep {
  readonly address: WorkAddress;
  readonly job: StepJob;
  readonly result: StepResult;
}

export interface SettleOptions {
  readonly broker: Pick<Broker, 'work' | 'now'>;
  /** What becomes of the output of the last step, before the task ends. It is safe to repeat. */
  readonly conclude: (done: DoneStep) => Promise<WorkOutcome>;
}

/** @throws {RequestError} `BROKER_UNAVAILABLE`: it is not settled, as far as is known. */
export async function settleStep(done: DoneStep, { broker, conclude }: SettleOptions): Promise<void> {
  const { address, job, result } = done;
  const next = stepAfter(address.kind, result);
  if (next === undefined) {
    // A version of a task that was cancelled meanwhile gets no number.
    if ((await broker.work.readEnd(address)) !== undefined) await broker.work.remove(address);
    else await endWork(broker, address, job, await conclude(done));
    return;
  }
  const outcome = await broker.work.storeStepJob(address, { ...job, step: next }, trainerClassOf(job));
  // It may be there already, and a trainer may even have taken it off the queue: its result is found then.
  if (outcome.type !== 'stored' && outcome.type !== 'alreadyThere') throw brokerUnavailable(outcome.reason);
}
