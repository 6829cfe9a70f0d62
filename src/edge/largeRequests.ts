/**
 * Lets large requests take turns, so that an owner who sends many does not hold up small requests of others. Reading one
 * blocks the gateway for milliseconds. The owners come one after another, and after each request the gateway is free for
 * other work for as long as the request took.
 */
import { ANONYMOUS, type Owner } from '../contract/owner.ts';
import { OwnerTurns } from '../process/ownerTurns.ts';

/** Smaller requests do not wait, in bytes or characters. */
const LARGE = 64 * 1024;

export class LargeRequests {
  readonly #waiting = new OwnerTurns<() => void>();
  #isBusy = false;

  /** @returns resolves when it is the turn of a request; undefined if it need not wait. */
  turn(owner: Owner, length: number): Promise<void> | undefined {
    // Without a login all clients are one owner: there is nobody to share with.
    if (length <= LARGE || owner === ANONYMOUS) return undefined;
    return new Promise((begin) => {
      this.#waiting.add(owner, begin);
      if (!this.#isBusy) this.#beginNext();
    });
  }

  #beginNext(): void {
    const begin = this.#waiting.takeFirst();
    this.#isBusy = begin !== undefined;
    if (begin === undefined) return;
    const begunAt = performance.now();
    begin();
    setImmediate(() => setTimeout(() => this.#beginNext(), performance.now() - begunAt));
  }
}
