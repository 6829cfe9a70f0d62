/**
 * Sums up the errors of predictions whose actuals were reported.
 *
 * The sums cover a window of the stream of actuals: those of today and of the 30 days before (UTC, broker time), and of
 * these the last million. They are kept in buckets, by day and by block of 10,000 sequences, and a bucket leaves the
 * window as a whole. Nothing is ever subtracted, so no sum loses precision. The stream keeps one day and one block more
 * than the window needs, so a new gateway computes the same sums as one that has run for months. Memory is bounded:
 * about 130 buckets, each with a count and two sums for every output of every version reported in it.
 */

import { DAY_MS, WINDOW, type Window } from '../contract/actualsWindow.ts';
import type { LiveErrorChange } from '../contract/liveError.ts';
import type { Actual } from '../contract/messages/actual.ts';
import { errorOf } from './actualError.ts';

export interface LiveError {
  /** Tasks. */
  readonly count: number;
  /** Mean absolute error and root mean squared error, in the unit of the output. */
  readonly mae: number;
  readonly rmse: number;
}

/** The end of the window. */
interface WindowEnd {
  /** Milliseconds since the epoch, broker time. */
  readonly now: number;
  /** The first and last sequence that the stream holds. */
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
   * Adds one message. The caller adds each message once.
   *
   * @param sequence of the message in the stream, and `storedAt` its time there (ms since the epoch).
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

  /** Drops the buckets that have left the window. */
  advance(end: WindowEnd): void {
    for (const [key, bucket] of this.#buckets) if (!this.#holds(bucket, end)) this.#buckets.delete(key);
  }

  /** @returns undefined if nothing was reported. */
  of(model: string, version: string, output: string): LiveError | undefined {
    return this.#until(Number.POSITIVE_INFINITY, keyOf(model, version, output));
  }

  /** All errors beside what they were at the end of a day. Those that were not known then are left out. */
  changesSince(day: number): readonly LiveErrorChange[] {
    const keys = new Set([...this.#buckets.values()].flatMap(({ sums }) => [...sums.keys()]));
    return [...keys].flatMap((key) => {
      const former = this.#until(day, key);
      const present = this.#until(Number.POSITIVE_INFINITY, key);
      if (former === undefined || present === undefined) return [];
      const [model = '', version = '', output = ''] = key.split(' ');
      return { model, version, output, count: present.count, mae: present.mae, formerMae: former.mae };
    });
  }

  clear(): void {
    this.#buckets.clear();
  }

  /** The error of what was reported until the end of a day. @returns undefined if that is nothing. */
  #until(lastDay: number, key: string): LiveError | undefined {
    const total = new ErrorSums();
    for (const { day, sums } of this.#buckets.values()) {
      const sum = day <= lastDay ? sums.get(key) : undefined;
      if (sum !== undefined) total.add(sum);
    }
    const { count, absolute, squared } = total;
    return count === 0 ? undefined : { count, mae: absolute / count, rmse: Math.sqrt(squared / count) };
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
      // The stream may be full by bytes before it is full by number, and an operator may purge it.
      bucket.lastSequence >= firstSequence
    );
  }
}

function keyOf(model: string, version: string, output: string): string {
  return `${model} ${version} ${output}`;
}

/** A compensated sum (Neumaier): the digits that a small error loses beside a large sum are kept separately. */
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
