/** The changes of a models folder that a catalog reports. */
import { cp, mkdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { Catalog, type CatalogChange } from '../../src/models/catalog.ts';
import { modelsWith, SILENT } from '../support/models.ts';

const open = (path: string) => Catalog.open(path, SILENT);

/** The version names in a change. */
const told = ({ added, removed }: CatalogChange) => ({
  added: added.map(({ version }) => version),
  removed: removed.map(({ version }) => version),
});

// The tests run at the same time: each waits for the next checks of its own folder.
describe.concurrent('Catalog.watch', () => {
  test('logs why a version cannot be read, and waits for a missing version.json without a warning', async () => {
    await using folder = await modelsWith();
    const two = join(folder.model, '2');
    const lines: { level: number; msg: string }[] = [];
    const log = pino({ base: null }, { write: (line) => lines.push(JSON.parse(line)) });
    await cp(join(folder.model, '1'), join(folder.model, 'v8'), { recursive: true });
    await mkdir(two);
    using catalog = await Catalog.open(folder.path, log);
    const changes = watch(catalog);
    const missing = { version: '2', reason: expect.stringContaining('version.json must be there') };
    expect(catalog.models[0]?.unreadable).toEqual([missing]);

    await writeFile(join(two, 'version.json'), '{');
    await cp(join(folder.model, '1'), join(folder.model, '.3'), { recursive: true });
    await rename(join(folder.model, '.3'), join(folder.model, '3'));
    await changes.next();
    const broken = { version: '2', reason: expect.stringContaining('must be a readable JSON file') };
    expect(catalog.models[0]?.unreadable).toEqual([broken]);

    await cp(join(folder.model, '1/version.json'), join(two, 'version.json'));
    await changes.next();
    expect(catalog.models[0]?.unreadable).toEqual([]);
    expect(lines).toMatchObject([
      { level: 40, folder: 'v8', msg: expect.stringContaining('is no version') },
      { level: 30, version: '2', msg: 'a version folder without version.json is waited for' },
      { level: 50, version: '2', msg: 'a version that cannot be read is left out' },
    ]);
  });

  test('reports a version that is added, changed and removed', async () => {
    await using folder = await modelsWith();
    const [one, two] = [join(folder.model, '1'), join(folder.model, '2')];
    using catalog = await open(folder.path);
    const changes = watch(catalog);

    await cp(one, two, { recursive: true });
    expect(told(await changes.next())).toEqual({ added: ['2'], removed: [] });
    expect(catalog.models[0]?.versions.map(({ version }) => version)).toEqual(['1', '2']);

    const file = join(two, 'version.json');
    const record = await readFile(file, 'utf8');
    await writeFile(file, JSON.stringify({ ...JSON.parse(record), sha256: 'f'.repeat(64) }));
    const changed = await changes.next();
    expect(told(changed)).toEqual({ added: ['2'], removed: ['2'] });
    expect(changed.added[0]?.sha256).toBe('f'.repeat(64));

    await rm(one, { recursive: true });
    expect(told(await changes.next())).toEqual({ added: [], removed: ['1'] });
    expect(catalog.models[0]?.versions.map(({ version }) => version)).toEqual(['2']);
  });

  test('keeps the versions of a model while its folder is missing, and continues when it is back', async () => {
    await using folder = await modelsWith();
    const complained = Promise.withResolvers<string>();
    using catalog = await Catalog.open(folder.path, pino({ base: null }, { write: complained.resolve }));
    const changes = watch(catalog);
    const away = `${folder.path}-away`;
    await rename(folder.model, away);
    expect(await complained.promise).toContain('those known are kept');
    expect(catalog.models[0]?.versions).toHaveLength(1);
    await cp(join(away, '1'), join(away, '2'), { recursive: true });
    await rename(away, folder.model);
    expect(told(await changes.next())).toEqual({ added: ['2'], removed: [] });
  });

  test('keeps a version while its version.json is damaged', async () => {
    await using folder = await modelsWith();
    const complained = Promise.withResolvers<string>();
    using catalog = await Catalog.open(folder.path, pino({ base: null }, { write: complained.resolve }));
    const changes = watch(catalog);
    const known = catalog.models[0]?.versions;
    const file = join(folder.model, '1/version.json');
    const record = await readFile(file, 'utf8');
    await writeFile(file, record.slice(0, -5));
    expect(JSON.parse(await complained.promise)).toMatchObject({
      version: '1',
      reason: expect.stringContaining(file),
      msg: 'a version cannot be read any more: what was known of it holds',
    });
    expect(catalog.models[0]?.versions).toEqual(known);
    await writeFile(file, JSON.stringify({ ...JSON.parse(record), sha256: 'f'.repeat(64) }));
    const mended = await changes.next();
    expect(told(mended)).toEqual({ added: ['1'], removed: ['1'] });
    expect(mended.added[0]?.sha256).toBe('f'.repeat(64));
  });

  test('keeps a version when a broken link appears in its folder', async () => {
    await using folder = await modelsWith();
    using catalog = await open(folder.path);
    const changes = watch(catalog);
    await symlink('nowhere', join(folder.model, '1/.#version.json'));
    expect(told(await changes.next())).toEqual({ added: ['1'], removed: ['1'] });
    expect(catalog.models[0]?.versions.map(({ version }) => version)).toEqual(['1']);
  });

  test('continues when a version folder, or a file in one, cannot be read', async () => {
    await using folder = await modelsWith();
    using catalog = await open(folder.path);
    const changes = watch(catalog);
    await cp(join(folder.model, '1'), join(folder.model, '.3'), { recursive: true });
    await symlink('loop', join(folder.model, '1/loop'));
    await symlink('2', join(folder.model, '2'));
    await rename(join(folder.model, '.3'), join(folder.model, '3'));
    let change = await changes.next();
    while (!told(change).added.includes('3')) change = await changes.next();
    expect(catalog.models[0]?.versions.map(({ version }) => version)).toEqual(['1', '3']);
  });

  test('reports a file that is replaced by one of the same size and modification time', async () => {
    await using folder = await modelsWith();
    const file = join(folder.model, '1/version.json');
    // A time that the file system can store exactly.
    const time = new Date('2026-01-01T00:00:00Z');
    await utimes(file, time, time);
    using catalog = await open(folder.path);
    const changes = watch(catalog);
    const former = catalog.models[0]?.versions[0]?.sha256 ?? '';
    const record = await readFile(file, 'utf8');
    const { size } = await stat(file);
    await writeFile(`${file}.next`, record.replace(former, 'f'.repeat(64)));
    await utimes(`${file}.next`, time, time);
    await rename(`${file}.next`, file);
    expect(await stat(file)).toMatchObject({ size, mtimeMs: time.getTime() });
    const changed = await changes.next();
    expect(changed.added[0]?.sha256).toBe('f'.repeat(64));
  });

  test('continues in a models folder that was replaced as a whole', async () => {
    await using folder = await modelsWith();
    using catalog = await open(folder.path);
    const changes = watch(catalog);
    const away = `${folder.path}-replaced`;
    await cp(folder.path, away, { recursive: true });
    await cp(join(away, 'trip-duration/1'), join(away, 'trip-duration/2'), { recursive: true });
    await rename(folder.path, `${folder.path}-old`);
    await rename(away, folder.path);
    let change = await changes.next();
    while (!told(change).added.includes('2')) change = await changes.next();
    await cp(join(folder.model, '1'), join(folder.model, '3'), { recursive: true });
    expect(told(await changes.next())).toEqual({ added: ['3'], removed: [] });
    await rm(`${folder.path}-old`, { recursive: true });
  });

  test('reports a version that changes behind a link, of which the system tells nothing', async () => {
    await using folder = await modelsWith();
    await using elsewhere = await modelsWith();
    const [blue, green] = [join(elsewhere.path, 'blue'), join(elsewhere.path, 'green')];
    await cp(join(folder.model, '1'), join(blue, '2'), { recursive: true });
    await cp(join(folder.model, '1'), join(green, '2'), { recursive: true });
    const file = join(green, '2/version.json');
    const record = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...record, sha256: 'f'.repeat(64) }));
    const current = join(elsewhere.path, 'current');
    await symlink('blue', current);
    await symlink(join(current, '2'), join(folder.model, '2'));
    using catalog = await open(folder.path);
    const changes = watch(catalog);
    // The looks after a change that was told do not find the other one.
    await cp(join(folder.model, '1'), join(folder.model, '3'), { recursive: true });
    expect(told(await changes.next())).toEqual({ added: ['3'], removed: [] });
    await symlink('green', `${current}-next`);
    await rename(`${current}-next`, current);
    const changed = await changes.next();
    expect(changed.added).toMatchObject([{ version: '2', sha256: 'f'.repeat(64) }]);
  });

  test('logs that a new model needs a restart', async () => {
    await using folder = await modelsWith();
    const said = Promise.withResolvers<string>();
    using catalog = await Catalog.open(folder.path, pino({ base: null }, { write: said.resolve }));
    watch(catalog);
    await mkdir(join(folder.path, 'new'));
    expect(JSON.parse(await said.promise)).toMatchObject({
      model: 'new',
      msg: 'a new model: it is served after a restart',
    });
  });
});

/** Iterates over the changes of a catalog. */
function watch(catalog: Catalog) {
  const waiting: CatalogChange[] = [];
  let wake = () => {};
  catalog.watch((change) => {
    waiting.push(change);
    wake();
  });
  return {
    async next(): Promise<CatalogChange> {
      for (;;) {
        const change = waiting.shift();
        if (change !== undefined) return change;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
