/** The report of a dataset: what an operator reads of data that are right, odd or useless. */
import { execFile } from 'node:child_process';
import { mkdtempDisposable, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatasetRecord, InputProfile } from '../../src/contract/messages/datasetRecord.ts';
import { decodeDatasetRecord } from '../../src/contract/messages/datasetRecord.ts';
import { encodeMessage } from '../../src/contract/messages/decoder.ts';
import { type DataFile, DataPlace } from '../../src/contract/work.ts';
import type { Manifest } from '../../src/models/manifest.ts';
import { type CheckOutput, checkStep } from '../../workers/training/check.ts';
import { dataReader } from '../../workers/training/dataReader.ts';
import {
  copyInto,
  datasetOf,
  manifestOf,
  openTestStore,
  runStep,
  writeParquetOf,
} from '../support/dataFiles.ts';

/** Trips of green taxis, one every 31 minutes; row i has the distance i / 10. */
const TRIPS = (rows: number, more = '') => `
  SELECT (1 + i % 260)::BIGINT AS "PULocationID", (1 + i % 200)::BIGINT AS "DOLocationID", i / 10.0 AS trip_distance,
    TIMESTAMP '2021-01-01' + to_minutes(31 * i) AS lpep_pickup_datetime,
    TIMESTAMP '2021-01-01' + to_minutes(31 * i + 5 + i % 40) AS lpep_dropoff_datetime ${more}
  FROM range(${rows}) AS trips(i)`;

const store = openTestStore();
let folder: AsyncDisposable & { readonly path: string };
let trips: Manifest;
let churn: Manifest;

beforeAll(async () => {
  folder = await mkdtempDisposable(join(tmpdir(), 'tidings-datasets-'));
  [trips, churn] = await Promise.all([manifestOf('trip-duration'), manifestOf('churn')]);
});
afterAll(() => folder?.[Symbol.asyncDispose]());

interface CheckOptions {
  readonly manifest?: Manifest;
  readonly live?: readonly InputProfile[];
  readonly datasetsDir?: string;
}

async function check(
  files: readonly DataFile[],
  { manifest = trips, live, datasetsDir }: CheckOptions = {},
): Promise<DatasetRecord> {
  const step = checkStep({ datasetsDir, data: dataReader, liveProfile: async () => live });
  const { output } = await runStep(step, { manifest, artifacts: store, ask: datasetOf('some', files) });
  const { record } = output as CheckOutput;
  // As it is stored and read.
  return decodeDatasetRecord(new TextEncoder().encode(encodeMessage(record)));
}

async function parquet(name: string, query: string): Promise<DataFile> {
  const path = join(folder.path, name);
  await writeParquetOf(path, query);
  return store.add(name, path);
}

async function text(name: string, content: string | Uint8Array): Promise<DataFile> {
  const path = join(folder.path, name);
  await writeFile(path, content);
  return store.add(name, path);
}

function problemsOf({ problems }: DatasetRecord): string {
  return problems.map(({ message }) => message).join('\n');
}

function columnOf({ columns }: DatasetRecord, name: string) {
  return columns.find(({ column }) => column === name);
}

test('a report has rows, types, missing cells, ranges, rows outside the limits, duplicates and targets', async () => {
  const odd = `UNION ALL SELECT 74, 75, 5000.0, TIMESTAMP '2021-01-01 10:00', TIMESTAMP '2021-01-01 10:10'
    UNION ALL SELECT 300, 75, 1.5, TIMESTAMP '2021-01-01 10:00', TIMESTAMP '2021-01-01 10:10'
    UNION ALL SELECT NULL, 75, 1.5, TIMESTAMP '2021-01-01 10:00', TIMESTAMP '2021-01-03 10:10'
    UNION ALL (${TRIPS(1)})`;
  const record = await check([await parquet('odd.parquet', `(${TRIPS(100)}) ${odd}`)]);
  expect(record).toMatchObject({ usable: true, rowCount: 104, duplicates: 1 });
  expect(columnOf(record, 'PULocationID')).toMatchObject({
    input: 'pickupLocationId',
    type: 'BIGINT',
    nulls: 1,
    outside: 1,
    least: '1',
    most: '300',
  });
  expect(columnOf(record, 'trip_distance')).toMatchObject({ nulls: 0, outside: 1, most: '5000.0' });
  // The third odd trip takes two days: training.rows leaves it out.
  expect(columnOf(record, 'durationMinutes')).toMatchObject({
    type: 'target DOUBLE',
    least: '5.0',
    most: '44.0',
  });
  expect(problemsOf(record)).toContain(
    'rows that the model would refuse: 1, tripDistanceMiles must be a number from 0 to 1000 (miles), got 5000',
  );
});

