/** Manifests that are refused, each with what is wrong with it. */
import { describe, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog.ts';
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
      'pickupLocationId: default must be a whole number from 1 to 265 (TLC taxi zone), got 999',
    ],
  ])('is refused for %s, naming the file', async ([, change, message]) => {
    await using folder = await modelsWith(change);
    const loading = Catalog.open(folder.path, SILENT);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow('trip-duration');
  });
});
