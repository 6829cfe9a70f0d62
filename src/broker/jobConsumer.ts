/**
 * Takes jobs of one model version from the broker, by credit: jobs requested and jobs held, from pull to ack, together
 * never exceed `maxHeld`. The library's `consume()` bounds only its own buffer (one worker took all of 20,000 jobs), so
 * the pull requests are sent from here; they are four fields of JSON.
 *
 * Held jobs keep their lease by renewal. Pull requests end with the connection, and are sent again after a reconnect. A
 * watchdog sends them again when neither jobs nor heartbeats come although requests are open.
 */
import { type Msg, type NatsConnection, nanos, nuid, type Subscription } from '@nats-io/transport-node';
import type { Logger } from '../process/log.ts';
import { withinGoodbye } from './connection.ts';
import { LEASE_RENEWAL_MS } from './streams.ts';

/** A job that a worker has. Exactly one of `ack`, `handBack` and `terminate` ends it. */
export interface Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  /** 1 for the first delivery. It is only a hint about runs: prefetch, drains and every crash raise it. */
  readonly deliveryCount: number;
  /** Removes the job from its queue, after the task's final state was stored. */
  ack(): void;
  /** Gives the job to another worker, after a delay in milliseconds. */
  handBack(delayMs: number): void;
  /** Removes a job that can never be run from its queue. The reason is in the broker's advisory. */
  terminate(reason: string): void;
}

/** Jobs as they arrive. The worker takes as many as it wants at a time. Never more than `maxHeld` wait. */
export interface JobSource {
  /** Whether no more jobs will come. A worker may then hand back work that takes long. */
  readonly isStopping: boolean;
  /** @returns true once a job waits to be taken; false once no more will come. */
  arrival(): Promise<boolean>;
  /** @returns the jobs that have arrived, `limit` at most; empty if none has. */
  take(limit: number): Delivery[];
}

const ACK = '+ACK';
const ACK_AND_PULL = '+NXT';

/**
 * How long a broker may go on sending jobs to a worker whose link is silent. Each is then lost for the time of a lease.
 */
const PULL_EXPIRES_MS = 5_000;
const HEARTBEAT_MS = 1_000;
const WATCHDOG_MS = 500;
/** Shorter than an election: the new leader does not know our requests. */
const SILENT_AFTER_MS = 3 * HEARTBEAT_MS;
const RETRY_PULL_MS = 500;

export class JobConsumer implements JobSource, AsyncDisposable {
  readonly #connection: NatsConnection;
  readonly #log: Logger;
  readonly #pullSubject: string;
  readonly #maxHeld: number;
  readonly #onRefused: () => void;
  readonly #onClosed: () => void;
  readonly #inbox = `_INBOX.${nuid.next()}`;
  readonly #messages: Subscription;
  readonly #held = new Set<HeldDelivery>();
  readonly #arrived: HeldDelivery[] = [];
  readonly #renewal: NodeJS.Timeout;
  readonly #watchdog: NodeJS.Timeout;
  /** Jobs asked for and not yet delivered. */
  #requested = 0;
  #lastHeardAt = performance.now();
  #connected = true;
  #stopped: Promise<void> | undefined;
  #waiter: PromiseWithResolvers<boolean> | undefined;

