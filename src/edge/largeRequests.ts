/**
 * Lets large requests take turns, so that an owner who sends many does not hold up small requests of others. Reading one
 * blocks the gateway for milliseconds, and so does receiving it. The owners come one after another, and after each request
 * the gateway is free for other work for as long as the request took, or for longer, by its size.
 */
import { ANONYMOUS, type Owner } from '../contract/owner.ts';
import { OwnerTurns } from '../process/ownerTurns.ts';

/** Smaller requests do not wait, in bytes or characters. */
const LARGE = 64 * 1024;
/** The bytes of large requests that are read in a millisecond, on the average. To receive them takes a fifth of that time. */
const BYTES_PER_MS = 128 * 1024;

interface Waiting {
  readonly length: number;
  readonly begin: () => void;
}

export class LargeRequests {
  readonly #waiting = new OwnerTurns<Waiting>();
  #isBusy = false;

  /** @returns resolves when it is the turn of a request; undefined if it need not wait. */
  turn(owner: Owner, length: number): Promise<void> | undefined {
    // Without a login all clients are one owner: there is nobody to share with.
    if (length <= LARGE || owner === ANONYMOUS) return undefined;
    return new Promise((begin) => {
      this.#waiting.add(owner, { length, begin });
      if (!this.#isBusy) this.#beginNext();
    });
  }

  #beginNext(): void {
    const next = this.#waiting.takeFirst();
    this.#isBusy = next !== undefined;
    if (next === undefined) return;
    const begunAt = performance.now();
    next.begin();
    setImmediate(() => {
      const pauseMs = Math.max(performance.now() - begunAt, next.length / BYTES_PER_MS);
      setTimeout(() => this.#beginNext(), pauseMs);
    });
  }
}
