/**
 * One subscriber's view of a comparison, as the async iterator that GraphQL consumes: the present figures at once, and again
 * every second. A slower subscriber gets the figures of the moment at which it asks. It is written by hand for the same
 * reason as `TaskWatch`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Model } from '../models/models.ts';
import type { Comparison } from './comparison.ts';

/** The comparisons of a model's shadows. */
export interface RolloutComparison {
  readonly model: Model;
  /** Since when they are tried, milliseconds since the epoch, broker time; undefined if there are none. */
  readonly since: number | undefined;
  /** The number of gateways whose tasks are counted. */
  readonly gatewayCount: number;
  readonly comparisons: readonly Comparison[];
}

const INTERVAL_MS = 1_000;

export class ComparisonWatch implements AsyncIterableIterator<RolloutComparison> {
  readonly #read: () => Promise<RolloutComparison>;
  readonly #onClose: () => void;
  readonly #end = Promise.withResolvers<void>();
  #due: Promise<void> = Promise.resolve();
  #ended = false;
  #failure: Error | undefined;

  constructor({ read, onClose }: { read: () => Promise<RolloutComparison>; onClose: () => void }) {
    this.#read = read;
    this.#onClose = onClose;
  }

  /** Ends the watch with an error. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#failure = error;
    this.#close();
  }

  async next(): Promise<IteratorResult<RolloutComparison>> {
    await Promise.race([this.#due, this.#end.promise]);
    if (!this.#ended) {
      this.#due = sleep(INTERVAL_MS, undefined, { ref: false });
      const value = await this.#read();
      if (!this.#ended) return { done: false, value };
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<RolloutComparison>> {
    this.#failure = undefined;
    if (!this.#ended) this.#close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #close(): void {
    this.#ended = true;
    this.#end.resolve();
    this.#onClose();
  }
}
