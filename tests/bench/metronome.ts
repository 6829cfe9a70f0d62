/** The thread that keeps the time of an open loop: it posts each arrival, as the instant it was due, when it is due. */
import { parentPort, workerData } from 'node:worker_threads';
import { seededRandom } from '../support/random.ts';
import { clockMs } from './load.ts';
import { poissonInstants } from './numbers.ts';

const SEED = 1;

const { perSecond } = workerData as { readonly perSecond: number };
const never = new Int32Array(new SharedArrayBuffer(4));
const startedAt = clockMs();
for (const instantMs of poissonInstants(perSecond, seededRandom(SEED))) {
  const dueMs = startedAt + instantMs;
  // Sleeps to a small part of a millisecond, which no timer does.
  Atomics.wait(never, 0, 0, Math.max(0, dueMs - clockMs()));
  parentPort?.postMessage(dueMs);
}