  constructor({
    connection,
    stream,
    consumer,
    maxHeld,
    log,
    onRefused,
    onClosed,
  }: {
    connection: NatsConnection;
    stream: string;
    consumer: string;
    maxHeld: number;
    log: Logger;
    /** Called when the broker takes no pull request: the consumer may be gone. */
    onRefused: () => void;
    onClosed: () => void;
  }) {
    this.#connection = connection;
    this.#log = log;
    this.#maxHeld = maxHeld;
    this.#onRefused = onRefused;
    this.#onClosed = onClosed;
    this.#pullSubject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    this.#messages = connection.subscribe(this.#inbox, {
      callback: (problem, message) => {
        if (problem === null) this.#hear(message);
        else log.warn({ reason: problem.message }, 'jobs could not be heard');
      },
    });
    this.#renewal = setInterval(() => this.#renewLeases(), LEASE_RENEWAL_MS).unref();
    this.#watchdog = setInterval(() => this.#checkForSilence(), WATCHDOG_MS).unref();
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
    this.#forgetPulls();
    this.#pull();
  }

  /** Stops pulling, hands back jobs that were not taken, and ends the source. Taken jobs keep their lease. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Stops, and renews no lease any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    clearInterval(this.#renewal);
    this.#onClosed();
  }

  async #stop(): Promise<void> {
    clearInterval(this.#watchdog);
    // A drain still receives jobs that are on their way. An unsubscribe would leave them to the end of their lease.
    if (this.#connected) await withinGoodbye(this.#messages.drain());
    for (const delivery of this.#arrived.splice(0)) delivery.handBack(0);
    this.#waiter?.resolve(false);
  }

  #hear(message: Msg): void {
    this.#lastHeardAt = performance.now();
    const status = message.headers?.code ?? 0;
    if (status !== 0) {
      this.#hearStatus(status, message);
      return;
    }
    this.#requested = Math.max(0, this.#requested - 1);
    const delivery = new HeldDelivery(message, (verdict) => this.#end(delivery, message, verdict));
    this.#held.add(delivery);
    this.#arrived.push(delivery);
    this.#waiter?.resolve(true);
    this.#waiter = undefined;
  }

  /** A pull request ended before it was filled; the broker says how many jobs it still lacked. */
  #hearStatus(status: number, message: Msg): void {
    if (status === 100) return;
    const lacking = Number(message.headers?.get('Nats-Pending-Messages') || Number.NaN);
    this.#requested = lacking >= 0 ? Math.max(0, this.#requested - lacking) : 0;
    // 408 is the ordinary end of an idle request. After any other status (no leader, consumer gone) this waits a while.
    if (status === 408) {
      this.#pull();
    } else {
      this.#onRefused();
      setTimeout(() => this.#pull(), RETRY_PULL_MS).unref();
    }
  }

  /**
   * Ends a delivery. An ack that frees enough credit carries the next pull request. The broker reads acks and requests
   * from two queues: a separate request could overtake the acks, and the broker would count more jobs than our credit.
   */
  #end(delivery: HeldDelivery, message: Msg, verdict: string): void {
    if (!this.#held.delete(delivery)) return;
    const request = verdict === ACK ? this.#nextRequest() : undefined;
    if (request === undefined) message.respond(verdict);
    else message.respond(`${ACK_AND_PULL} ${request}`, { reply: this.#inbox });
    this.#pull();
  }

  #pull(): void {
    const request = this.#nextRequest();
    if (request !== undefined) this.#connection.publish(this.#pullSubject, request, { reply: this.#inbox });
  }

  /** Sends a pull request for all free credit. It waits until there is enough, unless no request is open. */
  #nextRequest(): string | undefined {
    if (this.#stopped !== undefined || !this.#connected || this.#connection.isClosed()) return undefined;
    const credit = this.#maxHeld - this.#held.size - this.#requested;
    if (credit <= 0 || (this.#requested > 0 && credit < this.#maxHeld / 2)) return undefined;
    if (this.#requested === 0) this.#lastHeardAt = performance.now();
    this.#requested += credit;
    return JSON.stringify({
      batch: credit,
      expires: nanos(PULL_EXPIRES_MS),
      idle_heartbeat: nanos(HEARTBEAT_MS),
    });
  }

  #forgetPulls(): void {
    this.#requested = 0;
  }

  #checkForSilence(): void {
    if (!this.#connected || this.#requested === 0) return;
    if (performance.now() - this.#lastHeardAt < SILENT_AFTER_MS) return;
    // A process that was suspended runs its timers before it reads its sockets, so this looks again afterwards.
    setImmediate(() => this.#pullAgainIfSilent());
  }

  #pullAgainIfSilent(): void {
    const silentMs = performance.now() - this.#lastHeardAt;
    if (silentMs < SILENT_AFTER_MS || this.#requested === 0) return;
    this.#log.warn(
      { silentMs: Math.round(silentMs) },
      'no heartbeat for open pull requests: asking for jobs again',
    );
    this.#forgetPulls();
    this.#pull();
  }

  #renewLeases(): void {
    if (!this.#connected) return;
    for (const delivery of this.#held) delivery.renewLease();
  }
}

class HeldDelivery implements Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly deliveryCount: number;
  readonly #message: Msg;
  readonly #end: (verdict: string) => void;

  constructor(message: Msg, end: (verdict: string) => void) {
    this.subject = message.subject;
    this.data = message.data;
    this.deliveryCount = deliveryCountOf(message.reply ?? '');
    this.#message = message;
    this.#end = end;
  }

  ack(): void {
    this.#end(ACK);
  }

  handBack(delayMs: number): void {
    this.#end(delayMs > 0 ? `-NAK ${JSON.stringify({ delay: nanos(delayMs) })}` : '-NAK');
  }

  terminate(reason: string): void {
    this.#end(`+TERM ${reason.replaceAll(/\s+/g, ' ').slice(0, 200)}`);
  }

  renewLease(): void {
    this.#message.respond('+WPI');
  }
}

/**
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<consumer sequence>.<time>.<pending>`, or with domain and
 * account before the stream and a random token at the end: newer brokers may send either. A message that bypassed the
 * consumer has none of this, and counts as a first delivery.
 */
function deliveryCountOf(ackSubject: string): number {
  const tokens = ackSubject.split('.');
  const count = Number(tokens[tokens.length === 9 ? 4 : 6]);
  return Number.isSafeInteger(count) && count > 0 ? count : 1;
}
