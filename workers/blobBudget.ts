/**
 * Bounds the bytes of blobs that a worker holds: those that it reads for rows that will run, and those of rows that run.
 * Jobs wait for their bytes in the order in which they came. One that needs more than the whole budget goes alone.
 */
export class BlobBudget {
  readonly #limit: number;
  readonly #waiting: { readonly bytes: number; readonly begin: () => void }[] = [];
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns once there is room; gives the bytes back when disposed. */
  async take(bytes: number): Promise<Disposable> {
    const counted = Math.min(bytes, this.#limit);
    if (this.#waiting.length > 0 || this.#taken + counted > this.#limit)
      await new Promise<void>((begin) => this.#waiting.push({ bytes: counted, begin }));
    else this.#taken += counted;
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#taken -= counted;
        this.#goOn();
      },
    };
  }

  #goOn(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#taken + next.bytes > this.#limit) return;
      this.#waiting.shift();
      this.#taken += next.bytes;
      next.begin();
    }
  }
}
