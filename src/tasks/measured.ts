/** An answer of the broker about a stream, asked for again once it is old. */

export interface MeasuredOptions {
  /** How old an answer may be, in milliseconds. @default 1000 */
  readonly lastsMs?: number;
  /** The part of the time, at most, in which it asks. @default 1 */
  readonly share?: number;
}

/** An answer that took long to get counts for longer, but not beyond this. */
const LONGEST_MS = 15_000;

export class Measured<T> {
  readonly #ask: () => Promise<T>;
  readonly #lastsMs: number;
  readonly #share: number;
  #last: { readonly answer: Promise<T>; endsAt: number } | undefined;

  constructor(ask: () => Promise<T>, { lastsMs = 1_000, share = 1 }: MeasuredOptions = {}) {
    this.#ask = ask;
    this.#lastsMs = lastsMs;
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
        last.endsAt = begunAt + Math.max(this.#lastsMs, Math.min(tookMs / this.#share, LONGEST_MS));
      },
      () => {
        this.#last = undefined;
      },
    );
    return last.answer;
  }
}
