/** The rate of ONNX Runtime alone with the trip model: one thread, one run after the other. */
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { tripNumber } from '../../support/predictDirectly.ts';

const MODEL = join(import.meta.dirname, '../../../models/trip-duration/1/model.onnx');

/** @returns the runs per second with this number of rows. */
export async function runRate(rows: number, seconds: number): Promise<number> {
  const session = await InferenceSession.create(MODEL, { intraOpNumThreads: 1 });
  const trips = Array.from({ length: rows }, (_, i) => tripNumber(i));
  const zones = (values: readonly number[]) => BigInt64Array.from(values, BigInt);
  const feeds = () => ({
    PULocationID: new Tensor('int64', zones(trips.map(({ pickupLocationId: zone }) => zone)), [rows]),
    DOLocationID: new Tensor('int64', zones(trips.map(({ dropoffLocationId: zone }) => zone)), [rows]),
    trip_distance: new Tensor(
      'float32',
      Float32Array.from(trips, ({ tripDistanceMiles }) => tripDistanceMiles),
      [rows],
    ),
  });
  let count = 0;
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  for (; performance.now() < until; count++) await session.run(feeds());
  const rate = count / ((performance.now() - startedAt) / 1_000);
  await session.release();
  return rate;
}