test('the profile has bins with about as many rows each, hours of times, and shares that add up to 1', async () => {
  const { profile } = await check([await parquet('even.parquet', TRIPS(400))]);
  const of = (input: string) => profile.find((each) => each.input === input);
  const miles = of('tripDistanceMiles');
  expect(miles?.bounds).toHaveLength(19);
  for (const share of miles?.shares ?? []) expect(share).toBeCloseTo(0.05);
  expect(of('pickupAt')?.shares).toHaveLength(24);
  for (const { shares } of profile) expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
});

test('the index against the live version is 0 for the same data, and large for others', async () => {
  const same = await parquet('same.parquet', TRIPS(400));
  const { profile: live } = await check([same]);
  const unchanged = await check([same], { live });
  for (const input of ['PULocationID', 'trip_distance', 'lpep_pickup_datetime'])
    expect(columnOf(unchanged, input)?.psi).toBeCloseTo(0);
  const further = TRIPS(400).replace('i / 10.0', '50 + i / 10.0');
  const moved = await check([await parquet('moved.parquet', further)], { live });
  expect(columnOf(moved, 'trip_distance')?.psi).toBeGreaterThan(1);
  expect(columnOf(moved, 'PULocationID')?.psi).toBeCloseTo(0);
  expect(columnOf(await check([same]), 'trip_distance')?.psi).toBeUndefined();
});

test('a CSV is read as npm run score reads it: texts of numbers, names of enums, broken rows', async () => {
  const head =
    'Customer_Age,Gender,Dependent_count,Education_Level,Marital_Status,Income_Category,Card_Category,Months_on_book,Total_Relationship_Count,Months_Inactive_12_mon,Contacts_Count_12_mon,Credit_Limit,Total_Revolving_Bal,Total_Trans_Amt,Total_Trans_Ct,Total_Amt_Chng_Q4_Q1,Total_Ct_Chng_Q4_Q1,Attrition_Flag';
  const row = (limit: string, gender: string, flag: string) =>
    `45,${gender},3,High School,Married,$60K - $80K,Blue,39,5,1,3,${limit},777,1144,42,1.335,1.625,${flag}`;
  const rows = [
    row('12691.0', 'M', 'Existing Customer'),
    row('"1,5"', 'FEMALE', 'Attrited Customer'),
    row('1200', 'X', 'Existing Customer'),
    `${row('1200', 'F', 'Attrited Customer')},more`,
  ];
  for (const content of [[head, ...rows].join('\n'), gzipSync([head, ...rows].join('\n'))]) {
    const record = await check([await text('churn.csv', content)], { manifest: churn });
    expect(record).toMatchObject({ usable: true, rowCount: 4 });
    expect(columnOf(record, 'Gender')).toMatchObject({ input: 'gender', type: 'VARCHAR', outside: 1 });
    expect(columnOf(record, 'Credit_Limit')).toMatchObject({ outside: 1 });
    expect(columnOf(record, 'churnProbability')).toMatchObject({ least: '0.0', most: '1.0' });
    expect(problemsOf(record)).toContain('"1,5" has a decimal comma; write 1.5');
    expect(problemsOf(record)).toContain('rows that are left out: 1, such as that of line 5');
    const gender = record.profile.find(({ input }) => input === 'gender');
    expect(gender).toMatchObject({ names: ['FEMALE', 'MALE'], shares: [0.5, 0.5, 0] });
  }
});

