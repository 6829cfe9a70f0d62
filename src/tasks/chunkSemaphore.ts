/**
 * Bounds how many chunks of row batches a gateway has in hand at once. Others wait for their turn in the order in which
 * they came. Work that would wait behind too many chunks is refused, since it holds its rows while it waits.
 */
import { gatewayBusy } from '../contract/errors.ts';

export interface ChunkSemaphoreOptions {
  /** Why the chunks are in hand, a participle for the refusal: `read`, for example. */
  readonly purpose: string;
  /** Chunks in hand at once. Work with more chunks than that has its turn alone. */
  readonly atOnce: number;
  /** Chunks that may wait. */
  readonly waiting: number;
}

interface Waiter {
  readonly chunks: number;
  readonly begin: () => void;
}

export class ChunkSemaphore {
  readonly #options: ChunkSemaphoreOptions;
  readonly #waiters: Waiter[] = [];
  #inHand = 0;
  #waiting = 0;

  constructor(options: ChunkSemaphoreOptions) {
    this.#options = options;
  }

  /** Does something with so many chunks when it is their turn. @throws {RequestError} `GATEWAY_BUSY`. */
  async take<T>(chunks: number, work: () => Promise<T>): Promise<T> {
    const counted = Math.min(chunks, this.#options.atOnce);
    if (this.#waiters.length > 0 || !this.#fits(counted)) await this.#wait(counted);
    else this.#inHand += counted;
    try {
      return await work();
    } finally {
      this.#inHand -= counted;
      setImmediate(() => this.#goOn());
    }
  }

  #wait(chunks: number): Promise<void> {
    const { purpose, waiting } = this.#options;
    if (this.#waiting + chunks > waiting)
      throw gatewayBusy(
        `More than ${waiting} chunks of batches would wait to be ${purpose} by this gateway.`,
        waiting,
      );
    this.#waiting += chunks;
    return new Promise((begin) => this.#waiters.push({ chunks, begin }));
  }

  /** Begins one turn, and the next in a later round of the event loop: the check of many rows is one long step. */
  #goOn(): void {
    const [next] = this.#waiters;
    if (next === undefined || !this.#fits(next.chunks)) return;
    this.#waiters.shift();
    this.#waiting -= next.chunks;
    this.#inHand += next.chunks;
    next.begin();
    setImmediate(() => this.#goOn());
  }

  #fits(chunks: number): boolean {
    return this.#inHand + chunks <= this.#options.atOnce;
  }
}
