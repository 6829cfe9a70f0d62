/** Every version under models/, loaded and checked as a worker does before it serves the version. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkVersion } from '../../src/cli/model/check.ts';
import { runRows } from '../../src/cli/model/trial.ts';
import type { Value, Values } from '../../src/contract/values.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { validateInput } from '../../src/models/input.ts';
import { modelDigestOf } from '../../src/models/versionFiles.ts';
import { Inspection } from '../../workers/runtimes/inspection.ts';
import { MODELS, SILENT } from '../support/models.ts';

using catalog = await Catalog.open(MODELS, SILENT);
const versions = catalog.models.flatMap(({ manifest, versions }) =>
  versions.map((record) => ({ ...record, manifest, name: `${manifest.name}/${record.version}` })),
);

test('there are six models, and trip-duration has three versions', () => {
  expect(versions.map(({ name }) => name)).toEqual([
    'churn/1',
    'digits/1',
    'housing/1',
    'language/1',
    'spikes/1',
    'trip-duration/1',
    'trip-duration/2',
    'trip-duration/3',
  ]);
});

describe.each(versions)('$name', ({ manifest, version, folder, ...record }) => {
  test('has the digest in its version.json, and less than 2 MB', async () => {
    const file = join(folder, 'model.onnx');
    const bytes = await readFile(file);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(modelDigestOf(record));
    expect(bytes.byteLength).toBeLessThan(2_000_000);
  });

  test('matches its manifest and answers its golden rows, alone and in full batches', async () => {
    const report = await checkVersion({
      manifest,
      version,
      folder,
      threads: 1,
      executionProviders: ['cpu'],
      maxMib: 0,
    });
    expect(report.problem).toBeUndefined();
    expect(report.golden?.rows).toBeGreaterThanOrEqual(20);
  });
});

test.each([
  { version: 'trip-duration/2', data: 'green_tripdata_2021-02.parquet', name: 'RMSE', atMost: 5.5 },
  { version: 'trip-duration/2', data: 'green_tripdata_2021-02.parquet', name: 'MAE', atMost: 3.52 },
  { version: 'trip-duration/3', data: 'green_tripdata_2023-02.parquet', name: 'RMSE', atMost: 4.5 },
  {
    version: 'housing/1',
    data: 'boston_housing.csv, validation rows',
    name: 'RMSE of priceThousandsUsd',
    atMost: 3.87,
  },
  {
    version: 'housing/1',
    data: 'boston_housing.csv, validation rows',
    name: 'RMSE of pupilTeacherRatio',
    atMost: 1.82,
  },
])('$version has a $name of at most $atMost on $data', ({ version, data, name, atMost }) => {
  expect(metricOf(version, data, name)).toBeLessThanOrEqual(atMost);
});

test.each([
  { version: 'churn/1', data: 'BankChurners.csv, test rows', name: 'ROC-AUC', atLeast: 0.99 },
  { version: 'digits/1', data: 'digits.csv.gz, test rows', name: 'accuracy, dark on light', atLeast: 0.97 },
  {
    version: 'language/1',
    data: 'django-5.2.17-py3-none-any.whl, test texts of 25 characters or more',
    name: 'accuracy',
    atLeast: 0.98,
  },
  { version: 'spikes/1', data: 'plan.json, test series', name: 'spikes that are found', atLeast: 0.98 },
])('$version has a $name of at least $atLeast on $data', ({ version, data, name, atLeast }) => {
  expect(metricOf(version, data, name)).toBeGreaterThanOrEqual(atLeast);
});

describe.each(['2', '3'])('the clock of trip-duration/%s', (version) => {
  test('gives other minutes for the rush hour than for the night, and for Sunday than for Monday', async () => {
    const [night, rush] = await predictTrips(version, '2021-02-03T04:00:00', '2021-02-03T17:00:00');
    expect(Number(rush)).toBeGreaterThan(Number(night) + 1);
    const [sunday, monday] = await predictTrips(version, '2021-02-07T08:30:00', '2021-02-08T08:30:00');
    expect(Number(monday)).toBeGreaterThan(Number(sunday) + 1);
  });

  test('follows the daylight saving time of New York', async () => {
    const instants = [
      '2021-03-14T06:59:59Z',
      '2021-03-14T07:00:00Z',
      '2021-11-07T05:30:00Z',
      '2021-11-07T06:30:00Z',
    ];
    // In spring the clock goes from 1:59:59 to 3:00:00. In autumn it shows 1:30 twice, an hour apart.
    const readings = [
      '2021-03-14T01:59:59',
      '2021-03-14T03:00:00',
      '2021-11-07T01:30:00',
      '2021-11-07T01:30:00',
    ];
    const answers = await predictTrips(version, ...instants);
    expect(answers).toEqual(await predictTrips(version, ...readings));
    expect(answers[0]).not.toBe(answers[1]);
    expect(answers[2]).toBe(answers[3]);
  });
});

test('trip-duration/1 gives the same answer at all times of day', async () => {
  const [night, rush] = await predictTrips('1', '2021-02-03T04:00:00', '2021-02-03T17:00:00');
  expect(rush).toBe(night);
});

function metricOf(version: string, data: string, name: string): number | undefined {
  return find(version).metrics.find((metric) => metric.data === data && metric.name === name)?.value;
}

/** The predicted minutes of one trip across Manhattan, for each of these pickup times. */
async function predictTrips(version: string, ...times: readonly string[]): Promise<(Value | undefined)[]> {
  const { manifest, folder, sha256 } = find(`trip-duration/${version}`);
  const trip = { pickupLocationId: 74, dropoffLocationId: 231, tripDistanceMiles: 8.2 };
  const rows = times.map((pickupAt) => validateInput(manifest, { ...trip, pickupAt }, 0));
  await using inspection = new Inspection();
  const file = join(folder, 'model.onnx');
  await inspection.load({ file, sha256, beside: [], manifest, executionProviders: ['cpu'], threads: 1 });
  const { predictions } = await runRows(inspection, manifest, rows);
  return predictions.map((prediction) => (prediction as Values).durationMinutes);
}

function find(name: string) {
  const version = versions.find((candidate) => candidate.name === name);
  if (version === undefined) throw new Error(`${name} must be under models/`);
  return version;
}