test.each<[what: string, make: () => Promise<DataFile[]>, problem: string]>([
  ['an empty file', async () => [await text('empty.parquet', '')], 'empty.parquet is empty'],
  [
    'a text named .parquet',
    async () => [await text('text.parquet', 'a,b\n1,2\n')],
    'text.parquet cannot be read: a Parquet file begins and ends with PAR1',
  ],
  [
    'half a Parquet file',
    async () => [await text('half.parquet', Buffer.from('PAR1\0\0\0garbage\0PAR1'))],
    'half.parquet cannot be read as Parquet',
  ],
  [
    'a Parquet file without rows',
    async () => [await parquet('none.parquet', TRIPS(0))],
    'none.parquet has no rows',
  ],
  ['a CSV with names alone', async () => [await text('names.csv', 'a,b\n')], 'names.csv has no rows'],
  [
    'a column that is missing',
    async () => [await parquet('missing.parquet', `SELECT * EXCLUDE trip_distance FROM (${TRIPS(9)})`)],
    'there is no column tripDistanceMiles or trip_distance',
  ],
  [
    'a column of another type',
    async () => [
      await parquet('type.parquet', `SELECT * REPLACE ([trip_distance] AS trip_distance) FROM (${TRIPS(9)})`),
    ],
    'the column trip_distance is DOUBLE[], which gives no float32 for tripDistanceMiles',
  ],
  [
    'a target that cannot be computed',
    async () => [
      await parquet('target.parquet', `SELECT * EXCLUDE lpep_dropoff_datetime FROM (${TRIPS(9)})`),
    ],
    'the target durationMinutes cannot be computed: the data have no column lpep_dropoff_datetime',
  ],
  [
    'a target of one value',
    async () => [await parquet('one.parquet', TRIPS(9).replace('31 * i + 5 + i % 40', '31 * i + 5'))],
    'the target durationMinutes is the same in all rows, 5.0',
  ],
  [
    'a target without a value',
    async () => [
      await parquet(
        'nulls.parquet',
        `SELECT * REPLACE (NULL::TIMESTAMP AS lpep_dropoff_datetime) FROM (${TRIPS(9)})`,
      ),
    ],
    'training.rows leaves out all 9 rows',
  ],
  [
    'files with different columns',
    async () => [
      await parquet('one.parquet', TRIPS(9)),
      await parquet('more.parquet', TRIPS(9, ', 1 AS fee')),
    ],
    'all files must have the same columns, and more.parquet has fee, which one.parquet has not',
  ],
  [
    'files of two formats',
    async () => [await parquet('one.parquet', TRIPS(9)), await text('b.csv', 'a\n1\n')],
    'all files must have one format, and one.parquet is Parquet and b.csv is CSV',
  ],
])('%s makes a dataset unusable, and the report says why', async (_, make, problem) => {
  const record = await check(await make());
  expect(record.usable).toBe(false);
  expect(problemsOf(record)).toContain(problem);
  expect(problemsOf(record)).not.toMatch(/tidings-|\/tmp/);
});

test('files whose columns have another order or wider types are one table', async () => {
  const turned = `SELECT lpep_dropoff_datetime, lpep_pickup_datetime, trip_distance::DOUBLE AS trip_distance, "DOLocationID"::DOUBLE AS "DOLocationID", "PULocationID"::INTEGER AS "PULocationID" FROM (${TRIPS(30)})`;
  const files = [await parquet('whole.parquet', TRIPS(30)), await parquet('turned.parquet', turned)];
  const record = await check(files);
  expect(record).toMatchObject({ usable: true, rowCount: 60, duplicates: 30 });
  expect(columnOf(record, 'DOLocationID')).toMatchObject({ type: 'DOUBLE', outside: 0 });
});

test('an SQL expression that does not fit a CSV is a problem, with advice', async () => {
  const record = await check([
    await text(
      'trips.csv',
      'PULocationID,DOLocationID,trip_distance,lpep_pickup_datetime,lpep_dropoff_datetime\n1,2,3,2021-01-01 10:00,2021-01-01 10:10\n',
    ),
  ]);
  expect(record.usable).toBe(false);
  expect(problemsOf(record)).toContain('(the cells of a CSV are texts: price::DOUBLE makes a number)');
});

test('dates whose order is unclear are a problem', async () => {
  const manifest = await manifestOf('trip-duration', ({ training }) => ({
    training: { ...training, targets: { durationMinutes: 'minutes::DOUBLE' }, rows: undefined },
  }));
  const head = 'PULocationID,DOLocationID,trip_distance,lpep_pickup_datetime,minutes';
  const unclear = await text('dates.csv', `${head}\n1,2,3,03/02/2021,5\n1,2,3,04/02/2021,7\n`);
  expect(problemsOf(await check([unclear], { manifest }))).toContain(
    'the dates of pickupAt do not tell whether the day or the month comes first, such as "03/02/2021" in row 1. Write them as yyyy-mm-dd',
  );
  const clear = await text('clear.csv', `${head}\n1,2,3,03/02/2021 14:30,5\n1,2,3,14/02/2021 09:00,7\n`);
  const record = await check([clear], { manifest });
  expect(record.usable).toBe(true);
  expect(record.profile.find(({ input }) => input === 'pickupAt')?.shares[14]).toBe(0.5);
});

