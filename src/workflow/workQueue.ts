/**
 * Puts work on its queue: first its job, then the job of its next step. Done again, as after the death of a
 * gateway, it stores what is missing.
 */
import type { Broker } from '../broker/broker.ts';
import { RequestErrorCode, refusedForNow } from '../contract/errors.ts';
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { WorkJob } from '../contract/messages/work.ts';
import { MAX_UNFINISHED_WORK } from '../contract/work.ts';
import type { WorkAddress } from '../contract/workId.ts';
import { type KnownWork, nextStepOf, trainerClassOf } from '../contract/workTask.ts';
import type { Storing } from '../tasks/storing.ts';

export interface WorkQueueOptions {
  readonly broker: Pick<Broker, 'work'>;
  readonly storing: Pick<Storing, 'untilAnswered'>;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /**
   * @param giveUpAt on the clock of `performance.now()`.
   * @throws {RequestError} `QUEUE_FULL`, `BROKER_UNAVAILABLE`. It may have been stored all the same.
   */
  async store(address: WorkAddress, job: WorkJob, giveUpAt: number): Promise<void> {
    const { broker, storing } = this.#options;
    const outcome = await storing.untilAnswered(giveUpAt, () => broker.work.storeJob(address, job));
    if (outcome.type !== 'stored' && outcome.type !== 'alreadyThere') throw queueFull(outcome.reason);
    await this.storeNextStep(address, { job, ...(await broker.work.readSteps(address)) }, giveUpAt);
  }

  /** Queues the next step of work, unless it is queued. @throws {RequestError} as `store`. */
  async storeNextStep(address: WorkAddress, known: KnownWork, giveUpAt: number): Promise<void> {
    const { broker, storing } = this.#options;
    const { job } = known;
    const step = { ...job, v: MESSAGE_VERSION, step: nextStepOf(known) };
    const outcome = await storing.untilAnswered(giveUpAt, () =>
      broker.work.storeStepJob(address, step, trainerClassOf(job)),
    );
    if (outcome.type !== 'stored' && outcome.type !== 'alreadyThere') throw queueFull(outcome.reason);
  }
}

function queueFull(reason: string): Error {
  return refusedForNow(
    RequestErrorCode.QueueFull,
    `The queue of work is full (${reason}): it holds ${MAX_UNFINISHED_WORK} trainings and checks, if they are small. Try again when some have ended.`,
    { limit: MAX_UNFINISHED_WORK },
  );
}
