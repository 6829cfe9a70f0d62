// @ts-check
/**
 * Loaded into a session's process (`NODE_OPTIONS=--import`): each run takes `RUN_MS` longer, as if the model were that
 * slow. The rest of the process is what is served.
 */
import { InferenceSession } from 'onnxruntime-node';

if (process.argv[1]?.endsWith('sessionChild.ts')) {
  const { prototype } = /** @type {any} */ (InferenceSession);
  const { run } = prototype;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  prototype.run = function (/** @type {any[]} */ ...args) {
    Atomics.wait(pause, 0, 0, Number(process.env.RUN_MS));
    return run.apply(this, args);
  };
}
