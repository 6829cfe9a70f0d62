/** The model's answer without Tidings: ONNX Runtime on one row at a time. */
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Trip } from './client.ts';

const MODEL = join(import.meta.dirname, '../../models/trip-duration/1/model.onnx');

export interface DirectModel extends AsyncDisposable {
  /** @returns the minutes of the trip. */
  predict(trip: Trip): Promise<number>;
  /** Runs the trips as one batch. @returns the minutes of each. */
  predictAll(trips: readonly Trip[]): Promise<readonly number[]>;
}

export async function openDirectModel(): Promise<DirectModel> {
  const session = await InferenceSession.create(MODEL, { intraOpNumThreads: 1 });
  const predictAll = async (trips: readonly Trip[]) => {
    const { duration } = await session.run(tripTensors(trips));
    return Array.from(duration?.data as Float32Array);
  };
  return {
    predictAll,
    predict: async (trip) => Number((await predictAll([trip]))[0]),
    [Symbol.asyncDispose]: () => session.release(),
  };
}

/** The inputs of the model for a batch. */
export function tripTensors(trips: readonly Trip[]): Readonly<Record<string, Tensor>> {
  const zones = (zoneOf: (trip: Trip) => number) =>
    new Tensor(
      'int64',
      BigInt64Array.from(trips, (trip) => BigInt(zoneOf(trip))),
      [trips.length],
    );
  return {
    PULocationID: zones(({ pickupLocationId }) => pickupLocationId),
    DOLocationID: zones(({ dropoffLocationId }) => dropoffLocationId),
    trip_distance: new Tensor(
      'float32',
      Float32Array.from(trips, ({ tripDistanceMiles }) => tripDistanceMiles),
      [trips.length],
    ),
  };
}

/** A trip for every number. Tens of thousands of them are different. */
export function tripNumber(i: number): Trip {
  return {
    pickupLocationId: 1 + (i % 265),
    dropoffLocationId: 1 + ((i * 7) % 263),
    tripDistanceMiles: ((i * 37) % 6000) / 100,
  };
}
