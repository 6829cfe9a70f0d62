/** Golden rows: which of them are refused, and which answers of a model pass. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Values } from '../../../src/contract/values.ts';
import type { Manifest } from '../../../src/models/manifest.ts';
import type { ModelVersion } from '../../../src/models/models.ts';
import { compareWithGolden, readGoldenRows } from '../../../workers/golden.ts';

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
