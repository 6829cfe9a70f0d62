/**
 * The requests for jobs that a consumer has open at the broker. They are a few fields of JSON.
 *
 * Two modes:
 * - flowing: short requests for all free credit, with heartbeats of the broker. If the heartbeats stay away, a watchdog
 *   asks again. So it begins, and so it goes on after a job, a reconnect, a refusal or a nudge.
 * - quiet, once a short request has ended without a job for 5 s: one long request for one job, without heartbeats. An idle
 *   worker costs nearly nothing, and a worker whose machine is gone attracts one job of each queue at most. If the broker
 *   loses the request, a gateway whose task does not run nudges the consumer. Without a nudge it asks again after 65 s.
 */
import { nanos } from '@nats-io/transport-node';
import type { Logger } from '../process/log.ts';
import type { Credit } from './credit.ts';

export interface PullRequestsOptions {
  readonly credit: Credit;
  readonly log: Logger;
  /** Called when the open requests count as lost: the next one is to be sent now. */
  readonly onLost: () => void;
}

interface Mode {
  readonly expiresMs: number;
  readonly heartbeatMs: number | undefined;
  /** An open request is lost if nothing comes for so long. */
  readonly silentAfterMs: number;
}

/**
 * How long a broker may go on sending jobs to a worker whose link is silent. Each is then lost for the time of a lease.
 */
const FLOWING_EXPIRES_MS = 5_000;
const HEARTBEAT_MS = 1_000;
/** Three heartbeats are shorter than an election: the new leader does not know our requests. */
const FLOWING: Mode = {
  expiresMs: FLOWING_EXPIRES_MS,
  heartbeatMs: HEARTBEAT_MS,
  silentAfterMs: 3 * HEARTBEAT_MS,
};
const QUIET: Mode = { expiresMs: 60_000, heartbeatMs: undefined, silentAfterMs: 65_000 };

export class PullRequests implements Disposable {
  readonly #options: PullRequestsOptions;
  #mode = FLOWING;
  /** Jobs requested and not yet delivered. */
  #requested = 0;
  #jobAt = Number.NEGATIVE_INFINITY;
  #heardAt = performance.now();
  /** While a request is open. */
  #watchdog: NodeJS.Timeout | undefined;

  constructor(options: PullRequestsOptions) {
    this.#options = options;
  }

  get isQuiet(): boolean {
    return this.#mode === QUIET;
  }

  /** The request to send now; undefined if none is needed. It counts as open. */
  next(): string | undefined {
    const messages = this.#options.credit.messagesBeside(this.#requested);
    const batch = this.isQuiet ? Math.min(messages, 1 - this.#requested) : messages;
    if (batch <= 0) return undefined;
    const { expiresMs, heartbeatMs, silentAfterMs } = this.#mode;
    if (this.#requested === 0) {
      this.#heardAt = performance.now();
      this.#watchFor(silentAfterMs);
    }
    this.#requested += batch;
    return JSON.stringify({
      batch,
      expires: nanos(expiresMs),
      ...(heartbeatMs !== undefined && { idle_heartbeat: nanos(heartbeatMs) }),
    });
  }

  /** The broker lives. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  jobCame(): void {
    this.heard();
    this.#jobAt = this.#heardAt;
    this.#requested = Math.max(0, this.#requested - 1);
    this.#mode = FLOWING;
  }

  /** A request has reached its end. @param lacking the jobs that it still lacked. */
  expired(lacking: number): void {
    this.heard();
    this.#forget(lacking);
    if (this.#heardAt - this.#jobAt >= FLOWING_EXPIRES_MS) this.#mode = QUIET;
  }

  /** The broker has ended a request, for example without a leader. @param lacking the jobs that it still lacked. */
  refused(lacking: number): void {
    this.heard();
    this.#forget(lacking);
    this.#mode = FLOWING;
  }

  /** All open requests may be lost. */
  forgetAll(): void {
    this.#requested = 0;
    this.#mode = FLOWING;
  }

  [Symbol.dispose](): void {
    this.#requested = 0;
    clearTimeout(this.#watchdog);
  }

  /** @param lacking of all requests if it is not a number. */
  #forget(lacking: number): void {
    this.#requested = lacking >= 0 ? Math.max(0, this.#requested - lacking) : 0;
  }

  #watchFor(ms: number): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#checkForSilence(), ms).unref();
  }

  #checkForSilence(): void {
    if (this.#requested === 0) return;
    const leftMs = this.#heardAt + this.#mode.silentAfterMs - performance.now();
    if (leftMs > 0) this.#watchFor(leftMs);
    // A process that was suspended runs its timers before it reads its sockets, so this looks again afterwards.
    else setImmediate(() => this.#askAgainIfSilent());
  }

  #askAgainIfSilent(): void {
    const silentMs = performance.now() - this.#heardAt;
    if (silentMs < this.#mode.silentAfterMs || this.#requested === 0) {
      this.#checkForSilence();
      return;
    }
    this.#options.log.warn(
      { silentMs: Math.round(silentMs) },
      'no sign of the broker for open pull requests: asking for jobs again',
    );
    this.forgetAll();
    this.#options.onLost();
  }
}
