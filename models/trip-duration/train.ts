/**
 * The recipe of `trip-duration`, version 1: minutes of a New York green-taxi trip from its two zones and its distance.
 *
 * A ridge regression with one weight for each pair of zones and one for the distance. It is solved in
 * closed form, so the data has one right answer, to the digit. The model card (README.md) has the figures.
 */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { encodeModel } from '../../src/cli/train/onnx.ts';
import { DataError, type Metric, type Recipe } from '../../src/cli/train/recipe.ts';
import { loadDuckDb } from '../../src/data/duckdb.ts';
import { type Row, type Solution, solveRidge } from './ridge.ts';

const ALPHA = 1;
/** Zones are numbered 1 to 265. The table has a row and a column 0 too, so that a zone is its own index. */
const MAX_ZONE = 265;
const TABLE_SIZE = MAX_ZONE + 1;
/** Meters report up to 300,000 miles; unclipped, those few rows flatten the slope and cost 0.8 minutes of RMSE. */
const MAX_MILES = 50;
const EVALUATION_BATCH = 4096;

/** Pickup zone, drop-off zone and miles of trips whose prediction shows one thing each. */
const GOLDEN_TRIPS = [
  [74, 75, 1.44], // this row and the next four: the sample predictions in the model card
  [43, 151, 1.01],
  [166, 239, 2.53],
  [130, 205, 4],
  [265, 1, 10],
  [1, 1, 2], // the edges of the table
  [1, 265, 2],
  [265, 265, 2],
  [104, 105, 2], // two islands without a road: a pair that no month has seen
  [74, 75, 0], // no distance, the last mile that counts, a mile beyond it, the manifest's limit
  [74, 75, 50],
  [74, 75, 75],
  [74, 75, 1000],
] as const;

/** The manifest asks for a time. This recipe does not know of it: any is as good. */
const GOLDEN_PICKUP_AT = '2021-02-03T14:30:00';

// Months differ in their physical types (int64 or int32 zones), so every column is cast.
const READ_TRIPS = `
  SELECT CAST(PULocationID AS DOUBLE) AS pickup,
         CAST(DOLocationID AS DOUBLE) AS dropoff,
         CAST(trip_distance AS DOUBLE) AS miles,
         date_diff('microsecond', CAST(lpep_pickup_datetime AS TIMESTAMP),
                                  CAST(lpep_dropoff_datetime AS TIMESTAMP)) / 60e6 AS duration
  FROM read_parquet($path)
  WHERE duration BETWEEN 1 AND 60`;

/** What version 1 sees of a trip, by the names of the manifest's inputs. */
export type Trip = {
  readonly pickupLocationId: number;
  readonly dropoffLocationId: number;
  readonly tripDistanceMiles: number;
};
export type FinishedTrip = Trip & { readonly durationMinutes: number };

export const train: Recipe = async (files, report) => {
  const trips: FinishedTrip[] = [];
  for (const file of files.train) {
    const month = await readTrips(file);
    for (const trip of month) trips.push(trip);
    report(`read ${basename(file)}: ${month.length} trips of 1 to 60 minutes`);
  }

  const solution = solveRidge(trips.map(toRow), ALPHA);
  const { intercept, slope, weights } = solution;
  report(`solved ${weights.size} pairs: slope ${slope.toFixed(8)}, intercept ${intercept.toFixed(8)}`);

  const model = encodeSolution(solution);
  const metrics: Metric[] = [];
  for (const file of [...files.train, ...files.validate, ...files.holdout]) {
    const month = await readTrips(file);
    const data = basename(file);
    const { rmse, mae } = measureErrors(month, await predict(model, month));
    metrics.push({ data, name: 'RMSE', unit: 'minutes', value: rmse });
    metrics.push({ data, name: 'MAE', unit: 'minutes', value: mae });
    report(`evaluated ${data}: ${month.length} trips of 1 to 60 minutes`);
  }

  const rows = chooseGoldenTrips(trips).map((input) => {
    const durationMinutes = Number(applySolution(solution, input).toFixed(9));
    return { input: { ...input, pickupAt: GOLDEN_PICKUP_AT }, output: { durationMinutes } };
  });
  return { model, metrics, golden: { tolerance: 1e-4, rows } };
};

