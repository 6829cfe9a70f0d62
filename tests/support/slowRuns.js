// @ts-check
/**
 * Loaded into a session's process (`NODE_OPTIONS=--import`): each run takes `RUN_MS` longer, as if the model were that
 * slow. The rest of the process is the real code. The runs of a session's check are not slower, so that a worker starts
 * as fast as usual.
 */
import { InferenceSession } from 'onnxruntime-node';
import { isLastOfCheck } from './sessionRequests.js';

if (process.argv[1]?.endsWith('sessionChild.ts')) {
  const { prototype } = /** @type {any} */ (InferenceSession);
  const { run } = prototype;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const checked = new WeakSet();
  prototype.run = function (/** @type {any[]} */ ...args) {
    if (checked.has(this)) Atomics.wait(pause, 0, 0, Number(process.env.RUN_MS));
    else if (isLastOfCheck()) checked.add(this);
    return run.apply(this, args);
  };
}
