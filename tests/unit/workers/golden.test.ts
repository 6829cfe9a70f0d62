/** Golden rows: which of them are refused, and which answers of a model pass. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Values } from '../../../src/contract/values.ts';
import { bytesIn } from '../../../src/models/elements.ts';
import type { Manifest } from '../../../src/models/manifest.ts';
import type { ModelVersion } from '../../../src/models/models.ts';
import { compareWithGolden, goldenBatches, readGoldenRows } from '../../../workers/golden.ts';
import { goldenTensor, goldenValues } from '../../../workers/goldenTensor.ts';

describe('golden rows', () => {
  const row = { input: {}, output: { share: 0.5, sizes: [1, 2], label: 'a', isGood: true } };
  const compare = (change: Values) => compareWithGolden([row], [{ ...row.output, ...change }], 0.1);

  test('allow numbers to differ by the tolerance, and texts and booleans not at all', () => {
    expect(() => compare({ share: 0.59, sizes: [1.05, 1.95] })).not.toThrow();
    expect(() => compare({ share: 0.61 })).toThrow('wants share 0.5 ± 0.1, the model gave 0.61');
    expect(() => compare({ sizes: [1, 2.2] })).toThrow('wants sizes [1, 2] ± 0.1, the model gave [1, 2.2]');
    expect(() => compare({ label: 'A' })).toThrow('wants label a, the model gave A');
    expect(() => compare({ isGood: false })).toThrow('wants isGood true, the model gave false');
  });

  test('may have a tolerance for each output', () => {
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
  ])('are refused if their input is %j and their output is %j', async (input, output, message) => {
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

describe('tensors in golden rows', () => {
  const tensor = (...numbers: readonly number[]) => ({
    y: { type: 'float32', shape: [numbers.length], data: bytesIn(Float32Array.from(numbers)) } as const,
  });
  const compare = (wanted: ReturnType<typeof tensor>, got: ReturnType<typeof tensor>) =>
    compareWithGolden([{ input: {}, output: goldenValues(wanted) }], [got], 0.1);

  test('differ by the tolerance in each element; NaN equals NaN, and nothing else', () => {
    const wanted = tensor(1, Number.NaN, Number.POSITIVE_INFINITY);
    expect(goldenValues(wanted)).toEqual({ y: { shape: [3], values: [1, 'NaN', 'Infinity'] } });
    expect(() => compare(wanted, tensor(1.09, Number.NaN, Number.POSITIVE_INFINITY))).not.toThrow();
    expect(() => compare(wanted, tensor(1.2, Number.NaN, Number.POSITIVE_INFINITY))).toThrow(
      'golden.json wants y at element 0 1 ± 0.1, the model gave 1.2',
    );
    expect(() => compare(wanted, tensor(1, 5, Number.POSITIVE_INFINITY))).toThrow(
      'wants y at element 1 NaN ± 0.1, the model gave 5',
    );
    expect(() => compare(wanted, tensor(1, Number.NaN))).toThrow(
      'wants y of shape [3] ± 0.1, the model gave [2]',
    );
  });

  test('are kept as a sample with the mean if they are large', () => {
    const wanted = tensor(...Array.from({ length: 10_000 }, (_, i) => i));
    const y = goldenTensor(wanted.y);
    expect(y).toMatchObject({ shape: [10_000], every: 40, mean: 4999.5 });
    expect(y.values).toHaveLength(250);
    expect(() => compare(wanted, wanted)).not.toThrow();
    // No element of the sample.
    const other = tensor(...Array.from({ length: 10_000 }, (_, i) => (i === 1 ? 1e6 : i)));
    expect(() => compare(wanted, other)).toThrow('wants y, on average, 4999.5 ± 0.1');
  });

  test('keep whole numbers of 64 bits exactly', () => {
    const exact = (number: bigint) => ({
      y: { type: 'uint64', shape: [], data: bytesIn(BigUint64Array.of(number)) } as const,
    });
    const output = goldenValues(exact(2n ** 63n));
    expect(output).toEqual({ y: { shape: [], values: ['9223372036854775808'] } });
    expect(() => compareWithGolden([{ input: {}, output }], [exact(2n ** 63n)], 0)).not.toThrow();
    expect(() => compareWithGolden([{ input: {}, output }], [exact(2n ** 63n + 1n)], 0)).toThrow(
      'wants y at element 0 9223372036854775808 ± 0, the model gave 9223372036854775809',
    );
  });

  test('may be given as one number for all elements, also if they are too many for a client', async () => {
    const manifest = {
      inputs: [{ name: 'x', tensor: 'x', type: 'uint8', shape: [3, 640, 640] }],
      outputs: [{ name: 'y', tensor: 'y', type: 'string' }],
    } as unknown as Manifest;
    await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-golden-'));
    const row = { input: { x: { fill: 7 } }, output: { y: 'a' } };
    await writeFile(join(folder.path, 'golden.json'), JSON.stringify({ rows: [row] }));
    const { rows } = await readGoldenRows(manifest, { folder: folder.path } as ModelVersion);
    const base64 = new Uint8Array(3 * 640 * 640).fill(7).toBase64();
    expect(rows[0]?.input).toEqual({ x: { shape: [3, 640, 640], base64 } });
  });

  test('share a full batch only with rows of the same shape', () => {
    const manifest = {
      inputs: [{ name: 'x', tensor: 'x', type: 'float32', shape: ['length'] }],
      axes: { length: { minimum: 1, maximum: 9 } },
      batching: { maxBatchSize: 4 },
    } as unknown as Manifest;
    const row = (length: number) => ({ input: { x: { shape: [length], base64: '' } }, output: {} });
    const [short, long, other] = [row(1), row(2), row(1)];
    const { alone, full } = goldenBatches(manifest, { rows: [short, long, other] });
    expect(alone).toEqual([[short], [long], [other]]);
    expect(full).toEqual([
      [short, other, short, other],
      [long, long, long, long],
    ]);
  });
});
