/**
 * One subscriber's view of the dead letters of a model, as the async iterator that GraphQL consumes.
 *
 * Letters are not buffered: a notice only wakes the watch, and each letter is read from the stream, in order, when the
 * subscriber asks for it. So a letter that was stored while the gateway could not hear it comes too, and a slow reader costs nothing.
 * Written by hand for the reason that `TaskWatch` is.
 */
import type { StoredDeadLetter } from '../broker/broker.ts';

export class DeadLetterWatch implements AsyncIterableIterator<StoredDeadLetter> {
  readonly #readNext: (afterSequence: number) => Promise<StoredDeadLetter | undefined>;
  readonly #onClose: () => void;
  #lastSequence: number;
  #news = Promise.withResolvers<void>();
  #ended = false;
  #failure: Error | undefined;

  /** @param readNext the first letter after a sequence; undefined if there is none, or the broker cannot tell now. */
  constructor({
    afterSequence,
    readNext,
    onClose,
  }: {
    afterSequence: number;
    readNext: (afterSequence: number) => Promise<StoredDeadLetter | undefined>;
    onClose: () => void;
  }) {
    this.#lastSequence = afterSequence;
    this.#readNext = readNext;
    this.#onClose = onClose;
  }

  /** There may be something to read. */
  wake(): void {
    this.#news.resolve();
  }

  /** Ends the watch with an error. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#failure = error;
    this.#end();
  }

  async next(): Promise<IteratorResult<StoredDeadLetter>> {
    while (!this.#ended) {
      // Before reading: a letter that is stored meanwhile wakes the next round.
      this.#news = Promise.withResolvers();
      const found = await this.#readNext(this.#lastSequence);
      if (found !== undefined && !this.#ended) {
        this.#lastSequence = found.sequence;
        return { done: false, value: found };
      }
      if (!this.#ended) await this.#news.promise;
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<StoredDeadLetter>> {
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
