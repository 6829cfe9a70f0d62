/** The worker's parts that need no process: batches, columns, signatures. */
import { describe, expect, test } from 'vitest';
import type { Delivery, JobSource } from '../../src/broker/broker.ts';
import type { Manifest } from '../../src/manifest.ts';
import { collectBatches } from '../../workers/batcher.ts';
import { decodeBatch, encodeBatch } from '../../workers/encoder.ts';
import { signatureProblems } from '../../workers/signature.ts';

/** A source that is fed by hand. */
class HandFed implements JobSource {
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

const field = { unit: 'parts', description: '' } as const;
const manifest = {
  inputs: [
    { ...field, name: 'count', tensor: 'n', type: 'int64', minimum: 0, maximum: 9 },
    { ...field, name: 'share', tensor: 's', type: 'float32', minimum: 0, maximum: 1 },
  ],
  outputs: [
    { ...field, name: 'price', tensor: 'p', type: 'float32' },
    { ...field, name: 'rank', tensor: 'r', type: 'int64' },
  ],
} as unknown as Manifest;

describe('encodeBatch and decodeBatch', () => {
  test('put rows into columns by tensor name, and columns into rows by GraphQL name', () => {
    const columns = encodeBatch(manifest, [
      { count: 1, share: 0.5 },
      { share: 0.25, count: 2 },
    ]);
    expect(columns).toEqual({
      n: { type: 'int64', data: BigInt64Array.of(1n, 2n) },
      s: { type: 'float32', data: Float32Array.of(0.5, 0.25) },
    });
    const outputs = {
      p: { data: Float32Array.of(1.5, 2.5), dims: [2, 1] },
      r: { data: BigInt64Array.of(7n, 8n), dims: [2] },
    };
    expect(decodeBatch(manifest, outputs, 2)).toEqual([
      { price: 1.5, rank: 7 },
      { price: 2.5, rank: 8 },
    ]);
  });

  test('fail a row whose output is not finite, and no other', () => {
    const outputs = {
      p: { data: Float32Array.of(1.5, Number.NaN, Number.POSITIVE_INFINITY), dims: [3] },
      r: { data: BigInt64Array.of(7n, 8n, 9n), dims: [3] },
    };
    expect(decodeBatch(manifest, outputs, 3)).toEqual([
      { price: 1.5, rank: 7 },
      'price must be a finite number, got NaN',
      'price must be a finite number, got Infinity',
    ]);
  });

  test('refuse outputs of another shape', () => {
    const r = { data: BigInt64Array.of(7n), dims: [1] };
    const wrong = [
      { r },
      { r, p: { data: Float32Array.of(1, 2), dims: [2] } },
      { r, p: { data: Float32Array.of(1, 2), dims: [1, 2] } },
    ];
    const got = ['none', '[2]', '[1, 2]'];
    for (const [i, outputs] of wrong.entries()) {
      expect(() => decodeBatch(manifest, outputs, 1)).toThrow(`output p must have shape [1], got ${got[i]}`);
    }
  });
});

describe('signatureProblems', () => {
  const n = { name: 'n', isTensor: true, type: 'int64', shape: ['N'] };
  const s = { name: 's', isTensor: true, type: 'float32', shape: [-1] };
  const p = { name: 'p', isTensor: true, type: 'float32', shape: ['N', 1] };
  const r = { name: 'r', isTensor: true, type: 'int64', shape: ['N'] };

  test('finds none where manifest and graph agree, even if the graph gives more', () => {
    const more = { name: 'more', isTensor: false };
    expect(signatureProblems(manifest, { inputMetadata: [s, n], outputMetadata: [r, more, p] })).toEqual([]);
  });

  test('names both sides of each disagreement', () => {
    const fixed = { ...n, shape: [1] };
    const matrix = { ...p, shape: ['N', 2] };
    const extra = { name: 'extra', isTensor: true, type: 'string', shape: ['N'] };
    expect(
      signatureProblems(manifest, { inputMetadata: [fixed, s, extra], outputMetadata: [matrix] }),
    ).toEqual([
      "the manifest's input count is n int64[N], the graph has n int64[1]",
      'the graph needs an input extra string[N], the manifest names none',
      "the manifest's output price is p float32[N], the graph has p float32[N, 2]",
      "the manifest's output rank is r int64[N], the graph has only p float32[N, 2]",
    ]);
  });
});
