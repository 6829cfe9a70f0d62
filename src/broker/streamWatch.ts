/**
 * Makes streams and consumers again that were deleted while the process was connected. Their content is lost, but later
 * messages must be stored and taken without a restart.
 *
 * All processes watch, and all may make a missing one: that is idempotent. They look now and then, and soon after an
 * answer of the broker that a missing stream would explain.
 */
import type { JetStreamManager } from '@nats-io/jetstream';
import { messageOf } from '../contract/errors.ts';
import type { Model } from '../models/models.ts';
import type { Logger } from '../process/log.ts';
import {
  type ConsumedVersion,
  ensureConsumers,
  ensureStreams,
  missingConsumers,
  missingStreams,
  type StreamLimits,
  shareResultBytes,
} from './streams.ts';

export interface StreamWatchOptions {
  readonly manager: JetStreamManager;
  /** Their versions may change. */
  readonly models: readonly Model[];
  readonly limits: StreamLimits;
  readonly log: Logger;
  readonly isConnected: () => boolean;
  /** Versions whose jobs this process takes. Their folders may be gone. */
  readonly taken: () => readonly ConsumedVersion[];
  /** Called when streams were made again. All knowledge of their messages is void then. */
  readonly onMade: () => void;
}

/** One short question for the names of all streams. */
const LOOK_INTERVAL_MS = 5_000;
/** The pause after a suspicion: every message for a deleted stream raises one. */
const LEAST_PAUSE_MS = 1_000;

export class StreamWatch implements Disposable {
  readonly #options: StreamWatchOptions;
  readonly #timer: NodeJS.Timeout;
  /** No other look begins before this time. */
  #pause: NodeJS.Timeout | undefined;
  #isSuspected = false;
  /** Whether results of 0.2 may expire, and leave their space to ends. */
  #mayShareMore = true;
  #isLooking = false;
  #isClosed = false;

  constructor(options: StreamWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#look(), LOOK_INTERVAL_MS).unref();
  }

  /** Tells that the broker gave an answer that a missing stream or consumer would explain. */
  suspect(): void {
    this.#isSuspected = true;
    if (this.#pause !== undefined || this.#isClosed) return;
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (this.#isSuspected) this.suspect();
    }, LEAST_PAUSE_MS).unref();
    void this.#look();
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#pause);
  }

  async #look(): Promise<void> {
    const { isConnected, log } = this.#options;
    if (this.#isLooking || this.#isClosed || !isConnected()) return;
    this.#isLooking = true;
    // Consumers are checked only after a suspicion, because that takes a request for each model. Workers miss them and
    // raise one.
    const consumersToo = this.#isSuspected;
    this.#isSuspected = false;
    try {
      await this.#makeMissing(consumersToo);
    } catch (error) {
      if (isConnected() && !this.#isClosed)
        log.warn({ reason: messageOf(error) }, 'the streams could not be looked at');
    } finally {
      this.#isLooking = false;
    }
  }

  async #makeMissing(consumersToo: boolean): Promise<void> {
    const { manager, models, limits, taken, log, onMade } = this.#options;
    const streams = await missingStreams(manager, models, limits);
    const consumers =
      streams.length === 0 && consumersToo ? await missingConsumers(manager, models, taken()) : [];
    const missing = [...streams, ...consumers];
    if (this.#isClosed) return;
    if (missing.length === 0) {
      if (this.#mayShareMore) this.#mayShareMore = await shareResultBytes(manager, limits);
      return;
    }
    log.error({ missing }, 'the broker has lost streams or consumers: making them again');
    await ensureStreams(manager, models, limits);
    for (const { model, version } of taken()) await ensureConsumers(manager, model, version, limits);
    onMade();
  }
}
