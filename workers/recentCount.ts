/**
 * Counts the events of the last minute, to the second. It keeps one number for each second, and none for each event.
 */
const SECONDS = 60;

export class RecentCount {
  readonly #counts = new Uint32Array(SECONDS);
  readonly #now: () => number;
  /** The second of the last count. */
  #second: number;

  /** @param now gives monotonic milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#second = this.#presentSecond();
  }

  add(count: number): void {
    this.#forgetOld();
    const slot = this.#second % SECONDS;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + count;
  }

  /** @returns the events of this second and the 59 before it. */
  total(): number {
    this.#forgetOld();
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Clears the places of the seconds that have begun since the last count. They held the counts of a minute before. */
  #forgetOld(): void {
    const present = this.#presentSecond();
    const from = Math.max(this.#second + 1, present - SECONDS + 1);
    for (let second = from; second <= present; second++) this.#counts[second % SECONDS] = 0;
    this.#second = present;
  }

  #presentSecond(): number {
    return Math.floor(this.#now() / 1000);
  }
}
