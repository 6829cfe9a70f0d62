/** The thread that times an open loop: when an arrival is due, it posts the instant at which it was due. */
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
  // This sleep is exact to a small fraction of a millisecond. Timers are not.
  Atomics.wait(never, 0, 0, Math.max(0, dueMs - clockMs()));
  parentPort?.postMessage(dueMs);
}
