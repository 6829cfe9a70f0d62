/**
 * Lets tasks go before a pull of files: both need the processor, the broker and the network. While tasks run here, a pull
 * rests seven times as long as each piece of it took. Without tasks it does not rest.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Slots } from './slots.ts';

export interface PullRestsOptions {
  readonly slots: Pick<Slots, 'usedMs'>;
  /** Milliseconds. @default that of `performance.now()` */
  readonly clock?: () => number;
  /** @default a timer */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const RESTS_PER_PIECE = 7;
/** Tasks count for so long after their run, since the next ones are probably on their way. */
const BUSY_MS = 1_000;
/** The longest rest: a piece may have waited for a broker that was away. */
const MAX_REST_MS = 200;

export class PullRests {
  readonly #slots: PullRestsOptions['slots'];
  readonly #clock: () => number;
  readonly #wait: NonNullable<PullRestsOptions['wait']>;
  #usedMs: number;
  #ranAt = Number.NEGATIVE_INFINITY;
  #restedAt: number;

  constructor({ slots, clock = () => performance.now(), wait = rest }: PullRestsOptions) {
    this.#slots = slots;
    this.#clock = clock;
    this.#wait = wait;
    this.#usedMs = slots.usedMs;
    this.#restedAt = clock();
  }

  /** After a piece. */
  async take(signal: AbortSignal): Promise<void> {
    const now = this.#clock();
    if (this.#slots.usedMs > this.#usedMs) this.#ranAt = now;
    this.#usedMs = this.#slots.usedMs;
    const pieceMs = now - this.#restedAt;
    if (now - this.#ranAt < BUSY_MS)
      await this.#wait(Math.min(RESTS_PER_PIECE * pieceMs, MAX_REST_MS), signal);
    this.#restedAt = this.#clock();
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  // An end cuts the rest short; the next read of a piece rejects with it.
  await sleep(ms, undefined, { signal }).catch(() => {});
}
