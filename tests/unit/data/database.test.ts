import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BIGINT } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { Database } from '../../../src/data/database.ts';
import { NoRoom } from '../../../src/data/dataFault.ts';

test('rows that are appended while others are read are all there', async () => {
  await using database = await Database.open(new AbortController().signal);
  await database.run('CREATE TABLE part (n BIGINT)');
  const numbers = Array.from({ length: 1_000 }, (_, i) => BigInt(i));
  const work = Array.from({ length: 40 }, () => [
    database.append('part', [BIGINT], [numbers]),
    database.rows('SELECT sum(n) FROM part'),
    database.columns('SELECT n FROM part ORDER BY n LIMIT 5'),
  ]);
  await Promise.all(work.flat());
  expect(await database.rows('SELECT count(*) FROM part')).toEqual([[40_000n]]);
});

test.each([
  ['on the disk', '4MiB'],
  ['in memory', '0MiB'],
])('rows that need more room %s than they may take are no fault of their file', async (where, onDisk) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-database-'));
  const settings = {
    memory_limit: '32MiB',
    temp_directory: onDisk === '0MiB' ? '' : folder.path,
    max_temp_directory_size: onDisk,
  };
  await using database = await Database.open(new AbortController().signal, undefined, settings);
  const rows = database.run(
    'CREATE TABLE wide AS SELECT hash(i) AS a, hash(-i) AS b, hash(2 * i) AS c FROM range(3000000) AS t(i)',
  );
  await expect(rows).rejects.toThrow(NoRoom);
  await expect(rows).rejects.toThrow(`the rows need more room ${where} than they may take`);
});
