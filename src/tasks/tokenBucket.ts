/**
 * A rate: so much in a window of time, all at once or spread. What is taken beyond the level is a debt, which is paid off
 * before more can be taken.
 */
export class TokenBucket {
  readonly #windowMs: number;
  readonly #clock: () => number;
  /** What was taken and is not paid off yet, at the instant `#at`. */
  #taken = 0;
  #at: number;

  /** @param clock gives monotonic milliseconds. */
  constructor(windowMs: number, clock = () => performance.now()) {
    this.#windowMs = windowMs;
    this.#clock = clock;
    this.#at = clock();
  }

  /** What was taken and is not paid off yet. @param limit of a window. */
  taken(limit: number): number {
    const now = this.#clock();
    this.#taken = Math.max(0, this.#taken - ((now - this.#at) * limit) / this.#windowMs);
    this.#at = now;
    return this.#taken;
  }

  /**
   * Milliseconds until so much may be taken; 0 for now. More than the limit may be taken from a full bucket: otherwise
   * it could never be.
   */
  waitMs(limit: number, amount: number): number {
    const over = this.taken(limit) + Math.min(amount, limit) - limit;
    return over <= 0 ? 0 : Math.ceil((over * this.#windowMs) / limit);
  }

  /** Takes so much now, also beyond the limit. */
  take(limit: number, amount: number): void {
    this.#taken = this.taken(limit) + amount;
  }

  /** Milliseconds until all is paid off. */
  fullInMs(limit: number): number {
    return (this.taken(limit) * this.#windowMs) / limit;
  }
}
