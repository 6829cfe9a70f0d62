/**
 * One subscriber's view of stored data, as the async iterator that GraphQL consumes. It reads when the subscriber asks,
 * as soon as it was woken after its last read. Nothing is buffered: a slow subscriber costs nothing, and reads missed
 * data later.
 *
 * It is written by hand for the same reason as `TaskWatch`.
 */
export class ReadWatch<T> implements AsyncIterableIterator<T> {
  readonly #read: () => Promise<T | undefined>;
  readonly #onClose: () => void;
  #isAwake = true;
  /** Resolves when it is woken, or ended. */
  #news = Promise.withResolvers<void>();
  #ended = false;
  #failure: Error | undefined;

  /** @param read returns undefined if there is nothing to show. The watch then waits to be woken. */
  constructor({ read, onClose }: { read: () => Promise<T | undefined>; onClose: () => void }) {
    this.#read = read;
    this.#onClose = onClose;
  }

  /** Tells that there may be something to read. */
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

  /** Ends the watch: there will be no more to read. */
  end(): void {
    if (!this.#ended) this.#end();
  }

  async next(): Promise<IteratorResult<T>> {
    while (!this.#ended) {
      if (!this.#isAwake) {
        await this.#news.promise;
        continue;
      }
      // Before the read, so that data that arrives meanwhile wakes it for the next one.
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
    this.end();
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
