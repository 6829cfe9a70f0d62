/** The models and versions that a catalog finds in a folder. */
import { cp, mkdir, mkdtempDisposable, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../src/contract/errors.ts';
import { Catalog } from '../../../src/models/catalog.ts';
import { modelsWith, SILENT } from '../../support/models.ts';

const open = (path: string) => Catalog.open(path, SILENT);

describe('Catalog.open', () => {
  test('finds the version folders that the manifest asks for, oldest first', async () => {
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
      using catalog = await open(folder.path);
      expect(catalog.models[0]?.versions.map(({ version }) => version)).toEqual(expected);
    }
  });

  test('refuses a folder without models, and two models that share a GraphQL name', async () => {
    await using empty = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
    await expect(open(empty.path)).rejects.toThrow('must hold a folder per model, found none');
    await expect(open(join(empty.path, 'absent'))).rejects.toThrow('MODELS_DIR must be a readable folder');

    await using folder = await modelsWith();
    const twin = join(folder.path, 'twin');
    await mkdir(twin);
    await cp(folder.model, twin, { recursive: true });
    const file = join(twin, 'model.json');
    await writeFile(
      file,
      (await readFile(file, 'utf8')).replace('"name": "trip-duration"', '"name": "twin"'),
    );
    await expect(open(folder.path)).rejects.toThrow(
      'twin/model.json: graphql.mutation: the GraphQL name predictTrip is used by trip-duration already',
    );
  });

  test('opens a model without a version only if it can be trained', async () => {
    await using bare = await modelsWith();
    await rm(join(bare.model, '1'), { recursive: true });
    await expect(open(bare.path)).rejects.toThrow('must hold a version folder such as 1/, found none');

    await using trainable = await modelsWith((manifest) => {
      manifest.training = { recipe: 'train.py', targets: { durationMinutes: 'minutes' } };
    });
    await rm(join(trainable.model, '1'), { recursive: true });
    using catalog = await open(trainable.path);
    expect(catalog.models).toEqual([expect.objectContaining({ versions: [], unreadable: [] })]);
  });

  test('leaves out a version that cannot be read, and refuses a model without another', async () => {
    for (const versions of ['all', 'latest']) {
      await using folder = await modelsWith((manifest) => Object.assign(manifest, { versions }));
      await mkdir(join(folder.model, '2'));
      using catalog = await open(folder.path);
      expect(catalog.models[0]?.versions.map(({ version }) => version)).toEqual(['1']);
      await rm(join(folder.model, '1/version.json'));
      await expect(open(folder.path)).rejects.toThrow(join(folder.model, '1/version.json'));
    }
  });

  test('leaves out a version folder that cannot be looked at, and refuses a model without another', async () => {
    await using folder = await modelsWith();
    await symlink('2', join(folder.model, '2'));
    const complained = Promise.withResolvers<string>();
    using catalog = await Catalog.open(folder.path, pino({ base: null }, { write: complained.resolve }));
    expect(catalog.models[0]?.versions.map(({ version }) => version)).toEqual(['1']);
    expect(JSON.parse(await complained.promise)).toMatchObject({
      version: '2',
      reason: expect.stringContaining('ELOOP'),
    });
    await rm(join(folder.model, '1'), { recursive: true });
    await expect(open(folder.path)).rejects.toThrow(ConfigurationError);
  });

  test('ignores files in a version folder that cannot be looked at', async () => {
    await using folder = await modelsWith();
    await symlink('loop', join(folder.model, '1/loop'));
    await symlink('nowhere', join(folder.model, '1/.#version.json'));
    using catalog = await open(folder.path);
    expect(catalog.models[0]?.versions.map(({ version }) => version)).toEqual(['1']);
  });

  test('follows links to folders of models and of versions', async () => {
    await using folder = await modelsWith();
    await using linked = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
    await rename(join(folder.model, '1'), join(folder.path, '.store'));
    await symlink('../.store', join(folder.model, '1'));
    await symlink(folder.model, join(linked.path, 'trip-duration'));
    await symlink(join(folder.model, 'model.json'), join(linked.path, 'a-file'));
    using catalog = await open(linked.path);
    expect(catalog.models.map(({ manifest }) => manifest.name)).toEqual(['trip-duration']);
    expect(catalog.models[0]?.versions.map(({ version }) => version)).toEqual(['1']);
  });

  test('refuses a manifest that asks for a version without a folder', async () => {
    await using folder = await modelsWith((manifest) => Object.assign(manifest, { versions: [1, 4] }));
    await expect(open(folder.path)).rejects.toThrow(
      'model.json: versions: version 4 is to be served, but there is 1',
    );
  });
});
