/**
 * Brings jobs into their queue, for as long as a mutation may take. What is refused here is not accepted; what nobody
 * answers may have been stored all the same, and is found by who asks again with the same `requestId`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, PublishOutcome } from '../broker/broker.ts';
import { endTask, withdrawnResult } from '../broker/endTask.ts';
import { STORE_REFUSED, WRONG_LAST_SEQUENCE } from '../broker/publisher.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { ChunkJob, Job, RowBatchJob } from '../contract/messages/job.ts';
import type { TaskAddress } from '../contract/task.ts';
import type { Config } from '../process/config.ts';

export interface StoringOptions {
  readonly broker: Broker;
  readonly limits: Pick<Config, 'queueMaxJobs' | 'queueMaxBytes'>;
}

export type AnsweredOutcome = Exclude<PublishOutcome, { type: 'unanswered' }>;

/** When something is stored: until an instant of `performance.now()`, perhaps not for the first time. */
export interface Try {
  readonly giveUpAt: number;
  /** Whether another try may have stored it, or store it at the same time. */
  readonly again: boolean;
}

/** How long a mutation goes on trying while the broker is away, in milliseconds. */
const STORE_WITHIN_MS = 2_000;
const STORE_RETRY_MS = 50;
const RETRY_AFTER_MS = 1_000;

export class Storing {
  readonly #broker: Broker;
  readonly #limits: StoringOptions['limits'];

  constructor({ broker, limits }: StoringOptions) {
    this.#broker = broker;
    this.#limits = limits;
  }

  /** @throws {RequestError} `QUEUE_FULL`, `BROKER_UNAVAILABLE`. */
  async storeJob(job: Job, { again, giveUpAt }: Try): Promise<void> {
    let isRetry = again;
    await this.#store(job.model, giveUpAt, () => {
      const storing = this.#broker.storeJob(job, isRetry ? { after: 0 } : {});
      isRetry = true;
      return storing;
    });
  }

  /**
   * Stores a batch, or what an earlier try has left out of it: the job that stands for it, then its chunks.
   *
   * If the queue takes some of the chunks only, the batch is given its end, and they are removed; under a `requestId` or
   * a later try they stay, for who asks again, until they expire: another try may be storing what this one could not,
   * and have the batch accepted.
   *
   * @throws {RequestError} `QUEUE_FULL`, `BROKER_UNAVAILABLE`.
   */
  async storeRowBatch(
    job: RowBatchJob,
    chunks: readonly ChunkJob[],
    address: TaskAddress,
    { again, giveUpAt }: Try,
  ): Promise<void> {
    const stored = again ? await this.storedChunks(address) : new Set<number>();
    await this.#store(job.model, giveUpAt, () => this.#broker.storeRowBatchJob(job));
    const left = chunks.filter(({ chunk }) => !stored.has(chunk));
    const outcomes = await Promise.allSettled(
      left.map((chunk) => this.#store(job.model, giveUpAt, () => this.#broker.chunks.storeJob(chunk))),
    );
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    if (failures.length === 0) return;
    const refusal = failures.find(isQueueFull);
    // What nobody answered may be there, and stays as well.
    if (refusal === undefined) throw failures[0];
    if (!again)
      await endTask(this.#broker, await withdrawnResult(this.#broker, job, this.#broker.now()), address);
    throw refusal;
  }

  /** Tries again while nobody answers: a broker that restarts is back in time. @throws {RequestError} `BROKER_UNAVAILABLE`. */
  async untilAnswered(giveUpAt: number, store: () => Promise<PublishOutcome>): Promise<AnsweredOutcome> {
    for (;;) {
      const outcome = await store();
      if (outcome.type !== 'unanswered') return outcome;
      const leftMs = giveUpAt - performance.now();
      if (leftMs <= STORE_RETRY_MS) throw mayHaveBeenStored(outcome.reason);
      await Promise.all([sleep(STORE_RETRY_MS), Promise.race([this.#broker.whenConnected(), sleep(leftMs)])]);
    }
  }

  async #store(model: string, giveUpAt: number, store: () => Promise<PublishOutcome>): Promise<void> {
    const outcome = await this.untilAnswered(giveUpAt, store);
    // "Not the first of its subject": an earlier try was stored after all, and waits in the queue.
    if (outcome.type === 'stored' || WRONG_LAST_SEQUENCE.includes(outcome.code)) return;
    if (outcome.code !== STORE_REFUSED) throw mayHaveBeenStored(outcome.reason);
    const { queueMaxJobs, queueMaxBytes } = this.#limits;
    throw new RequestError(
      RequestErrorCode.QueueFull,
      `The queue of ${model} is full: it may hold ${queueMaxJobs} jobs and ${queueMaxBytes} bytes. Try again in ${RETRY_AFTER_MS} ms.`,
      { details: { retryAfterMs: RETRY_AFTER_MS, limit: queueMaxJobs } },
    );
  }

  /** The chunks of a batch that wait or have a result. The queue first: they leave it only after that is stored. */
  async storedChunks(address: TaskAddress): Promise<ReadonlySet<number>> {
    const queued = await this.#broker.chunks.queued(address);
    return queued.union(await this.#broker.chunks.finished(address.id));
  }
}

/** On the clock of `performance.now()`. */
export function giveUpAt(): number {
  return performance.now() + STORE_WITHIN_MS;
}

function isQueueFull(error: unknown): error is RequestError {
  return error instanceof RequestError && error.code === RequestErrorCode.QueueFull;
}

function mayHaveBeenStored(reason: string): RequestError {
  return new RequestError(
    RequestErrorCode.BrokerUnavailable,
    `The broker did not confirm the task (${reason}). It may have been stored all the same: try again with a requestId, and a task that was stored is returned instead of a second one.`,
    { details: { retryAfterMs: 1_000 } },
  );
}
