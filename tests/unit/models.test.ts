import { cp, mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadModels, type Manifest, validateInput } from '../../src/models.ts';

const MODELS = join(import.meta.dirname, '../../models');

/** A models folder with the committed model in it, its manifest changed. */
async function modelsWith(change: (manifest: Record<string, unknown>) => void) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  const model = join(folder.path, 'trip-duration');
  await cp(join(MODELS, 'trip-duration'), model, { recursive: true });
  const file = join(model, 'model.json');
  const manifest = JSON.parse(await readFile(file, 'utf8'));
  change(manifest);
  await writeFile(file, JSON.stringify(manifest));
  return { path: folder.path, model, [Symbol.asyncDispose]: () => folder.remove() };
}

describe('loadModels', () => {
  test('serves the version folders that the manifest asks for, oldest first', async () => {
    for (const [versions, expected] of [
      ['all', ['1', '2', '10']],
      ['latest', ['10']],
      [
        [2, 1],
        ['1', '2'],
      ],
    ] as const) {
      await using folder = await modelsWith((manifest) => Object.assign(manifest, { versions }));
      for (const version of ['2', '10', 'notes']) {
        await cp(join(folder.model, '1'), join(folder.model, version), { recursive: true });
      }
      const [model] = await loadModels(folder.path);
      expect(model?.versions.map(({ version }) => version)).toEqual(expected);
    }
  });

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
  ])('refuses a manifest with %s, naming the file', async ([, change, message]) => {
    await using folder = await modelsWith(change);
    const loading = loadModels(folder.path);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow('trip-duration');
  });

  test('refuses a folder without models, and two models that share a GraphQL name', async () => {
    await using empty = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
    await expect(loadModels(empty.path)).rejects.toThrow('must hold a folder per model, found none');
    await expect(loadModels(join(empty.path, 'absent'))).rejects.toThrow(
      'MODELS_DIR must be a readable folder',
    );

    await using folder = await modelsWith(() => {});
    const twin = join(folder.path, 'twin');
    await mkdir(twin);
    await cp(folder.model, twin, { recursive: true });
    const file = join(twin, 'model.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"name":"trip-duration"', '"name":"twin"'));
    await expect(loadModels(folder.path)).rejects.toThrow(
      'the GraphQL name predictTrip is used by trip-duration and by twin',
    );
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
