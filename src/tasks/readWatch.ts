/**
 * One subscriber's view of what can be read at any time, as the async iterator that GraphQL consumes: it reads when the
 * subscriber asks, as soon as it has been woken since it read last. Nothing is buffered, so a slow subscriber costs
 * nothing, and what was missed is read later.
 *
 * Written by hand for the reason that `TaskWatch` is.
 */
export class ReadWatch<T> implements AsyncIterableIterator<T> {
  readonly #read: () => Promise<T | undefined>;
  readonly #onClose: () => void;
  #isAwake = true;
  /** Resolves when it is woken, or ended. */
  #news = Promise.withResolvers<void>();
  #ended = false;
  #failure: Error | undefined;

  /** @param read gives undefined if there is nothing to show: the watch then waits to be woken. */
  constructor({ read, onClose }: { read: () => Promise<T | undefined>; onClose: () => void }) {
    this.#read = read;
    this.#onClose = onClose;
  }

  /** There may be something to read. */
  wake(): void {
    this.#isAwake = true;
    this.#news.resolve();
  }

  /** Ends the watch with an error. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#failure = error;
    this.#end();
  }

  async next(): Promise<IteratorResult<T>> {
    while (!this.#ended) {
      if (!this.#isAwake) {
        await this.#news.promise;
        continue;
      }
      // Before it reads: what comes meanwhile wakes it for the next time.
      this.#isAwake = false;
      this.#news = Promise.withResolvers();
      const value = await this.#read();
      if (value !== undefined && !this.#ended) return { done: false, value };
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T>> {
    if (!this.#ended) this.#end();
    this.#failure = undefined;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): void {
    this.#ended = true;
    this.#news.resolve();
    this.#onClose();
  }
}
