/**
 * Takes jobs of one model version from the broker, by credit: the rows of the jobs requested and held, from pull to ack,
 * together do not exceed `maxHeld`. The library's `consume()` bounds only its own buffer (one worker took all of 20,000
 * jobs), so the pull requests are sent from here; they are a few fields of JSON.
 *
 * A message may carry several rows, and how many is known only when it is there. So a request asks for the free credit
 * divided by the mean rows of a message. If messages are larger than that, what exceeds twice the credit is handed back.
 *
 * Two modes:
 * - flowing: short requests for all free credit, with heartbeats of the broker. If the heartbeats stay away, a watchdog
 *   asks again. So it begins, and so it goes on after a job, a reconnect, a refusal or a nudge.
 * - quiet, once a short request has ended without a job for 5 s: one long request for one job, without heartbeats. An idle
 *   worker costs nearly nothing, and a worker whose machine is gone attracts one job of each queue at most. If the broker
 *   loses the request, a gateway whose task does not run nudges the consumer. Without a nudge it asks again after 65 s.
 */
import { type Msg, type NatsConnection, nanos, nuid, type Subscription } from '@nats-io/transport-node';
import type { Logger } from '../process/log.ts';
import { withinGoodbye } from './connection.ts';
import { ACK, ACK_AND_PULL, type Delivery, HeldDelivery } from './heldDelivery.ts';
import type { Leases } from './leases.ts';

/** Jobs as they arrive. The worker takes as many as it wants at a time. Never more than `maxHeld` wait. */
export interface JobSource {
  /** Whether no more jobs will come. A worker may then hand back work that takes long. */
  readonly isStopping: boolean;
  /** @returns true once a job waits to be taken; false once no more will come. */
  arrival(): Promise<boolean>;
  /** @returns the jobs that have arrived, `limit` at most; empty if none has. */
  take(limit: number): Delivery[];
}

export interface JobConsumerOptions {
  readonly connection: Pick<NatsConnection, 'subscribe' | 'publish' | 'isClosed'>;
  readonly stream: string;
  readonly consumer: string;
  /** In rows. */
  readonly maxHeld: number;
  /** How many rows a job has. @default one */
  readonly rowsIn?: ((data: Uint8Array) => number) | undefined;
  readonly leases: Leases;
  readonly log: Logger;
  /** Called when the broker takes no pull request: the consumer may be gone. */
  readonly onRefused: () => void;
  readonly onClosed: () => void;
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
const RETRY_PULL_MS = 500;
/** The share of a new message in the mean rows of a message. */
const NEWEST = 1 / 8;

export class JobConsumer implements JobSource, AsyncDisposable {
  readonly #options: JobConsumerOptions;
  readonly #pullSubject: string;
  readonly #inbox = `_INBOX.${nuid.next()}`;
  readonly #messages: Subscription;
  readonly #held = new Set<HeldDelivery>();
  readonly #arrived: HeldDelivery[] = [];
  #heldRows = 0;
  /** Of the messages so far; undefined before the first. */
  #meanRows: number | undefined;
  #mode = FLOWING;
  /** Jobs asked for and not yet delivered. */
  #requested = 0;
  #lastJobAt = Number.NEGATIVE_INFINITY;
  #lastHeardAt = performance.now();
  /** While a request is open. */
  #watchdog: NodeJS.Timeout | undefined;
  #connected = true;
  #stopped: Promise<void> | undefined;
  #waiter: PromiseWithResolvers<boolean> | undefined;

