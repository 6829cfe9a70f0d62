/**
 * Stores messages for as long as a mutation may take. A job that is refused here is not accepted. A job that was not
 * confirmed may have been stored all the same: a client that asks again with the same `requestId` finds it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, PublishOutcome } from '../broker/broker.ts';
import { RETRY_IN_A_MOMENT_MS, RequestError, RequestErrorCode, refusedForNow } from '../contract/errors.ts';
import type { Config } from '../process/config.ts';

export interface StoringOptions {
  readonly broker: Pick<Broker, 'whenConnected'>;
  readonly limits: Pick<Config, 'queueMaxJobs' | 'queueMaxBytes'>;
}

type AnsweredOutcome = Exclude<PublishOutcome, { type: 'unanswered' }>;

/** One try to get a task accepted. */
export interface Try {
  /** On the clock of `performance.now()`. */
  readonly giveUpAt: number;
  /** Whether another try may have stored it, or store it at the same time. */
  readonly again: boolean;
}

/** How long a mutation goes on trying while the broker is away, in milliseconds. */
const STORE_WITHIN_MS = 2_000;
const STORE_RETRY_MS = 50;

export class Storing {
  readonly #broker: StoringOptions['broker'];
  readonly #limits: StoringOptions['limits'];

  constructor({ broker, limits }: StoringOptions) {
    this.#broker = broker;
    this.#limits = limits;
  }

  /**
   * Stores a job, or finds that an earlier try has stored it and it waits in the queue.
   *
   * @param store one attempt.
   * @throws {RequestError} `QUEUE_FULL`, `BROKER_UNAVAILABLE`.
   */
  async storeJob(model: string, giveUpAt: number, store: () => Promise<PublishOutcome>): Promise<void> {
    const outcome = await this.untilAnswered(giveUpAt, store);
    if (outcome.type === 'stored' || outcome.type === 'alreadyThere') return;
    if (outcome.type !== 'full') throw mayHaveBeenStored(outcome.reason);
    throw queueFull(model, this.#limits);
  }

  /**
   * Tries again while the broker does not answer: one that restarts is back in time.
   *
   * @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async untilAnswered(giveUpAt: number, store: () => Promise<PublishOutcome>): Promise<AnsweredOutcome> {
    for (;;) {
      const outcome = await store();
      if (outcome.type !== 'unanswered') return outcome;
      const leftMs = giveUpAt - performance.now();
      if (leftMs <= STORE_RETRY_MS) throw mayHaveBeenStored(outcome.reason);
      await Promise.all([sleep(STORE_RETRY_MS), Promise.race([this.#broker.whenConnected(), sleep(leftMs)])]);
    }
  }
}

export function firstTry(): Try {
  return { again: false, giveUpAt: performance.now() + STORE_WITHIN_MS };
}

/** A try of a task that another try may have stored before. */
export function furtherTry(): Try {
  return { ...firstTry(), again: true };
}

export function queueFull(
  model: string,
  { queueMaxJobs, queueMaxBytes }: StoringOptions['limits'],
): RequestError {
  return refusedForNow(
    RequestErrorCode.QueueFull,
    `The queue of ${model} is full: it may hold ${queueMaxJobs} jobs and ${queueMaxBytes} bytes. Try again in ${RETRY_IN_A_MOMENT_MS} ms.`,
    { limit: queueMaxJobs },
  );
}

export function isQueueFull(error: unknown): error is RequestError {
  return error instanceof RequestError && error.code === RequestErrorCode.QueueFull;
}

function mayHaveBeenStored(reason: string): RequestError {
  return refusedForNow(
    RequestErrorCode.BrokerUnavailable,
    `The broker did not confirm the task (${reason}). It may have been stored all the same: try again with a requestId, and a task that was stored is returned instead of a second one.`,
  );
}
