/**
 * Takes jobs of one model version from the broker, by credit: the rows of the jobs requested and held, from pull to ack,
 * together do not exceed `maxHeld`. The library's `consume()` bounds only its own buffer (one worker took all of 20,000
 * jobs), so the pull requests are sent from here. If messages have more rows than expected, what exceeds twice the
 * credit is handed back.
 */
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import type { Logger } from '../process/log.ts';
import type { Acks } from './acks.ts';
import { withinGoodbye } from './connection.ts';
import { Credit } from './credit.ts';
import { ACK, ACK_AND_PULL, type Delivery, HeldDelivery } from './heldDelivery.ts';
import type { Leases } from './leases.ts';
import { PullRequests } from './pullRequests.ts';

/** Jobs as they arrive. The worker takes as many as it wants at a time. */
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
  /** Of the subject where jobs come. */
  readonly inboxPrefix: string;
  readonly stream: string;
  readonly consumer: string;
  /** In rows. */
  readonly maxHeld: number;
  /** How many rows a job has. */
  readonly rowsIn: (data: Uint8Array) => number;
  readonly leases: Leases;
  readonly acks: Acks;
  readonly log: Logger;
  /** Called when the broker takes no pull request: the consumer may be gone. */
  readonly onRefused: () => void;
  readonly onClosed: () => void;
}

/** Statuses of the broker. Any other one is a refusal. */
const HEARTBEAT = 100;
const EXPIRED = 408;
const RETRY_PULL_MS = 500;

export class JobConsumer implements JobSource, AsyncDisposable {
  readonly #options: JobConsumerOptions;
  readonly #pullSubject: string;
  readonly #inbox: string;
  readonly #messages: Subscription;
  readonly #held = new Set<HeldDelivery>();
  readonly #arrived: HeldDelivery[] = [];
  readonly #credit: Credit;
  readonly #requests: PullRequests;
  #connected = true;
  #stopped: Promise<void> | undefined;
  #waiter: PromiseWithResolvers<boolean> | undefined;

  constructor(options: JobConsumerOptions) {
    this.#options = options;
    const { connection, stream, consumer, maxHeld, log } = options;
    this.#inbox = createInbox(options.inboxPrefix);
    this.#credit = new Credit(maxHeld);
    this.#requests = new PullRequests({ credit: this.#credit, log, onLost: () => this.#pull() });
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
    this.#pullAnew();
  }

  /** A job may wait. The long request of a quiet consumer counts as lost; a flowing one notices a loss itself. */
  nudge(): void {
    if (this.#requests.isQuiet) this.#pullAnew();
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
    this.#requests[Symbol.dispose]();
    // A drain still receives jobs that are on their way. An unsubscribe would leave them to the end of their lease.
    if (this.#connected) await withinGoodbye(this.#messages.drain());
    // Otherwise a request that is still open could bring a job after the reconnect.
    else this.#messages.unsubscribe();
    for (const delivery of this.#arrived.splice(0)) delivery.handBack(0);
    this.#waiter?.resolve(false);
  }

  #hear(message: Msg): void {
    const status = message.headers?.code ?? 0;
    if (status === 0) this.#hearJob(message);
    else this.#hearStatus(status, message);
  }

  #hearJob(message: Msg): void {
    const { rowsIn, leases } = this.#options;
    const wasQuiet = this.#requests.isQuiet;
    this.#requests.jobCame();
    const rows = rowsIn(message.data);
    const delivery = new HeldDelivery(message, rows, (verdict) => this.#end(delivery, message, verdict));
    this.#held.add(delivery);
    this.#credit.take(rows);
    if (this.#credit.isExceeded) {
      delivery.handBack(0);
      return;
    }
    leases.keep(delivery);
    this.#arrived.push(delivery);
    this.#waiter?.resolve(true);
    this.#waiter = undefined;
    if (wasQuiet) this.#pull();
  }

  #hearStatus(status: number, message: Msg): void {
    if (status === HEARTBEAT) {
      this.#requests.heard();
      return;
    }
    const lacking = Number(message.headers?.get('Nats-Pending-Messages') || Number.NaN);
    if (status === EXPIRED) {
      this.#requests.expired(lacking);
      this.#pull();
    } else {
      // No leader, or the consumer is gone.
      this.#requests.refused(lacking);
      this.#options.onRefused();
      setTimeout(() => this.#pull(), RETRY_PULL_MS).unref();
    }
  }

  #end(delivery: HeldDelivery, message: Msg, verdict: string): void {
    if (!this.#held.delete(delivery)) return;
    this.#credit.giveBack(delivery.rows);
    this.#options.leases.drop(delivery);
    if (verdict === ACK) this.#ack(message);
    else message.respond(verdict);
    this.#pull();
  }

  /**
   * An ack that frees enough credit carries the next pull request. The broker reads acks and requests from two queues: a
   * separate request could overtake the acks, and the broker would count more jobs than our credit.
   */
  #ack(message: Msg): void {
    const { acks } = this.#options;
    const request = this.#nextRequest();
    if (request === undefined) {
      acks.add(() => message.respond(ACK));
      return;
    }
    acks.send();
    message.respond(`${ACK_AND_PULL} ${request}`, { reply: this.#inbox });
  }

  #pull(): void {
    const request = this.#nextRequest();
    if (request === undefined) return;
    this.#options.acks.send();
    this.#options.connection.publish(this.#pullSubject, request, { reply: this.#inbox });
  }

  #pullAnew(): void {
    this.#requests.forgetAll();
    this.#pull();
  }

  /** @returns undefined if none is to be sent now. */
  #nextRequest(): string | undefined {
    if (this.#stopped !== undefined || !this.#connected || this.#options.connection.isClosed())
      return undefined;
    return this.#requests.next();
  }
}
