/** The rate of ONNX Runtime alone with the trip model: one thread, one run after the other. */
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { tripNumber, tripTensors } from '../../support/predictDirectly.ts';

const MODEL = join(import.meta.dirname, '../../../models/trip-duration/1/model.onnx');

/** @returns the runs per second with this number of rows. */
export async function runRate(rows: number, seconds: number): Promise<number> {
  const session = await InferenceSession.create(MODEL, { intraOpNumThreads: 1 });
  const trips = Array.from({ length: rows }, (_, i) => tripNumber(i));
  let count = 0;
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  for (; performance.now() < until; count++) await session.run(tripTensors(trips));
  const rate = count / ((performance.now() - startedAt) / 1_000);
  await session.release();
  return rate;
}
