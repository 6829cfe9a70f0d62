/**
 * Publishes messages to streams and matches the stream's acknowledgements by number: one subscription for the whole
 * process, one table entry a message. The client library's own request path costs an Error with its stack for each
 * message, which was a third of the gateway's time.
 *
 * Each entry has a deadline, and the table a bound, because a message that is published while the connection is down is
 * lost without an error. On a disconnect every pending publish is answered at once: whether it was stored is unknown.
 */

import {
  createInbox,
  headers,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';
import { messageOf } from '../contract/errors.ts';
import { outcomeOf, type PublishOutcome } from './publishOutcome.ts';

/** The most publishes that wait for an acknowledgement. Further ones are `unanswered` at once. */
const MAX_PENDING = 50_000;
const SWEEP_MS = 100;

export interface PublisherOptions {
  readonly connection: NatsConnection;
  /** Of the subjects where acknowledgements come. */
  readonly inboxPrefix: string;
  readonly ackTimeoutMs: number;
  /** Called when no stream takes a message: the stream is missing, or has no leader. */
  readonly onNoStream: () => void;
  /** Called when a message was not confirmed in time. */
  readonly onUnconfirmed: (subject: string) => void;
  /** Called when messages are written. What it writes goes with them. */
  readonly onWrite: () => void;
}

interface Pending {
  readonly subject: string;
  readonly after: number | undefined;
  readonly settle: (outcome: PublishOutcome) => void;
  /** On the clock of `performance.now()`. */
  readonly due: number;
}

interface Outgoing {
  readonly number: number;
  readonly subject: string;
  readonly payload: string | Uint8Array;
  readonly expected: Expected;
}

/** What the stream has to hold. Otherwise it refuses the message. */
export interface Expected {
  /** The sequence of the newest message of the subject; 0 if the subject holds none. */
  readonly after?: number | undefined;
  /** The sequence of the newest message of the whole stream. */
  readonly afterAll?: number | undefined;
}

export class Publisher implements Disposable {
  readonly #connection: NatsConnection;
  readonly #replies: Subscription;
  readonly #prefix: string;
  /** In order of their numbers, which is also the order of their deadlines: all have the same time limit. */
  readonly #pending = new Map<number, Pending>();
  /**
   * Collects the messages of one turn of the event loop for one write. The library alone would write once a message.
   */
  readonly #outgoing: Outgoing[] = [];
  readonly #ackTimeoutMs: number;
  readonly #onNoStream: () => void;
  readonly #onUnconfirmed: (subject: string) => void;
  readonly #onWrite: () => void;
  /** While something is pending. */
  #sweep: NodeJS.Timeout | undefined;
  #lastNumber = 0;
  #connected = true;

  constructor({
    connection,
    inboxPrefix,
    ackTimeoutMs,
    onNoStream,
    onUnconfirmed,
    onWrite,
  }: PublisherOptions) {
    this.#connection = connection;
    this.#prefix = `${createInbox(inboxPrefix)}.`;
    this.#ackTimeoutMs = ackTimeoutMs;
    this.#onNoStream = onNoStream;
    this.#onUnconfirmed = onUnconfirmed;
    this.#onWrite = onWrite;
    this.#replies = connection.subscribe(`${this.#prefix}*`, {
      callback: (problem, reply) => {
        // Without permission for replies, every publish becomes overdue.
        if (problem === null) this.#settle(reply);
      },
    });
  }

  /**
   * @returns once the stream has answered, the time limit is over, or the connection broke.
   */
  publish(subject: string, payload: string | Uint8Array, expected: Expected = {}): Promise<PublishOutcome> {
    if (!this.#connected)
      return Promise.resolve({ type: 'unanswered', reason: 'the broker is not connected' });
    if (this.#pending.size >= MAX_PENDING) {
      return Promise.resolve({
        type: 'unanswered',
        reason: `${MAX_PENDING} messages await the broker already`,
      });
    }
    return new Promise((settle) => {
      const number = ++this.#lastNumber;
      const { after } = expected;
      this.#pending.set(number, { subject, after, settle, due: performance.now() + this.#ackTimeoutMs });
      this.#sweep ??= setInterval(() => this.#lookForOverdue(), SWEEP_MS).unref();
      this.#outgoing.push({ number, subject, payload, expected });
      if (this.#outgoing.length === 1) setImmediate(() => this.#sendOutgoing());
    });
  }

  /** The broker has told, apart from any reply, that it drops messages to a subject. */
  notPermitted(subject: string, reason: string): void {
    for (const [number, pending] of this.#pending) {
      if (pending.subject !== subject) continue;
      this.#pending.delete(number);
      pending.settle({ type: 'unanswered', reason });
    }
  }

  connectionChanged(connected: boolean): void {
    this.#connected = connected;
    if (connected) return;
    for (const { settle } of this.#pending.values()) {
      settle({ type: 'unanswered', reason: 'the connection to the broker broke' });
    }
    this.#pending.clear();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#sweep);
    this.connectionChanged(false);
    if (!this.#replies.isClosed()) this.#replies.unsubscribe();
  }

  #sendOutgoing(): void {
    for (const { number, subject, payload, expected } of this.#outgoing.splice(0)) {
      // If the connection broke meanwhile, it was answered already.
      const pending = this.#pending.get(number);
      if (pending === undefined) continue;
      const reply = this.#prefix + number;
      try {
        const condition = headersOf(expected);
        const options = condition === undefined ? { reply } : { reply, headers: condition };
        this.#connection.publish(subject, payload, options);
      } catch (error) {
        // The message is too large for the broker. Nothing was sent.
        this.#pending.delete(number);
        pending.settle({ type: 'refused', reason: messageOf(error) });
      }
    }
    this.#onWrite();
  }

  #settle(reply: Msg): void {
    const number = Number(reply.subject.slice(this.#prefix.length));
    const pending = this.#pending.get(number);
    if (pending === undefined) return;
    this.#pending.delete(number);
    if (reply.data.length === 0) this.#onNoStream();
    pending.settle(outcomeOf(reply, pending.after));
  }

  #lookForOverdue(): void {
    if (this.#pending.size === 0) {
      clearInterval(this.#sweep);
      this.#sweep = undefined;
      return;
    }
    // A process that was suspended runs its timers before it reads its sockets, so this looks again afterwards.
    const now = performance.now();
    setImmediate(() => this.#giveUpOverdue(now));
  }

  /** @param now on the clock of `performance.now()`. */
  #giveUpOverdue(now: number): void {
    for (const [number, { subject, settle, due }] of this.#pending) {
      if (due > now) return;
      this.#pending.delete(number);
      this.#onUnconfirmed(subject);
      settle({
        type: 'unanswered',
        reason: `the broker did not answer within ${this.#ackTimeoutMs} ms, as one whose disk is full`,
      });
    }
  }
}

const OF_SUBJECT = 'Nats-Expected-Last-Subject-Sequence';
const OF_STREAM = 'Nats-Expected-Last-Sequence';
/** Each first write of a bundle's ends expects none: its header is made once. */
const EXPECT_NONE = headerOf(OF_SUBJECT, 0);

function headersOf({ after, afterAll }: Expected): MsgHdrs | undefined {
  if (afterAll !== undefined) return headerOf(OF_STREAM, afterAll);
  if (after === undefined) return undefined;
  return after === 0 ? EXPECT_NONE : headerOf(OF_SUBJECT, after);
}

function headerOf(name: string, sequence: number): MsgHdrs {
  const expected = headers();
  expected.set(name, String(sequence));
  return expected;
}
