/**
 * Whether the queue of a model has room for one more job. The last fifth of it, by count and by bytes, is kept for
 * `INTERACTIVE` tasks: bulk tasks and row batches can never shut them out.
 *
 * Work that can wait is compared with the fill of the queue, which is asked for once a second at most and only while such
 * work comes, and with what this gateway has accepted since. Jobs that other gateways accept meanwhile are seen a second
 * later.
 */
import type { Broker } from '../broker/broker.ts';
import {
  RETRY_IN_A_MOMENT_MS,
  type RequestError,
  RequestErrorCode,
  refusedForNow,
} from '../contract/errors.ts';
import { encodeMessage } from '../contract/messages/decoder.ts';
import type { Config } from '../process/config.ts';
import { Measured } from './measured.ts';
import type { OwnerCounts } from './ownerCounts.ts';
import { isBeyondShare, TIMES_FREE } from './ownerShare.ts';
import type { QueuedJobs } from './queuedJobs.ts';
import { queueFull } from './storing.ts';
import type { TaskUse } from './taskUse.ts';

export interface QueueAdmissionOptions {
  readonly broker: Pick<Broker, 'queuedBytes'>;
  readonly limits: Pick<Config, 'queueMaxJobs' | 'queueMaxBytes'>;
  readonly queued: Pick<QueuedJobs, 'of'>;
  readonly counts: Pick<OwnerCounts, 'of'>;
}

/** Share of the queue that may be taken by work that can wait. */
const USABLE = 0.8;

interface Fill {
  jobs: number;
  bytes: number;
}

export class QueueAdmission {
  readonly #broker: QueueAdmissionOptions['broker'];
  readonly #limits: QueueAdmissionOptions['limits'];
  readonly #queued: QueueAdmissionOptions['queued'];
  readonly #counts: QueueAdmissionOptions['counts'];
  readonly #maxJobs: number;
  readonly #maxBytes: number;
  readonly #fills = new Map<string, Measured<Fill>>();

  constructor({ broker, limits, queued, counts }: QueueAdmissionOptions) {
    this.#broker = broker;
    this.#queued = queued;
    this.#counts = counts;
    this.#limits = limits;
    this.#maxJobs = Math.floor(USABLE * limits.queueMaxJobs);
    this.#maxBytes = Math.floor(USABLE * limits.queueMaxBytes);
  }

  /** Checks that the queue has space for an `INTERACTIVE` task, by count. @throws {RequestError} `QUEUE_FULL`. */
  requireSpace(model: string): void {
    if (this.#queued.of(model) >= this.#limits.queueMaxJobs) throw queueFull(model, this.#limits);
  }

  /** Asked before jobs are made that take much memory. @throws {RequestError} `QUEUE_FULL`, `BROKER_UNAVAILABLE`. */
  async requireRoom(model: string, count: number): Promise<void> {
    const fill = await this.#fillOf(model);
    this.#check(model, fill.jobs + count, fill.bytes);
  }

  /**
   * Counts jobs in, if there is room for them.
   *
   * @param use counts them for their owner, too.
   * @throws {RequestError} `OWNER_QUOTA`, `QUEUE_FULL`, `BROKER_UNAVAILABLE`.
   */
  async admit(model: string, jobs: readonly object[], use?: TaskUse): Promise<void> {
    const bytes = jobs.reduce((sum, job) => sum + encodeMessage(job).length, 0);
    const fill = await this.#fillOf(model);
    this.#check(model, fill.jobs + jobs.length, fill.bytes + bytes);
    if (use !== undefined) this.#countIn(use, model, { jobs: jobs.length, bytes }, fill);
    fill.jobs += jobs.length;
    fill.bytes += bytes;
  }

  #countIn(use: TaskUse, model: string, added: Fill, fill: Fill): void {
    const parts = [
      { name: `jobs ${model}`, added: added.jobs, free: this.#maxJobs - fill.jobs },
      { name: `bytes ${model}`, added: added.bytes, free: this.#maxBytes - fill.bytes },
    ];
    const isBeyond = parts.some(({ name, added, free }) =>
      isBeyondShare(use.owner, this.#counts.of(use.owner, name) + added, free),
    );
    if (isBeyond) throw shareUsedUp(model);
    for (const { name, added } of parts) use.add(name, added);
  }

  #check(model: string, jobs: number, bytes: number): void {
    if (jobs > this.#maxJobs || bytes > this.#maxBytes) {
      throw refusedForNow(
        RequestErrorCode.QueueFull,
        `The queue of ${model} is nearly full: bulk tasks and batches may fill it up to ${this.#maxJobs} jobs and ${this.#maxBytes} bytes. Try again in ${RETRY_IN_A_MOMENT_MS} ms.`,
        { limit: this.#maxJobs },
      );
    }
  }

  /**
   * Whether a share of the queue, from 0 to 1, is taken, by count or by bytes.
   *
   * @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async isFilled(model: string, share: number): Promise<boolean> {
    const { jobs, bytes } = await this.#fillOf(model);
    const { queueMaxJobs, queueMaxBytes } = this.#limits;
    return jobs >= share * queueMaxJobs || bytes >= share * queueMaxBytes;
  }

  #fillOf(model: string): Promise<Fill> {
    const fill =
      this.#fills.get(model) ??
      new Measured(async () => ({
        bytes: await this.#broker.queuedBytes(model),
        jobs: this.#queued.of(model),
      }));
    this.#fills.set(model, fill);
    return fill.get();
  }
}

function shareUsedUp(model: string): RequestError {
  return refusedForNow(
    RequestErrorCode.OwnerQuota,
    `You have your share of the queue of ${model}: ${TIMES_FREE} times what is free of it. Try again in ${RETRY_IN_A_MOMENT_MS} ms.`,
  );
}
