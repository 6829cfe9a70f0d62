/**
 * The errors of the predictions whose truth was reported, summed up.
 *
 * A window over the stream of actuals: those of today and of the 30 days before (UTC, broker time), and of these the
 * last million. Sums are kept by day and by block of 10,000 sequences, and leave the window whole: nothing is ever
 * subtracted, so no sum loses its digits. The stream keeps a day and a block more than the window asks for. So a
 * gateway that starts now reads the very sums that another one has had for months, and memory is bounded: about 130
 * buckets, each with a count and two sums for every output of every version that was reported in it.
 */

import { DAY_MS, WINDOW, type Window } from '../contract/actualsWindow.ts';
import type { Actual } from '../contract/messages/actual.ts';
import { errorOf } from './actualError.ts';

export interface LiveError {
  /** Tasks. */
  readonly count: number;
  /** Mean absolute error and root mean squared error, in the unit of the output. */
  readonly mae: number;
  readonly rmse: number;
}

/** Where the window ends. */
export interface WindowEnd {
  /** Milliseconds since the epoch, broker time. */
  readonly now: number;
  /** The sequences that the stream held at last, from the first to the last. */
  readonly firstSequence: number;
  readonly lastSequence: number;
}

interface Bucket {
  readonly day: number;
  readonly block: number;
  lastSequence: number;
  readonly sums: Map<string, ErrorSums>;
}

export class LiveErrors {
  readonly #window: Window;
  readonly #buckets = new Map<string, Bucket>();

  constructor(window: Window = WINDOW) {
    this.#window = window;
  }

  /**
   * @param sequence of its message in the stream, and `storedAt` its time there (ms since the epoch). Each message is
   *   added once.
   */
  add({ model, version, predicted, actual }: Actual, sequence: number, storedAt: number): void {
    const { sums } = this.#bucketOf(sequence, storedAt);
    for (const [output, value] of Object.entries(actual)) {
      const key = keyOf(model, version, output);
      const sum = sums.get(key) ?? new ErrorSums();
      sums.set(key, sum);
      const { absolute, squared } = errorOf(predicted[output] ?? Number.NaN, value);
      sum.add({ count: 1, absolute, squared });
    }
  }

  /** Lets go of what has left the window. */
  advance(end: WindowEnd): void {
    for (const [key, bucket] of this.#buckets) if (!this.#holds(bucket, end)) this.#buckets.delete(key);
  }

  /** @returns undefined if nothing was reported. */
  of(model: string, version: string, output: string): LiveError | undefined {
    const key = keyOf(model, version, output);
    const total = new ErrorSums();
    for (const { sums } of this.#buckets.values()) {
      const sum = sums.get(key);
      if (sum !== undefined) total.add(sum);
    }
    const { count, absolute, squared } = total;
    return count === 0 ? undefined : { count, mae: absolute / count, rmse: Math.sqrt(squared / count) };
  }

  clear(): void {
    this.#buckets.clear();
  }

  #bucketOf(sequence: number, storedAt: number): Bucket {
    const day = Math.floor(storedAt / DAY_MS);
    const block = Math.floor(sequence / this.#window.block);
    const key = `${day} ${block}`;
    const bucket = this.#buckets.get(key) ?? { day, block, lastSequence: sequence, sums: new Map() };
    bucket.lastSequence = sequence;
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #holds(bucket: Bucket, { now, firstSequence, lastSequence }: WindowEnd): boolean {
    const { days, block, blocks } = this.#window;
    return (
      bucket.day >= Math.floor(now / DAY_MS) - days &&
      bucket.block >= Math.floor(lastSequence / block) - blocks &&
      // Large messages may fill the stream before their number does, and an operator may purge it.
      bucket.lastSequence >= firstSequence
    );
  }
}

function keyOf(model: string, version: string, output: string): string {
  return `${model} ${version} ${output}`;
}

/** Sums of many errors, compensated (Neumaier): what a small error loses beside a large sum is kept aside. */
class ErrorSums {
  count = 0;
  readonly #absolute = new StableSum();
  readonly #squared = new StableSum();

  get absolute(): number {
    return this.#absolute.value;
  }

  get squared(): number {
    return this.#squared.value;
  }

  add({ count, absolute, squared }: Pick<ErrorSums, 'count' | 'absolute' | 'squared'>): void {
    this.count += count;
    this.#absolute.add(absolute);
    this.#squared.add(squared);
  }
}

class StableSum {
  #sum = 0;
  #lost = 0;

  get value(): number {
    return this.#sum + this.#lost;
  }

  add(value: number): void {
    const sum = this.#sum + value;
    this.#lost += Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - sum + value : value - sum + this.#sum;
    this.#sum = sum;
  }
}
