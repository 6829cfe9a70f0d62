/** The first step of a training: the files of datasets, cut if that is asked. */
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatasetRecord } from '../../src/contract/messages/datasetRecord.ts';
import type { DataFile, DatasetUse, Split } from '../../src/contract/work.ts';
import type { Manifest } from '../../src/models/manifest.ts';
import { dataReader } from '../../workers/training/dataReader.ts';
import { type PrepareOutput, prepareStep } from '../../workers/training/prepare.ts';
import { datasetRecord, manifestOf, openTestStore, runStep, writeParquetOf } from '../support/dataFiles.ts';

const TRIPS = `SELECT (1 + i % 260)::BIGINT AS "PULocationID", (1 + i % 200)::BIGINT AS "DOLocationID", i / 10.0 AS trip_distance,
    TIMESTAMP '2021-01-01' + to_minutes(31 * ((i * 7) % 1000)) AS lpep_pickup_datetime,
    TIMESTAMP '2021-01-01' + to_minutes(31 * ((i * 7) % 1000) + 5 + i % 40) AS lpep_dropoff_datetime
  FROM range(1000) AS trips(i)`;

const store = openTestStore();
let folder: AsyncDisposable & { readonly path: string };
let trips: Manifest;

beforeAll(async () => {
  folder = await mkdtempDisposable(join(tmpdir(), 'tidings-splits-'));
  trips = await manifestOf('trip-duration');
});
afterAll(() => folder?.[Symbol.asyncDispose]());

async function prepare(
  records: readonly DatasetRecord[],
  {
    split,
    uses,
    manifest = trips,
  }: { split?: Split; uses?: readonly DatasetUse['use'][]; manifest?: Manifest } = {},
) {
  const datasets = {
    find: async (name: string, digest: string) =>
      records.find((record) => record.name === name && record.digest === digest),
  };
  const training = {
    datasets: records.map(({ name, digest }, i) => ({ name, digest, use: uses?.[i] ?? ('TRAIN' as const) })),
    recipe: 'train.py',
    params: {},
    seed: 0,
    class: 'cpu',
    maxAttempts: 3,
    ...(split === undefined ? {} : { split }),
  };
  const step = prepareStep({ datasetsDir: undefined, data: dataReader, datasets });
  const { output, note } = await runStep(step, { manifest, artifacts: store, ask: { training } });
  return { ...(output as PrepareOutput), note };
}

async function parquet(name: string, query: string): Promise<DataFile> {
  const path = join(folder.path, name);
  await writeParquetOf(path, query);
  return store.add(name, path);
}

/** The first cells of the rows of stored Parquet files. */
async function query(sha256: string, sql: string): Promise<readonly unknown[]> {
  const path = join(folder.path, `${sha256}.parquet`);
  const pieces = await Array.fromAsync(store.read(sha256));
  await writeFile(path, Buffer.concat(pieces));
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(`${sql} FROM '${path}'`);
  const rows = reader.getRowsJS().map(([cell]) => cell);
  connection.closeSync();
  instance.closeSync();
  return rows;
}

test('without a split the files of all datasets go on as they are, each with its use', async () => {
  const january = datasetRecord({ name: 'january', rowCount: 7 });
  const march = datasetRecord({
    name: 'march',
    files: [{ name: 'march.csv', sha256: 'd'.repeat(64), bytes: 9, place: 'FOLDER' }],
  });
  const { files, note } = await prepare([january, march], { uses: ['TRAIN', 'HOLDOUT'] });
  expect(files).toEqual([
    { ...january.files[0], use: 'TRAIN' },
    { ...march.files[0], use: 'HOLDOUT' },
  ]);
  expect(note).toContain('TRAIN: january');
  expect(note).toContain('7 rows');
});

test('a split by HASH gives the same bytes each time, keeps all rows, and cuts about the share', async () => {
  const record = datasetRecord({ name: 'trips', files: [await parquet('trips.parquet', TRIPS)] });
  const split = { holdoutPercent: 20, by: 'HASH' } as const;
  const [first, second] = [await prepare([record], { split }), await prepare([record], { split })];
  expect(second).toEqual(first);
  const [train, holdout] = first.files;
  expect(train).toMatchObject({ name: 'trips-train.parquet', use: 'TRAIN', place: 'STORE' });
  expect(holdout).toMatchObject({ name: 'trips-holdout.parquet', use: 'HOLDOUT', place: 'STORE' });
  const rows = async (file: DataFile | undefined) =>
    (await query(file?.sha256 ?? '', 'SELECT trip_distance')).map(Number);
  const [kept, heldOut] = [await rows(train), await rows(holdout)];
  expect(heldOut.length).toBeGreaterThan(150);
  expect(heldOut.length).toBeLessThan(250);
  expect([...kept, ...heldOut].toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 1000 }, (_, i) => i / 10),
  );
  // In the order of the file.
  expect(kept).toEqual(kept.toSorted((a, b) => a - b));
});

