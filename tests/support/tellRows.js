// @ts-check
/** Loaded into a session's process (`NODE_OPTIONS=--import`): writes the number of rows of each run to stderr. */
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
