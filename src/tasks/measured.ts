/** An answer of the broker about a stream, asked for again once it is a second old. */
const LASTS_MS = 1_000;
/** An answer that took long to get counts for longer, but not beyond this. */
const LONGEST_MS = 15_000;

export class Measured<T> {
  readonly #ask: () => Promise<T>;
  readonly #share: number;
  #last: { readonly answer: Promise<T>; endsAt: number } | undefined;

  /** @param share the part of the time, at most, in which it asks. */
  constructor(ask: () => Promise<T>, share = 1) {
    this.#ask = ask;
    this.#share = share;
  }

  /** Callers that come while the broker is asked wait for the same answer. @throws the error of the question. */
  get(): Promise<T> {
    if (this.#last !== undefined && performance.now() < this.#last.endsAt) return this.#last.answer;
    const begunAt = performance.now();
    const last = { answer: this.#ask(), endsAt: Number.POSITIVE_INFINITY };
    this.#last = last;
    last.answer.then(
      () => {
        const tookMs = performance.now() - begunAt;
        last.endsAt = begunAt + Math.max(LASTS_MS, Math.min(tookMs / this.#share, LONGEST_MS));
      },
      () => {
        this.#last = undefined;
      },
    );
    return last.answer;
  }
}
