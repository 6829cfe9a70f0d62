import { BIGINT } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { Database } from '../../../src/data/database.ts';

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
