/** Unusual files in a models folder, and the reason that is given for them. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { Catalog } from '../../src/models/catalog.ts';
import { addConstantVersion, modelsWith, SILENT } from '../support/models.ts';

const RECORD = {
  sha256: 'f'.repeat(64),
  created: '2026-01-01T00:00:00Z',
  trainedOn: ['nothing'],
  metrics: [{ data: 'nothing', name: 'RMSE', unit: 'minutes', value: 1 }],
};

/** Makes a file of some kind at a path. */
type Maker = (path: string) => Promise<unknown> | unknown;

const pipe: Maker = (path) => execFileSync('mkfifo', [path]);
const holding =
  (text: string): Maker =>
  (path) =>
    writeFile(path, text);
const large: Maker = async (path) => {
  await writeFile(path, '{');
  await truncate(path, 450 * 2 ** 20);
};
const record = (change: object) => holding(JSON.stringify({ ...RECORD, ...change }));

const oddRecords: [string, Maker, string][] = [
  ['a pipe', pipe, 'it must be a regular file, got a named pipe'],
  [
    'a link to a pipe',
    async (path) => [await pipe(`${path}.pipe`), await symlink(`${path}.pipe`, path)],
    'got a named pipe',
  ],
  ['a link to a device', (path) => symlink('/dev/zero', path), 'got a device'],
  ['a folder', (path) => mkdir(path), 'got a folder'],
  ['450 MB', large, 'it must be at most 1 MiB, got 450 MiB'],
  ['null', holding('null'), 'it must be a JSON object, got null'],
  ['a list', holding('[]'), 'it must be a JSON object, got []'],
  ['lists within lists', holding('['.repeat(500_000)), 'must be a readable JSON file'],
  ['lists within lists, to their ends', holding(nested(100_000)), 'it must be a JSON object, got [[[['],
  ['a digest in a list', record({ sha256: ['f'.repeat(64)] }), 'sha256 must be 64 hex digits, got ["fff'],
  ['a long digest', record({ sha256: 'f'.repeat(100_000) }), `got "${'f'.repeat(99)}`],
  ['a number as its time', record({ created: 5 }), 'created must be an RFC 3339 time, got 5'],
  ['an object as a data set', record({ trainedOn: [{}] }), 'trainedOn must be a list of texts, and has {}'],
  [
    'a metric without a value',
    record({ metrics: [{ data: 'a', name: 'b', unit: 'c' }] }),
    'metrics must be a list of',
  ],
  ['a metric that is null', record({ metrics: [null] }), 'and has null'],
];

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

describe('a version.json', () => {
  test.for(oddRecords)('is left out with a reason if it is or has %s', async ([, make, problem]) => {
    await using folder = await modelsWith();
    await mkdir(join(folder.model, '2'));
    await make(join(folder.model, '2/version.json'));
    const lines: Record<string, unknown>[] = [];
    const log = pino({ base: null }, { write: (line) => lines.push(JSON.parse(line)) });
    using catalog = await Catalog.open(folder.path, log);
    expect(catalog.models[0]?.versions.map(({ version }) => version)).toEqual(['1']);
    const [unreadable] = catalog.models[0]?.unreadable ?? [];
    expect(unreadable?.reason).toMatch(/^trip-duration\/2\/version\.json/);
    expect(unreadable?.reason).toContain(problem);
    expect(unreadable?.reason).not.toContain(folder.path);
    // The log contains the whole path.
    expect(lines).toMatchObject([{ version: '2', reason: expect.stringContaining(folder.path) }]);
  });

  test('with unknown members is read without them', async () => {
    await using folder = await modelsWith();
    const more = '"__proto__": { "folder": "/etc" }, "folder": "/etc", "version": "9"';
    await writeFile(join(folder.model, '1/version.json'), `{ ${more}, ${JSON.stringify(RECORD).slice(1)}`);
    using catalog = await Catalog.open(folder.path, SILENT);
    expect(catalog.models[0]?.versions).toMatchObject([
      { ...RECORD, version: '1', folder: join(folder.model, '1') },
    ]);
  });
});

test.for<[string, Maker]>([
  ['a pipe', pipe],
  ['a device', (path) => symlink('/dev/zero', path)],
  ['450 MB', large],
])('a model.json that is %s is refused at start, with its path', async ([, make]) => {
  await using folder = await modelsWith();
  const file = join(folder.model, 'model.json');
  await rm(file);
  await make(file);
  await expect(Catalog.open(folder.path, SILENT)).rejects.toThrow(
    `${file} must be a readable JSON file: it must be`,
  );
});

test('a model.json with deeply nested lists is refused at start, with its path', async () => {
  await using folder = await modelsWith();
  const file = join(folder.model, 'model.json');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/"versions": [^,]+/, `"versions": ${nested(100_000)}`));
  await expect(Catalog.open(folder.path, SILENT)).rejects.toThrow(`${file}: /versions must be`);
});

test('a version folder with too many files is left out, with the reason', async () => {
  await using folder = await modelsWith();
  await addConstantVersion(folder, '2', 5);
  for (let i = 0; i < 1_000; i++) await writeFile(join(folder.model, '2', String(i)), '');
  using catalog = await Catalog.open(folder.path, SILENT);
  expect(catalog.models[0]?.unreadable).toEqual([
    { version: '2', reason: 'trip-duration/2 must have at most 1000 entries, got more' },
  ]);
});