/**
 * Reads the trips of one TLC month that took 1 to 60 minutes, in the file's order.
 *
 * @throws {DataError} if the file is missing or no such month, or a trip has an impossible zone or distance.
 */
async function readTrips(file: string): Promise<FinishedTrip[]> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) {
    throw new DataError(
      `${file}: expected a Parquet file, got ${found ? 'a folder' : 'nothing by that name'}`,
    );
  }
  const { DuckDBInstance } = await loadDuckDb('the recipe of trip-duration');
  const database = await DuckDBInstance.create(':memory:');
  const connection = await database.connect();
  try {
    // read_parquet expands patterns; in brackets, a character that means something in them stands for itself.
    const path = file.replace(/[*?[]/g, '[$&]');
    const reader = await connection.runAndReadAll(READ_TRIPS, { path });
    const trips = reader.getRowObjectsJS().map(parseTrip);
    if (trips.length === 0) throw new Error('no trip of 1 to 60 minutes');
    return trips;
  } catch (error) {
    // DuckDB adds the line of SQL after its reason; the reason alone names the column or the byte.
    const [reason = ''] = String(error)
      .replace(/^Error: /, '')
      .split('\n\nLINE');
    throw new DataError(
      `${file}: expected a month of TLC green-taxi trips, got: ${reason.replace(/\s+/g, ' ')}`,
      {
        cause: error,
      },
    );
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}

function parseTrip(row: Readonly<Record<string, unknown>>): FinishedTrip {
  const { pickup, dropoff, miles, duration } = row;
  if (!isZone(pickup) || !isZone(dropoff) || !Number.isFinite(miles)) {
    const trip = `a trip of ${miles} miles from zone ${pickup} to zone ${dropoff}`;
    throw new Error(`${trip}, where zones are 1 to ${MAX_ZONE} and miles a number`);
  }
  return {
    pickupLocationId: Number(pickup),
    dropoffLocationId: Number(dropoff),
    tripDistanceMiles: Number(miles),
    durationMinutes: Number(duration),
  };
}

function isZone(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_ZONE;
}

function pairOf(trip: Trip): number {
  return trip.pickupLocationId * TABLE_SIZE + trip.dropoffLocationId;
}

function clipMiles(miles: number): number {
  return Math.min(Math.max(miles, 0), MAX_MILES);
}

function toRow(trip: FinishedTrip): Row {
  return { category: pairOf(trip), x: clipMiles(trip.tripDistanceMiles), y: trip.durationMinutes };
}

/** The solution's own minutes for a trip, in float64: what the float32 graph has to meet. */
function applySolution({ intercept, slope, weights }: Solution, trip: Trip): number {
  return intercept + slope * clipMiles(trip.tripDistanceMiles) + (weights.get(pairOf(trip)) ?? 0);
}

/** The solution as an ONNX model: duration = table[pickup, dropoff] + slope · clip(distance, 0, 50). */
function encodeSolution({ intercept, slope, weights }: Solution): Uint8Array {
  // The intercept is folded into every cell, so a pair that was never seen needs no case of its own.
  const table = new Float32Array(TABLE_SIZE * TABLE_SIZE).fill(intercept);
  for (const [pair, weight] of weights) table[pair] = intercept + weight;
  return encodeModel({
    name: 'trip-duration',
    description:
      'Minutes of a New York green-taxi trip, from its two TLC taxi zones and its distance in miles.',
    inputs: [
      {
        name: 'PULocationID',
        type: 'int64',
        shape: ['N'],
        description: 'TLC taxi zone of the pickup, 1 to 265',
      },
      {
        name: 'DOLocationID',
        type: 'int64',
        shape: ['N'],
        description: 'TLC taxi zone of the drop-off, 1 to 265',
      },
      { name: 'trip_distance', type: 'float32', shape: ['N'], description: 'miles, clipped to 0 to 50' },
    ],
    constants: [
      { name: 'table', shape: [TABLE_SIZE, TABLE_SIZE], values: table },
      { name: 'slope', shape: [], values: Float32Array.of(slope) },
      { name: 'min_miles', shape: [], values: Float32Array.of(0) },
      { name: 'max_miles', shape: [], values: Float32Array.of(MAX_MILES) },
      { name: 'last_axis', shape: [1], values: BigInt64Array.of(1n) },
    ],
    // The pair stays two indices: one flat index runs on silently into another zone's row.
    operators: [
      { type: 'Unsqueeze', inputs: ['PULocationID', 'last_axis'], output: 'pickup' },
      { type: 'Unsqueeze', inputs: ['DOLocationID', 'last_axis'], output: 'dropoff' },
      { type: 'Concat', inputs: ['pickup', 'dropoff'], output: 'pair', attributes: { axis: 1 } },
      { type: 'GatherND', inputs: ['table', 'pair'], output: 'pair_minutes' },
      { type: 'Clip', inputs: ['trip_distance', 'min_miles', 'max_miles'], output: 'miles' },
      { type: 'Mul', inputs: ['miles', 'slope'], output: 'distance_minutes' },
      { type: 'Add', inputs: ['pair_minutes', 'distance_minutes'], output: 'duration' },
    ],
    outputs: [{ name: 'duration', type: 'float32', shape: ['N'], description: 'minutes' }],
  });
}

/** Predicts the minutes of each trip with ONNX Runtime, in the order of `trips`. */
export async function predict(model: Uint8Array, trips: readonly Trip[]): Promise<number[]> {
  const session = await InferenceSession.create(model);
  const minutes: number[] = [];
  try {
    for (let start = 0; start < trips.length; start += EVALUATION_BATCH) {
      const batch = trips.slice(start, start + EVALUATION_BATCH);
      const { duration } = await session.run({
        PULocationID: new Tensor(BigInt64Array.from(batch, (trip) => BigInt(trip.pickupLocationId))),
        DOLocationID: new Tensor(BigInt64Array.from(batch, (trip) => BigInt(trip.dropoffLocationId))),
        trip_distance: new Tensor(Float32Array.from(batch, (trip) => trip.tripDistanceMiles)),
      });
      for (const value of duration?.data ?? []) minutes.push(Number(value));
    }
  } finally {
    await session.release();
  }
  return minutes;
}

/** Root mean square error and mean absolute error, in minutes to four digits. */
function measureErrors(trips: readonly FinishedTrip[], predictions: readonly number[]) {
  let [squares, absolutes] = [0, 0];
  for (const [index, trip] of trips.entries()) {
    const error = (predictions[index] ?? Number.NaN) - trip.durationMinutes;
    squares += error * error;
    absolutes += Math.abs(error);
  }
  const fourDigits = (value: number) => Number(value.toFixed(4));
  return { rmse: fourDigits(Math.sqrt(squares / trips.length)), mae: fourDigits(absolutes / trips.length) };
}

/** The trips that every load of the version is checked with: edges, and the commonest pairs of zones. */
function chooseGoldenTrips(trips: readonly Trip[]): Trip[] {
  const pairs = [...Map.groupBy(trips, pairOf).values()].sort((a, b) => b.length - a.length);
  const commonest = pairs.slice(0, 8).flatMap((samePair) => samePair.slice(0, 1));
  return [
    ...GOLDEN_TRIPS.map(([pickup, dropoff, miles]) => makeTrip(pickup, dropoff, miles)),
    ...commonest.map((trip) => makeTrip(trip.pickupLocationId, trip.dropoffLocationId, 2)),
  ];
}

function makeTrip(pickupLocationId: number, dropoffLocationId: number, tripDistanceMiles: number): Trip {
  return { pickupLocationId, dropoffLocationId, tripDistanceMiles };
}
