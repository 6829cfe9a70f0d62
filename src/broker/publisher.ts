/**
 * Publishes messages to streams and matches the stream's acknowledgements by number: one subscription for the whole
 * process, one table entry a message. The client library's own request path costs an Error with its stack for each
 * message, which was a third of the gateway's time.
 *
 * Each entry has a deadline, and the table a bound, because what is published while the connection is down is lost
 * without an error. On a disconnect everything pending is answered at once: whether it was stored is unknown.
 */

import { headers, type Msg, type NatsConnection, nuid, type Subscription } from '@nats-io/transport-node';
import { messageOf } from '../contract/errors.ts';

/** What became of a publish. Data, not an exception: all three are ordinary on a bad day. */
export type PublishOutcome =
  | { readonly type: 'stored' }
  /** The stream refused: `code` is its error code, `reason` its text. */
  | { readonly type: 'refused'; readonly code: number; readonly reason: string }
  /** Nobody answered: it may or may not have been stored. */
  | { readonly type: 'unanswered'; readonly reason: string };

/** The write-once or the size limit of a stream refused the message; which of the two only a read can tell. */
export const STORE_REFUSED = 10_077;
/** Statuses of an error that says nothing about the message: no leader yet, too many requests. */
const PASSING = [429, 503];
/** The newest message of the subject is not the one that was expected. */
export const WRONG_LAST_SEQUENCE = [10_071, 10_164];

const STORED: PublishOutcome = { type: 'stored' };
const UNREADABLE: PublishOutcome = { type: 'unanswered', reason: 'its answer cannot be read' };
/** Publishes that may wait for an acknowledgement at once; beyond it they are unanswered at once. */
const MAX_PENDING = 50_000;
const SWEEP_MS = 100;

export interface PublisherOptions {
  readonly connection: NatsConnection;
  readonly ackTimeoutMs: number;
  /** Called when nobody takes a message: its stream is not there, or has no leader. */
  readonly onNoStream: () => void;
  /** Called when a message was not confirmed in time. */
  readonly onUnconfirmed: (subject: string) => void;
}

interface Pending {
  readonly subject: string;
  readonly settle: (outcome: PublishOutcome) => void;
  /** On the clock of `performance.now()`. */
  readonly due: number;
}

interface Outgoing {
  readonly number: number;
  readonly subject: string;
  readonly payload: string;
  readonly after: number | undefined;
}

export class Publisher implements Disposable {
  readonly #connection: NatsConnection;
  readonly #replies: Subscription;
  readonly #prefix = `_INBOX.${nuid.next()}.`;
  /** In order of number, and as all share one time limit also in order of due time. */
  readonly #pending = new Map<number, Pending>();
  /** What this turn of the event loop publishes leaves in one write: the library alone would write once a message. */
  readonly #outgoing: Outgoing[] = [];
  readonly #ackTimeoutMs: number;
  readonly #onNoStream: () => void;
  readonly #onUnconfirmed: (subject: string) => void;
  /** While something is pending. */
  #sweep: NodeJS.Timeout | undefined;
  #lastNumber = 0;
  #connected = true;

  constructor({ connection, ackTimeoutMs, onNoStream, onUnconfirmed }: PublisherOptions) {
    this.#connection = connection;
    this.#ackTimeoutMs = ackTimeoutMs;
    this.#onNoStream = onNoStream;
    this.#onUnconfirmed = onUnconfirmed;
    this.#replies = connection.subscribe(`${this.#prefix}*`, {
      callback: (problem, reply) => {
        // Replies that this process may not hear are overdue soon.
        if (problem === null) this.#settle(reply);
      },
    });
  }

  /**
   * @param after lets the stream refuse the message unless the newest of its subject has this sequence; 0: unless it
   *   holds none.
   * @returns once the stream has answered, the time limit is over, or the connection broke.
   */
  publish(
    subject: string,
    payload: string,
    { after }: { after?: number | undefined } = {},
  ): Promise<PublishOutcome> {
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
      this.#pending.set(number, { subject, settle, due: performance.now() + this.#ackTimeoutMs });
      this.#sweep ??= setInterval(() => this.#lookForOverdue(), SWEEP_MS).unref();
      this.#outgoing.push({ number, subject, payload, after });
      if (this.#outgoing.length === 1) setImmediate(() => this.#sendOutgoing());
    });
  }

  /** The broker told, apart from any reply, that it drops what is published to a subject. */
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
    for (const { number, subject, payload, after } of this.#outgoing.splice(0)) {
      // Nobody waits for it any more if the connection broke meanwhile.
      const pending = this.#pending.get(number);
      if (pending === undefined) continue;
      const reply = this.#prefix + number;
      try {
        const options = after === undefined ? { reply } : { reply, headers: expectAfter(after) };
        this.#connection.publish(subject, payload, options);
      } catch (error) {
        // It is larger than the broker takes: nothing was sent.
        this.#pending.delete(number);
        pending.settle({ type: 'refused', code: 0, reason: messageOf(error) });
      }
    }
  }

  #settle(reply: Msg): void {
    const number = Number(reply.subject.slice(this.#prefix.length));
    const pending = this.#pending.get(number);
    if (pending === undefined) return;
    this.#pending.delete(number);
    if (reply.data.length === 0) this.#onNoStream();
    pending.settle(outcomeOf(reply));
  }

  #lookForOverdue(): void {
    if (this.#pending.size === 0) {
      clearInterval(this.#sweep);
      this.#sweep = undefined;
      return;
    }
    // A process that stood still for a while runs its timers before it reads its sockets: look again after that.
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

function readAcknowledgement(reply: Msg): Acknowledgement {
  try {
    return Object(reply.json());
  } catch {
    return {};
  }
}

function expectAfter(sequence: number) {
  const expected = headers();
  expected.set('Nats-Expected-Last-Subject-Sequence', String(sequence));
  return expected;
}

/** What a stream answers: where it has stored the message, or why it has not. Anybody could have sent the reply. */
interface Acknowledgement {
  readonly stream?: unknown;
  readonly seq?: unknown;
  readonly error?: { readonly code?: unknown; readonly err_code?: unknown; readonly description?: unknown };
}

export function outcomeOf(reply: Msg): PublishOutcome {
  // The status 503 with no body: no stream listens on the subject, or its leader is being elected.
  if (reply.data.length === 0) return { type: 'unanswered', reason: 'no stream answers' };
  const { stream, seq, error } = readAcknowledgement(reply);
  if (typeof error !== 'object' || error === null)
    return typeof stream === 'string' && typeof seq === 'number' ? STORED : UNREADABLE;
  const code = Number(error.code);
  const err_code = Number(error.err_code ?? 0);
  const description = String(error.description ?? 'no reason given');
  // A limit or the write-once says so in these words; any other failure to store is the disk's.
  const isVerdict = err_code === STORE_REFUSED ? description.startsWith('maximum') : !PASSING.includes(code);
  return isVerdict
    ? { type: 'refused', code: err_code, reason: description }
    : { type: 'unanswered', reason: description };
}
