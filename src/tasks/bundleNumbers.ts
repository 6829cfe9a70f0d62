/**
 * Numbers new bundles by the time when they are opened, in tenths of a millisecond. Each number is used once, also if the
 * clock stands still or goes back: with the home, which is new at each start, it names one bundle for ever.
 */
export class BundleNumbers {
  #last = 0;

  /** @param now milliseconds since the epoch, broker time. */
  next(now: number): number {
    this.#last = Math.max(this.#last + 1, Math.floor(now * 10));
    return this.#last;
  }
}
