/** How a worker makes batches of the tasks that have arrived. */
import { describe, expect, test } from 'vitest';
import type { Delivery, JobSource } from '../../../src/broker/broker.ts';
import { collectBatches } from '../../../workers/batcher.ts';

/** A source that is fed by hand. */
class HandFed implements JobSource {
  readonly isStopping = false;
  readonly #waiting: Delivery[] = [];
  #ended = false;
  #waiter = Promise.withResolvers<void>();

  feed(count: number): void {
    this.#waiting.push(...Array.from({ length: count }, () => ({}) as Delivery));
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async arrival(): Promise<boolean> {
    while (this.#waiting.length === 0 && !this.#ended) await this.#waiter.promise;
    return this.#waiting.length > 0;
  }

  take(limit: number): Delivery[] {
    return this.#waiting.splice(0, limit);
  }

  #wake(): void {
    this.#waiter.resolve();
    this.#waiter = Promise.withResolvers();
  }
}

describe('collectBatches', () => {
  test('takes what has arrived, full batches first, and ends with its source', async () => {
    const source = new HandFed();
    source.feed(7);
    source.end();
    const batches = await Array.fromAsync(collectBatches(source, { maxBatchSize: 3, maxWaitMs: 0 }));
    expect(batches.map(({ length }) => length)).toEqual([3, 3, 1]);
  });

  test('gathers the next batch while the one before is in work', async () => {
    const source = new HandFed();
    const batches = collectBatches(source, { maxBatchSize: 64, maxWaitMs: 0 });
    source.feed(1);
    expect((await batches.next()).value).toHaveLength(1);
    for (let i = 0; i < 5; i++) source.feed(1);
    expect((await batches.next()).value).toHaveLength(5);
  });

  test('waits for a fuller batch only if the model asks for it, and not once it is full', async () => {
    const source = new HandFed();
    const batches = collectBatches(source, { maxBatchSize: 3, maxWaitMs: 1_000_000 });
    const batch = batches.next();
    source.feed(1);
    source.feed(1);
    source.feed(2);
    expect((await batch).value).toHaveLength(3);
    const rest = batches.next();
    source.end();
    expect((await rest).value).toHaveLength(1);
  });

  test('closes a batch when the wait is over and loses none that come later', async () => {
    const source = new HandFed();
    const batches = collectBatches(source, { maxBatchSize: 3, maxWaitMs: 1 });
    source.feed(1);
    expect((await batches.next()).value).toHaveLength(1);
    source.feed(2);
    source.end();
    expect((await batches.next()).value).toHaveLength(2);
  });
});
