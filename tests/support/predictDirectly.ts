/** The model's answer without Tidings: ONNX Runtime on one row at a time. */
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Trip } from './client.ts';

const MODEL = join(import.meta.dirname, '../../models/trip-duration/1/model.onnx');

export interface DirectModel extends AsyncDisposable {
  /** @returns the minutes of the trip. */
  predict(trip: Trip): Promise<number>;
}

export async function openDirectModel(): Promise<DirectModel> {
  const session = await InferenceSession.create(MODEL, { intraOpNumThreads: 1 });
  return {
    async predict({ pickupLocationId, dropoffLocationId, tripDistanceMiles }) {
      const { duration } = await session.run({
        PULocationID: new Tensor('int64', [BigInt(pickupLocationId)], [1]),
        DOLocationID: new Tensor('int64', [BigInt(dropoffLocationId)], [1]),
        trip_distance: new Tensor('float32', [tripDistanceMiles], [1]),
      });
      return Number(duration?.data[0]);
    },
    [Symbol.asyncDispose]: () => session.release(),
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
