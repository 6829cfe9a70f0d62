/** The worker's parts that need no process: batches, columns, golden rows, signatures. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Delivery, JobSource } from '../../../src/broker/broker.ts';
import type { Values } from '../../../src/contract/values.ts';
import type { Manifest } from '../../../src/models/manifest.ts';
import type { ModelVersion } from '../../../src/models/models.ts';
import { collectBatches } from '../../../workers/batcher.ts';
import { compareWithGolden, readGoldenRows } from '../../../workers/golden.ts';
import { decodeBatch, encodeBatch } from '../../../workers/runtimes/onnx/encoder.ts';
import { signatureProblems } from '../../../workers/runtimes/onnx/signature.ts';

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

describe('the kinds beside numbers', () => {
  const kinds = {
    inputs: [
      { name: 'sizes', tensor: 'v', type: 'float32', size: 2 },
      { name: 'title', tensor: 't', type: 'string' },
      { name: 'colour', tensor: 'c', type: 'enum', values: [{ name: 'BLUE', value: 'Blue' }] },
      { name: 'rank', tensor: 'k', type: 'enum', values: [{ name: 'LOW', value: -1 }] },
      { name: 'isNew', tensor: 'b', type: 'boolean' },
      { name: 'pickupAt', tensor: 'd', type: 'dateTime' },
    ],
    outputs: [
      { name: 'shares', tensor: 'v', type: 'float64', size: 2 },
      { name: 'label', tensor: 't', type: 'string' },
      { name: 'isGood', tensor: 'b', type: 'boolean' },
    ],
  } as unknown as Manifest;

  test('are encoded as ONNX takes them', () => {
    const row = { title: 'a', colour: 'BLUE', rank: 'LOW', pickupAt: '1970-01-01T00:00:01' };
    expect(
      encodeBatch(kinds, [
        { ...row, sizes: [1, 2], isNew: true },
        { ...row, sizes: [3, 4], isNew: false },
      ]),
    ).toEqual({
      v: { type: 'float32', data: Float32Array.of(1, 2, 3, 4) },
      t: { type: 'string', data: ['a', 'a'] },
      c: { type: 'string', data: ['Blue', 'Blue'] },
      k: { type: 'int64', data: BigInt64Array.of(-1n, -1n) },
      b: { type: 'bool', data: Uint8Array.of(1, 0) },
      d: { type: 'int64', data: BigInt64Array.of(1n, 1n) },
    });
  });

  const t = { data: ['a', 'b'], dims: [2, 1] };
  const b = { data: Uint8Array.of(0, 1), dims: [2] };

  test('are decoded as GraphQL shows them', () => {
    const v = { data: Float64Array.of(1, 2, 3, 4), dims: [2, 2] };
    expect(decodeBatch(kinds, { v, t, b }, 2)).toEqual([
      { shares: [1, 2], label: 'a', isGood: false },
      { shares: [3, 4], label: 'b', isGood: true },
    ]);
  });

  test('fail a row in whose vector a number is not finite, and no other', () => {
    const v = { data: Float64Array.of(1, Number.NaN, 3, 4), dims: [2, 2] };
    expect(decodeBatch(kinds, { v, t, b }, 2)).toEqual([
      'shares must be finite numbers, got NaN',
      { shares: [3, 4], label: 'b', isGood: true },
    ]);
  });

  test('fail a row whose text is too long, and no other', () => {
    const v = { data: Float64Array.of(1, 2, 3, 4), dims: [2, 2] };
    const long = { data: ['a', 'b'.repeat(1_001)], dims: [2] };
    expect(decodeBatch(kinds, { v, t: long, b }, 2)).toEqual([
      { shares: [1, 2], label: 'a', isGood: false },
      'label must be a text of at most 1000 characters, got 1001',
    ]);
  });

  test.each([
    [[4], '[4]'],
    [[2, 1], '[2, 1]'],
    [[2, 2, 1], '[2, 2, 1]'],
  ])('refuse a vector of shape %j', (dims, got) => {
    const v = { data: Float64Array.of(1, 2, 3, 4), dims };
    expect(() => decodeBatch(kinds, { v, t, b }, 2)).toThrow(`output v must have shape [2, 2], got ${got}`);
  });
});

describe('golden rows', () => {
  const row = { input: {}, output: { share: 0.5, sizes: [1, 2], label: 'a', isGood: true } };
  const compare = (change: Values) => compareWithGolden([row], [{ ...row.output, ...change }], 0.1);

  test('allow numbers the tolerance, and texts and booleans nothing', () => {
    expect(() => compare({ share: 0.59, sizes: [1.05, 1.95] })).not.toThrow();
    expect(() => compare({ share: 0.61 })).toThrow('wants share 0.5 ± 0.1, the model gave 0.61');
    expect(() => compare({ sizes: [1, 2.2] })).toThrow('wants sizes [1, 2] ± 0.1, the model gave [1, 2.2]');
    expect(() => compare({ label: 'A' })).toThrow('wants label a, the model gave A');
    expect(() => compare({ isGood: false })).toThrow('wants isGood true, the model gave false');
  });

  test('may allow each output a tolerance of its own', () => {
    const tolerance = { share: 0.01, sizes: 0.5 };
    const compareEach = (change: Values) =>
      compareWithGolden([row], [{ ...row.output, ...change }], tolerance);
    expect(() => compareEach({ share: 0.509, sizes: [1.4, 2] })).not.toThrow();
    expect(() => compareEach({ share: 0.52 })).toThrow('wants share 0.5 ± 0.01, the model gave 0.52');
    expect(() => compareEach({ sizes: [1, 2.6] })).toThrow('wants sizes [1, 2] ± 0.5');
  });

  test.each([
    [undefined, 'a tolerance, one for all outputs or one for share too'],
    [-1, 'one for share too'],
    ['0.1', 'one for share too'],
    [null, 'one for share too'],
    [{ share: 0.1 }, 'one for size too'],
    [{ share: 0.1, size: '1' }, 'one for size too'],
  ])('are refused if the tolerance is %j', async (tolerance, message) => {
    const twoOutputs = {
      inputs: [],
      outputs: [
        { name: 'label', type: 'string' },
        { name: 'share', type: 'float32' },
        { name: 'size', type: 'int64' },
      ],
    } as unknown as Manifest;
    await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-golden-'));
    const rows = [{ input: {}, output: { label: 'a', share: 0.5, size: 3 } }];
    await writeFile(join(folder.path, 'golden.json'), JSON.stringify({ tolerance, rows }));
    const reading = readGoldenRows(twoOutputs, { folder: folder.path } as ModelVersion);
    await expect(reading).rejects.toThrow(message);
  });

  test.each([
    [{ title: 5 }, { label: 'a', shares: [1, 2] }, 'title must be a text'],
    [{}, { label: 'a', shares: [1, 2] }, 'must give pickupAt, whose default is now'],
    [{ pickupAt: '2021-02-03T14:30:00' }, { label: 5, shares: [1, 2] }, 'must give label for'],
    [{ pickupAt: '2021-02-03T14:30:00' }, { label: 'a', shares: [1] }, 'must give shares for'],
    [{ pickupAt: '2021-02-03T14:30:00' }, { label: 'a', shares: 1 }, 'must give shares for'],
  ])('are refused if %j → %j proves nothing', async (input, output, message) => {
    const rowManifest = {
      inputs: [
        { name: 'pickupAt', type: 'dateTime', timeZone: 'UTC', default: 'now' },
        { name: 'title', type: 'string', maxLength: 5, default: '' },
      ],
      outputs: [
        { name: 'label', type: 'string' },
        { name: 'shares', type: 'float32', size: 2 },
      ],
    } as unknown as Manifest;
    await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-golden-'));
    await writeFile(
      join(folder.path, 'golden.json'),
      JSON.stringify({ tolerance: 0, rows: [{ input, output }] }),
    );
    await expect(readGoldenRows(rowManifest, { folder: folder.path } as ModelVersion)).rejects.toThrow(
      message,
    );
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
    const column = { ...n, shape: ['N', 1] };
    expect(signatureProblems(manifest, { inputMetadata: [s, column], outputMetadata: [r, p] })).toEqual([]);
  });

  test('lets a graph leave out an input that a task may leave out, and no other', () => {
    const optional = { ...manifest, inputs: manifest.inputs.map((input) => ({ ...input, default: 0 })) };
    const outputMetadata = [p, r];
    expect(signatureProblems(optional as Manifest, { inputMetadata: [s], outputMetadata })).toEqual([]);
    expect(signatureProblems(manifest, { inputMetadata: [s], outputMetadata })).toEqual([
      "the manifest's input count is n int64[N], the graph has only s float32[-1]",
    ]);
    const wrong = { ...n, type: 'float32' };
    expect(signatureProblems(optional as Manifest, { inputMetadata: [s, wrong], outputMetadata })).toEqual([
      "the manifest's input count is n int64[N], the graph has n float32[N]",
    ]);
  });

  test.each([
    [['N', 3], []],
    [['N', 'width'], []],
    [['N', 4], ["the manifest's input size is v float32[N, 3], the graph has v float32[N, 4]"]],
    [['N'], ["the manifest's input size is v float32[N, 3], the graph has v float32[N]"]],
    [[8, 3], ["the manifest's input size is v float32[N, 3], the graph has v float32[8, 3]"]],
  ])('holds a vector of 3 against a shape of %j', (shape, problems) => {
    const vector = {
      inputs: [{ ...field, name: 'size', tensor: 'v', type: 'float32', size: 3, minimum: 0, maximum: 1 }],
      outputs: [],
    } as const;
    const v = { name: 'v', isTensor: true, type: 'float32', shape };
    expect(signatureProblems(vector, { inputMetadata: [v], outputMetadata: [] })).toEqual(problems);
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
