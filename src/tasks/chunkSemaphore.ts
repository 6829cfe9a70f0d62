/**
 * Bounds how many chunks of row batches a gateway has in hand at once. Others wait for their turn: owners come one after
 * another, and the work of each in its order. Work that would wait beside too many chunks is refused, since it holds its
 * rows while it waits.
 */
import { gatewayBusy } from '../contract/errors.ts';
import type { Owner } from '../contract/owner.ts';
import { OwnerTurns } from '../process/ownerTurns.ts';
import { isBeyondShare } from './ownerShare.ts';

export interface ChunkSemaphoreOptions {
  /** Why the chunks are in hand, a participle for the refusal: `read`, for example. */
  readonly purpose: string;
  /** Chunks in hand at once. Work with more chunks than that has its turn alone. */
  readonly atOnce: number;
  /** Chunks that may wait. */
  readonly waiting: number;
}

interface Waiter {
  readonly owner: Owner;
  readonly chunks: number;
  readonly begin: () => void;
}

export class ChunkSemaphore {
  readonly #options: ChunkSemaphoreOptions;
  readonly #waiters = new OwnerTurns<Waiter>();
  #inHand = 0;
  #waiting = 0;
  readonly #waitingOf = new Map<Owner, number>();

  constructor(options: ChunkSemaphoreOptions) {
    this.#options = options;
  }

  /** Does something with so many chunks when it is their turn. @throws {RequestError} `GATEWAY_BUSY`. */
  async take<T>(owner: Owner, chunks: number, work: () => Promise<T>): Promise<T> {
    const counted = Math.min(chunks, this.#options.atOnce);
    if (this.#waiting > 0 || !this.#fits(counted)) await this.#wait(owner, counted);
    else this.#inHand += counted;
    try {
      return await work();
    } finally {
      this.#inHand -= counted;
      setImmediate(() => this.#goOn());
    }
  }

  #wait(owner: Owner, chunks: number): Promise<void> {
    const { purpose, waiting } = this.#options;
    const free = waiting - this.#waiting;
    if (chunks > free || isBeyondShare(owner, (this.#waitingOf.get(owner) ?? 0) + chunks, free))
      throw gatewayBusy(
        `More than ${waiting} chunks of batches would wait to be ${purpose} by this gateway, or more than the share of their owner.`,
        waiting,
      );
    this.#countWaiting(owner, chunks);
    return new Promise((begin) => this.#waiters.add(owner, { owner, chunks, begin }));
  }

  #countWaiting(owner: Owner, chunks: number): void {
    this.#waiting += chunks;
    const ofOwner = (this.#waitingOf.get(owner) ?? 0) + chunks;
    if (ofOwner > 0) this.#waitingOf.set(owner, ofOwner);
    else this.#waitingOf.delete(owner);
  }

  /** Begins one turn, and the next in a later round of the event loop: the check of many rows is one long step. */
  #goOn(): void {
    const next = this.#waiters.first;
    if (next === undefined || !this.#fits(next.chunks)) return;
    this.#waiters.takeFirst();
    this.#countWaiting(next.owner, -next.chunks);
    this.#inHand += next.chunks;
    next.begin();
    setImmediate(() => this.#goOn());
  }

  #fits(chunks: number): boolean {
    return this.#inHand + chunks <= this.#options.atOnce;
  }
}
