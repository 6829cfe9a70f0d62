// @ts-check
/**
 * Loaded into a session's process (`NODE_OPTIONS=--import`): trips of certain distances really have the effects of bad
 * inputs on real models. The rest of the process is the real code.
 */
import { InferenceSession } from 'onnxruntime-node';

/** In miles. */
export const DEADLY_MILES = 666;
export const ENDLESS_MILES = 667;
export const REFUSED_MILES = 668;
export const NAN_MILES = 669;

if (process.argv[1]?.endsWith('sessionChild.ts')) {
  const { prototype } = /** @type {any} */ (InferenceSession);
  const { run } = prototype;
  prototype.run = async function (/** @type {any} */ feeds, /** @type {any} */ ...rest) {
    const miles = new Set(feeds.trip_distance.data);
    if (miles.has(DEADLY_MILES)) process.kill(process.pid, 'SIGKILL');
    // For ever, and without the CPU of a loop.
    if (miles.has(ENDLESS_MILES)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    if (miles.has(REFUSED_MILES)) throw new Error('no such miles');
    const results = await run.call(this, feeds, ...rest);
    for (const [i, value] of [...feeds.trip_distance.data].entries()) {
      if (value === NAN_MILES) results.duration.data[i] = Number.NaN;
    }
    return results;
  };
}