test('a file in the shared folder is taken if its digest is right', async () => {
  await using shared = await mkdtempDisposable(join(tmpdir(), 'tidings-shared-'));
  const { sha256 } = await parquet('shared.parquet', TRIPS(30));
  await copyInto(shared.path, '2021/january.parquet', join(folder.path, 'shared.parquet'));
  const file = { name: '2021/january.parquet', sha256, bytes: 0, place: DataPlace.Folder };
  const record = await check([file], { datasetsDir: shared.path });
  expect(record).toMatchObject({ usable: true, rowCount: 30 });
  expect(record.files[0]?.bytes).toBeGreaterThan(100);
  const failed = (asked: DataFile, datasetsDir?: string) =>
    expect(check([asked], datasetsDir === undefined ? {} : { datasetsDir })).rejects;
  await failed(file).toThrow('the trainer has no DATASETS_DIR where it could be');
  await failed({ ...file, sha256: 'b'.repeat(64) }, shared.path).toThrow('it was changed');
  await failed({ ...file, name: '../shared.parquet' }, shared.path).toThrow(
    'must be a path below the folder',
  );
  await failed({ ...file, name: 'nowhere.parquet' }, shared.path).toThrow(
    'cannot be read in DATASETS_DIR (ENOENT)',
  );
});

test('a link in DATASETS_DIR may lead to another place in it, and not out of it', async () => {
  await using shared = await mkdtempDisposable(join(tmpdir(), 'tidings-shared-'));
  const { sha256 } = await parquet('outside.parquet', TRIPS(30));
  await copyInto(shared.path, 'inside.parquet', join(folder.path, 'outside.parquet'));
  const checkOf = (name: string) =>
    check([{ name, sha256, bytes: 0, place: DataPlace.Folder }], { datasetsDir: shared.path });
  await symlink('inside.parquet', join(shared.path, 'link.parquet'));
  expect(await checkOf('link.parquet')).toMatchObject({ usable: true, rowCount: 30 });

  await symlink(join(folder.path, 'outside.parquet'), join(shared.path, 'out.parquet'));
  await expect(checkOf('out.parquet')).rejects.toThrow('is a link to a place outside of it');
  await symlink(folder.path, join(shared.path, 'folder'));
  await expect(checkOf('folder/outside.parquet')).rejects.toThrow('is a link to a place outside of it');
  await promisify(execFile)('mkfifo', [join(shared.path, 'pipe.parquet')]);
  await expect(checkOf('pipe.parquet')).rejects.toThrow('must be a file in DATASETS_DIR, and is none');
});

test('an artifact that is gone fails the check, and leaves no verdict', async () => {
  const file = { name: 'gone.parquet', sha256: 'c'.repeat(64), bytes: 5, place: DataPlace.Store };
  await expect(check([file])).rejects.toMatchObject({
    code: 'DATA_UNUSABLE',
    message: expect.stringContaining('is in the store no more: add the dataset again'),
  });
});

test.each<[what: string, make: () => Promise<DataFile>, message: string]>([
  [
    'a CSV of too many columns',
    () => text('wide.csv', `${Array.from({ length: 1_001 }, (_, i) => `c${i}`).join()}\n1\n`),
    'wide.csv must have at most 1000 columns, got 1001',
  ],
  [
    'a Parquet file of too many columns',
    () => parquet('wide.parquet', `SELECT ${Array.from({ length: 1_001 }, (_, i) => `1 AS c${i}`).join()}`),
    'wide.parquet must have at most 1000 columns, got 1001',
  ],
  [
    'a row of too many bytes',
    () => parquet('long.parquet', `SELECT repeat('x', 65 * 1024 * 1024) AS a`),
    'a row must have at most 64 MiB, got 65 MiB',
  ],
])('%s makes a dataset unusable, and the report says the limit', async (_what, make, message) => {
  const record = await check([await make()]);
  expect(record).toMatchObject({ usable: false, rowCount: 0 });
  expect(problemsOf(record)).toContain(message);
});
