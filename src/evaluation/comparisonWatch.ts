/**
 * One subscriber's view of a comparison, as the async iterator that GraphQL consumes: what is known at once, and again
 * every second. A subscriber that is slower is shown what is known when it asks. Written by hand for the reason that
 * `TaskWatch` is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Model } from '../models/models.ts';
import type { Comparison } from './comparison.ts';

/** What is known of the shadows of a model. */
export interface RolloutComparison {
  readonly model: Model;
  /** Since when they are tried, milliseconds since the epoch, broker time; undefined if there are none. */
  readonly since: number | undefined;
  /** How many gateways' tasks are in it. */
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
