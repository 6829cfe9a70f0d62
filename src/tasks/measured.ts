/** An answer of the broker about a stream, asked for again once it is a second old. */
const LASTS_MS = 1_000;

export class Measured<T> {
  readonly #ask: () => Promise<T>;
  #last: { readonly begunAt: number; readonly answer: Promise<T> } | undefined;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /** Callers that come while the broker is asked wait for the same answer. @throws the error of the question. */
  get(): Promise<T> {
    if (this.#last !== undefined && performance.now() - this.#last.begunAt < LASTS_MS)
      return this.#last.answer;
    const answer = this.#ask();
    this.#last = { begunAt: performance.now(), answer };
    answer.catch(() => {
      this.#last = undefined;
    });
    return answer;
  }
}
