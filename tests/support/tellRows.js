// @ts-check
/** Loaded into a session's process (`NODE_OPTIONS=--import`): writes to its standard error how many rows each run has. */
import { InferenceSession } from 'onnxruntime-node';

if (process.argv[1]?.endsWith('sessionChild.ts')) {
  const { prototype } = /** @type {any} */ (InferenceSession);
  const { run } = prototype;
  prototype.run = function (/** @type {any[]} */ ...args) {
    const [first] = Object.values(args[0]);
    process.stderr.write(`rows: ${first.dims[0]}\n`);
    return run.apply(this, args);
  };
}