  constructor(options: JobConsumerOptions) {
    this.#options = options;
    const { connection, stream, consumer, log } = options;
    this.#pullSubject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    this.#messages = connection.subscribe(this.#inbox, {
      callback: (problem, message) => {
        if (problem === null) this.#hear(message);
        else log.warn({ reason: problem.message }, 'jobs could not be heard');
      },
    });
    this.#pull();
  }

  get isStopping(): boolean {
    return this.#stopped !== undefined;
  }

  async arrival(): Promise<boolean> {
    if (this.#arrived.length > 0) return true;
    if (this.#stopped !== undefined) return false;
    this.#waiter ??= Promise.withResolvers();
    return this.#waiter.promise;
  }

  take(limit: number): Delivery[] {
    return this.#arrived.splice(0, limit);
  }

  connectionChanged(connected: boolean): void {
    this.#connected = connected;
    this.#pullAgain();
  }

  /** A job may wait. The long request of a quiet consumer counts as lost; a flowing one notices a loss itself. */
  nudge(): void {
    if (this.#mode === QUIET) this.#pullAgain();
  }

  /** Stops pulling, hands back jobs that were not taken, and ends the source. Taken jobs keep their lease. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Stops, and renews no lease any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    for (const delivery of this.#held) this.#options.leases.drop(delivery);
    this.#options.onClosed();
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#watchdog);
    // A drain still receives jobs that are on their way. An unsubscribe would leave them to the end of their lease.
    if (this.#connected) await withinGoodbye(this.#messages.drain());
    for (const delivery of this.#arrived.splice(0)) delivery.handBack(0);
    this.#waiter?.resolve(false);
  }

  #hear(message: Msg): void {
    this.#lastHeardAt = performance.now();
    const status = message.headers?.code ?? 0;
    if (status === 0) this.#hearJob(message);
    else this.#hearStatus(status, message);
  }

  #hearJob(message: Msg): void {
    const { rowsIn, leases, maxHeld } = this.#options;
    this.#requested = Math.max(0, this.#requested - 1);
    this.#lastJobAt = this.#lastHeardAt;
    const rows = rowsIn?.(message.data) ?? 1;
    this.#meanRows = this.#meanRows === undefined ? rows : this.#meanRows + NEWEST * (rows - this.#meanRows);
    const delivery = new HeldDelivery(message, rows, (verdict) => this.#end(delivery, message, verdict));
    this.#held.add(delivery);
    this.#heldRows += rows;
    if (this.#heldRows > 2 * maxHeld && this.#held.size > 1) {
      delivery.handBack(0);
      return;
    }
    leases.keep(delivery);
    this.#arrived.push(delivery);
    this.#waiter?.resolve(true);
    this.#waiter = undefined;
    if (this.#mode === QUIET) {
      this.#mode = FLOWING;
      this.#pull();
    }
  }

  /** A pull request ended before it was filled; the broker says how many jobs it still lacked. */
  #hearStatus(status: number, message: Msg): void {
    if (status === 100) return;
    const lacking = Number(message.headers?.get('Nats-Pending-Messages') || Number.NaN);
    this.#requested = lacking >= 0 ? Math.max(0, this.#requested - lacking) : 0;
    // 408 is the ordinary end of an idle request. After any other status (no leader, consumer gone) this waits a while.
    if (status === 408) {
      if (this.#lastHeardAt - this.#lastJobAt >= FLOWING_EXPIRES_MS) this.#mode = QUIET;
      this.#pull();
    } else {
      this.#options.onRefused();
      this.#mode = FLOWING;
      setTimeout(() => this.#pull(), RETRY_PULL_MS).unref();
    }
  }

  /**
   * Ends a delivery. An ack that frees enough credit carries the next pull request. The broker reads acks and requests
   * from two queues: a separate request could overtake the acks, and the broker would count more jobs than our credit.
   */
  #end(delivery: HeldDelivery, message: Msg, verdict: string): void {
    if (!this.#held.delete(delivery)) return;
    this.#heldRows -= delivery.rows;
    this.#options.leases.drop(delivery);
    const request = verdict === ACK ? this.#nextRequest() : undefined;
    if (request === undefined) message.respond(verdict);
    else message.respond(`${ACK_AND_PULL} ${request}`, { reply: this.#inbox });
    this.#pull();
  }

  #pull(): void {
    const request = this.#nextRequest();
    if (request !== undefined)
      this.#options.connection.publish(this.#pullSubject, request, { reply: this.#inbox });
  }

  /** Forgets the open requests, which may be lost. */
  #pullAgain(): void {
    this.#mode = FLOWING;
    this.#requested = 0;
    this.#pull();
  }

  /** @returns undefined if none is to be sent now. */
  #nextRequest(): string | undefined {
    const { connection } = this.#options;
    if (this.#stopped !== undefined || !this.#connected || connection.isClosed()) return undefined;
    const batch = this.#jobsToRequest();
    if (batch === 0) return undefined;
    const { expiresMs, heartbeatMs, silentAfterMs } = this.#mode;
    if (this.#requested === 0) {
      this.#lastHeardAt = performance.now();
      this.#watchFor(silentAfterMs);
    }
    this.#requested += batch;
    return JSON.stringify({
      batch,
      expires: nanos(expiresMs),
      ...(heartbeatMs !== undefined && { idle_heartbeat: nanos(heartbeatMs) }),
    });
  }

  /** While jobs flow, all free credit is requested; beside an open request only once half of the credit is free. */
  #jobsToRequest(): number {
    const { maxHeld } = this.#options;
    const meanRows = this.#meanRows ?? 1;
    const freeRows = maxHeld - this.#heldRows - this.#requested * meanRows;
    if (freeRows <= 0) return 0;
    if (this.#mode === QUIET) return this.#requested === 0 ? 1 : 0;
    if (this.#requested > 0 && freeRows < maxHeld / 2) return 0;
    return Math.max(1, Math.floor(freeRows / meanRows));
  }

  #watchFor(ms: number): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#checkForSilence(), ms).unref();
  }

  #checkForSilence(): void {
    if (!this.#connected || this.#requested === 0) return;
    const leftMs = this.#lastHeardAt + this.#mode.silentAfterMs - performance.now();
    if (leftMs > 0) this.#watchFor(leftMs);
    // A process that was suspended runs its timers before it reads its sockets, so this looks again afterwards.
    else setImmediate(() => this.#pullAgainIfSilent());
  }

  #pullAgainIfSilent(): void {
    const silentMs = performance.now() - this.#lastHeardAt;
    if (silentMs < this.#mode.silentAfterMs || this.#requested === 0) {
      this.#checkForSilence();
      return;
    }
    this.#options.log.warn(
      { silentMs: Math.round(silentMs) },
      'no sign of the broker for open pull requests: asking for jobs again',
    );
    this.#pullAgain();
  }
}
