// @ts-check
/**
 * Loaded into a session's process (`NODE_OPTIONS=--import`): each run takes `RUN_MS` longer, as if the model were that
 * slow. The rest of the process is the real code. The runs of the first check, of each golden row and of a full batch,
 * are not slower, so that a worker starts as fast as usual.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { fileToLoad } from './sessionFile.js';

if (process.argv[1]?.endsWith('sessionChild.ts')) {
  const { create } = InferenceSession;
  const { prototype } = /** @type {any} */ (InferenceSession);
  const { run } = prototype;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let checksLeft = 0;
  InferenceSession.create = async function (/** @type {any[]} */ ...args) {
    const { rows } = JSON.parse(await readFile(join(dirname(fileToLoad()), 'golden.json'), 'utf8'));
    checksLeft = rows.length + 1;
    return /** @type {any} */ (create).apply(this, args);
  };
  prototype.run = function (/** @type {any[]} */ ...args) {
    if (checksLeft > 0) checksLeft--;
    else Atomics.wait(pause, 0, 0, Number(process.env.RUN_MS));
    return run.apply(this, args);
  };
}
