import { describe, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog.ts';
import { type Manifest, validateInput } from '../../src/models.ts';
import { modelsWith, SILENT } from '../support/models.ts';

describe('a manifest', () => {
  test.for<[string, (manifest: Record<string, unknown>) => void, string]>([
    [
      'an unknown member',
      (m) => Object.assign(m, { colour: 'red' }),
      'must NOT have additional properties ("colour")',
    ],
    ['a missing member', (m) => delete m.outputs, "must have required property 'outputs'"],
    [
      'another name than its folder',
      (m) => Object.assign(m, { name: 'trips' }),
      'name must be that of its folder, trip-duration, got trips',
    ],
    [
      'a version that is not there',
      (m) => Object.assign(m, { versions: [1, 4] }),
      'version 4 is to be served, but',
    ],
    [
      'an example out of range',
      (m) => Object.assign(m.example as object, { pickupLocationId: 0 }),
      'example: pickupLocationId must be',
    ],
    [
      'an example of something else',
      (m) => Object.assign(m.example as object, { hour: 1 }),
      'example names hour, which is no input',
    ],
    [
      'a default outside its own limits',
      (m) => Object.assign((m.inputs as object[])[0] ?? {}, { default: 999 }),
      'pickupLocationId: default must lie within its own limits',
    ],
  ])('is refused for %s, naming the file', async ([, change, message]) => {
    await using folder = await modelsWith(change);
    const loading = Catalog.open(folder.path, SILENT);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow('trip-duration');
  });
});

describe('validateInput', () => {
  const number = { unit: 'parts', description: '', tensor: 't' } as const;
  const manifest = {
    inputs: [
      { ...number, name: 'count', type: 'int64', minimum: 0, maximum: 9 },
      { ...number, name: 'share', type: 'float32', minimum: -1, maximum: 1, default: 0.5 },
    ],
  } as unknown as Manifest;

  test('gives the values in the order of the manifest, defaults filled in', () => {
    expect(Object.entries(validateInput(manifest, { count: 3 }))).toEqual([
      ['count', 3],
      ['share', 0.5],
    ]);
    expect(Object.entries(validateInput(manifest, { share: -1, count: 0 }))).toEqual([
      ['count', 0],
      ['share', -1],
    ]);
  });

  test('names every field that is wrong, its limits and its value', () => {
    expect(() => validateInput(manifest, { count: 2.5, share: Number.NaN })).toThrow(
      'count must be a whole number from 0 to 9 (parts), got 2.5; share must be a number from -1 to 1 (parts), got NaN',
    );
    expect(() => validateInput(manifest, {})).toThrow(
      'count must be a whole number from 0 to 9 (parts), got null',
    );
    expect(() => validateInput(manifest, { count: '3' })).toThrow('got "3"');
    expect(() => validateInput(manifest, { count: 1, share: Number.POSITIVE_INFINITY })).toThrow(
      'got Infinity',
    );
  });
});
