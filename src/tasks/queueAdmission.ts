/**
 * Whether the queue of a model has room for work that can wait. The last fifth of it, by count and by bytes, is kept for
 * single predictions that somebody waits for: bulk and batches can never shut them out.
 *
 * What counts is what the broker tells of the queue, once a second at most and only while such work comes, and what
 * this gateway has accepted since. What other gateways accept meanwhile is seen a second later.
 */
import type { Broker } from '../broker/broker.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import { encodeMessage } from '../contract/messages/decoder.ts';
import type { Config } from '../process/config.ts';
import { Measured } from './measured.ts';

export interface QueueAdmissionOptions {
  readonly broker: Pick<Broker, 'queueFill'>;
  readonly limits: Pick<Config, 'queueMaxJobs' | 'queueMaxBytes'>;
}

/** Share of the queue that work which can wait may take. */
const USABLE = 0.8;
const RETRY_AFTER_MS = 1_000;

interface Fill {
  jobs: number;
  bytes: number;
}

export class QueueAdmission {
  readonly #broker: QueueAdmissionOptions['broker'];
  readonly #limits: QueueAdmissionOptions['limits'];
  readonly #maxJobs: number;
  readonly #maxBytes: number;
  readonly #fills = new Map<string, Measured<Fill>>();

  constructor({ broker, limits }: QueueAdmissionOptions) {
    this.#broker = broker;
    this.#limits = limits;
    this.#maxJobs = Math.floor(USABLE * limits.queueMaxJobs);
    this.#maxBytes = Math.floor(USABLE * limits.queueMaxBytes);
  }

  /**
   * Counts jobs in, if there is room for them.
   *
   * @param make makes them, and is called only if there is room for so many.
   * @throws {RequestError} `QUEUE_FULL`, `BROKER_UNAVAILABLE`.
   */
  async admit<T extends readonly object[]>(model: string, count: number, make: () => T): Promise<T> {
    const fill = await this.#fillOf(model);
    this.#check(model, fill.jobs + count, fill.bytes);
    const jobs = make();
    const bytes = jobs.reduce((sum, job) => sum + encodeMessage(job).length, 0);
    this.#check(model, fill.jobs + count, fill.bytes + bytes);
    fill.jobs += count;
    fill.bytes += bytes;
    return jobs;
  }

  #check(model: string, jobs: number, bytes: number): void {
    if (jobs > this.#maxJobs || bytes > this.#maxBytes) {
      throw new RequestError(
        RequestErrorCode.QueueFull,
        `The queue of ${model} is nearly full: bulk tasks and batches may fill it up to ${this.#maxJobs} jobs and ${this.#maxBytes} bytes. Try again in ${RETRY_AFTER_MS} ms.`,
        { details: { retryAfterMs: RETRY_AFTER_MS, limit: this.#maxJobs } },
      );
    }
  }

  /** Whether a share of the queue, from 0 to 1, is taken, by count or by bytes. @throws {RequestError} `BROKER_UNAVAILABLE`. */
  async isFilled(model: string, share: number): Promise<boolean> {
    const { jobs, bytes } = await this.#fillOf(model);
    const { queueMaxJobs, queueMaxBytes } = this.#limits;
    return jobs >= share * queueMaxJobs || bytes >= share * queueMaxBytes;
  }

  #fillOf(model: string): Promise<Fill> {
    const fill =
      this.#fills.get(model) ?? new Measured(async () => ({ ...(await this.#broker.queueFill(model)) }));
    this.#fills.set(model, fill);
    return fill.get();
  }
}
