/**
 * Makes streams and consumers again that were deleted while the process was connected. Their content is lost, but later
 * messages must be stored and taken without a restart.
 *
 * All processes watch, and all make a missing one if they may: that is idempotent. They look now and then, and soon after
 * an answer of the broker that a missing stream would explain. At a broker with roles only an admin may make streams. The
 * others say in their log what is missing.
 */
import { messageOf } from '../contract/errors.ts';
import { streams } from '../contract/subjects.ts';
import type { Model } from '../models/models.ts';
import type { Logger } from '../process/log.ts';
import type { BrokerRole } from './roles.ts';
import {
  type ConsumedVersion,
  ensureConsumers,
  ensureStreams,
  missingConsumers,
  missingStreams,
  type Provision,
  shareResultBytes,
} from './streams.ts';

export interface StreamWatchOptions {
  readonly provision: Provision;
  /** Their versions may change. */
  readonly models: readonly Model[];
  readonly role: BrokerRole;
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
  /** Whether results of 0.2 may expire, and leave their space to ends, or need more of it. */
  #mayShareMore = true;
  /** What was missing at the last look, and this process may not make. */
  #lacking = '';
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
    const { provision, models, taken, role, log, onMade } = this.#options;
    const { rights } = provision;
    // Where gateways may make the stream of probes, they also delete it at times: see `WriteCheck`.
    const lost = (await missingStreams(provision, models)).filter(
      (name) => name !== streams.probe || role === 'admin',
    );
    const consumers =
      lost.length === 0 && consumersToo ? await missingConsumers(provision, models, taken()) : [];
    const missing = [...lost, ...consumers];
    if (this.#isClosed) return;
    const lacked = this.#lacking;
    this.#lacking = missing.join();
    if (missing.length === 0) {
      if (this.#mayShareMore) this.#mayShareMore = await shareResultBytes(provision);
      return;
    }
    if (!rights.mayMakeStreams) {
      // The first time an admin may be about to make them, as for a new version.
      if (this.#lacking === lacked)
        log.error({ missing }, 'the broker lacks streams or consumers, which only an admin may make');
      return;
    }
    log.error({ missing }, 'the broker has lost streams or consumers: making them again');
    await ensureStreams(provision, models);
    for (const { model, version } of taken()) await ensureConsumers(provision, model, version);
    onMade();
  }
}
