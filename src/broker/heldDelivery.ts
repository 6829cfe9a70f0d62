/** A job that a worker has, from its arrival to the verdict that ends it. */
import { type Msg, nanos } from '@nats-io/transport-node';

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

export const ACK = '+ACK';
/** An ack that carries the next pull request. */
export const ACK_AND_PULL = '+NXT';

export class HeldDelivery implements Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly deliveryCount: number;
  /** The rows of its tasks, which count against the credit of the worker. */
  readonly rows: number;
  /** On the clock of `performance.now()`. */
  readonly arrivedAt = performance.now();
  readonly #message: Msg;
  readonly #end: (verdict: string) => void;

  constructor(message: Msg, rows: number, end: (verdict: string) => void) {
    this.subject = message.subject;
    this.data = message.data;
    this.deliveryCount = deliveryCountOf(message.reply ?? '');
    this.rows = rows;
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