test('equal rows come to the same side, whatever the order of the rows is', async () => {
  const twice = `SELECT * FROM (${TRIPS}) UNION ALL SELECT * FROM (${TRIPS}) ORDER BY trip_distance DESC`;
  const record = datasetRecord({ name: 'twice', files: [await parquet('twice.parquet', twice)] });
  const once = datasetRecord({ name: 'once', files: [await parquet('once.parquet', TRIPS)] });
  const split = { holdoutPercent: 30, by: 'HASH' } as const;
  const heldOut = async (dataset: DatasetRecord) => {
    const { files } = await prepare([dataset], { split });
    return (await query(files[1]?.sha256 ?? '', 'SELECT DISTINCT trip_distance'))
      .map(Number)
      .toSorted((a, b) => a - b);
  };
  expect(await heldOut(record)).toEqual(await heldOut(once));
});

test('a split by TIME holds out the latest rows, also where times are texts', async () => {
  const record = datasetRecord({ name: 'trips', files: [await parquet('trips.parquet', TRIPS)] });
  const split = { holdoutPercent: 10, by: 'TIME' } as const;
  const { files } = await prepare([record], { split });
  const times = async (file: DataFile | undefined, end: 'min' | 'max') =>
    (await query(file?.sha256 ?? '', `SELECT ${end}(lpep_pickup_datetime)::VARCHAR`))[0] as string;
  expect(await query(files[1]?.sha256 ?? '', 'SELECT count(*)')).toEqual([100n]);
  expect((await times(files[0], 'max')) < (await times(files[1], 'min'))).toBe(true);

  const path = join(folder.path, 'texts.csv');
  const rows = Array.from({ length: 20 }, (_, i) => `${i},${20 - i}/12/2021 10:00`);
  await writeFile(path, `PULocationID,lpep_pickup_datetime\n${rows.join('\n')}\n`);
  const texts = datasetRecord({ name: 'texts', files: [await store.add('texts.csv', path)] });
  const { files: cut } = await prepare([texts], { split });
  const stored = await Array.fromAsync(store.read(cut[1]?.sha256 ?? ''));
  expect(Buffer.concat(stored).toString()).toBe(
    'PULocationID,lpep_pickup_datetime\n0,20/12/2021 10:00\n1,19/12/2021 10:00\n',
  );
});

test('a CSV is cut into CSVs with the same cells', async () => {
  const path = join(folder.path, 'odd.csv');
  const text = 'name,"a ""b"""\nx,"1,5"\n"",\n"two\nlines",é\n';
  await writeFile(path, text);
  const housing = await manifestOf('housing');
  const record = datasetRecord({ name: 'odd', model: 'housing', files: [await store.add('odd.csv', path)] });
  const { files } = await prepare([record], { split: { holdoutPercent: 50, by: 'HASH' }, manifest: housing });
  const parts = await Promise.all(
    files.map(async ({ sha256 }) => Buffer.concat(await Array.fromAsync(store.read(sha256))).toString()),
  );
  const [head = '', ...rest] = parts.map((part) => part.slice(0, part.indexOf('\n') + 1));
  expect(head).toBe('name,"a ""b"""\n');
  expect(rest).toEqual([head]);
  const cells = parts.map((part) => part.slice(head.length)).join('');
  expect(cells.length).toBe((await readFile(path, 'utf8')).length - head.length);
});

test.each<[what: string, record: Partial<DatasetRecord> | undefined, message: string]>([
  ['unusable', { usable: false, problems: [{ message: 'it is empty' }] }, 'is unusable: it is empty'],
  ['of another model', { model: 'churn' }, 'was added for churn, not for trip-duration'],
  ['not there', undefined, 'is not there: add it with addDataset'],
])('a training on a dataset that is %s fails with DATA_UNUSABLE', async (_, members, message) => {
  const record = datasetRecord({ name: 'some', ...members });
  const step = prepareStep({
    datasetsDir: undefined,
    data: dataReader,
    datasets: { find: async () => (members === undefined ? undefined : record) },
  });
  const training = {
    datasets: [{ name: 'some', digest: record.digest, use: 'TRAIN' as const }],
    recipe: 'train.py',
    params: {},
    seed: 0,
    class: 'cpu',
    maxAttempts: 3,
  };
  await expect(runStep(step, { manifest: trips, artifacts: store, ask: { training } })).rejects.toMatchObject(
    {
      code: 'DATA_UNUSABLE',
      message: expect.stringContaining(message),
    },
  );
});

test('a split that leaves one side empty, or has no time, fails with DATA_UNUSABLE', async () => {
  const path = join(folder.path, 'one.csv');
  await writeFile(path, 'PULocationID,lpep_pickup_datetime\n1,2021-01-01\n');
  const record = datasetRecord({ name: 'one', files: [await store.add('one.csv', path)] });
  await expect(prepare([record], { split: { holdoutPercent: 50, by: 'TIME' } })).rejects.toMatchObject({
    code: 'DATA_UNUSABLE',
    message: 'the split by TIME with holdoutPercent 50 leaves no rows for the hold-out',
  });
  const housing = await manifestOf('housing');
  const tracts = datasetRecord({ name: 'one', model: 'housing', files: record.files });
  await expect(
    prepare([tracts], { split: { holdoutPercent: 50, by: 'TIME' }, manifest: housing }),
  ).rejects.toThrow('a split by TIME needs an input of the type dateTime that has a column');
  await expect(
    prepare([record, { ...record, name: 'two' }], { split: { holdoutPercent: 50, by: 'HASH' } }),
  ).rejects.toThrow('a split cuts one dataset, got 2');
});
