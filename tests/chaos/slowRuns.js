// @ts-check
/**
 * Loaded into a session's process (`NODE_OPTIONS=--import`): every run takes SLOW_RUN_MS more, so that workers hold
 * jobs for long and a kill meets them in the middle of something.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { InferenceSession } from 'onnxruntime-node';

if (process.argv[1]?.endsWith('sessionChild.ts')) {
  const { prototype } = /** @type {any} */ (InferenceSession);
  const { run } = prototype;
  prototype.run = async function (/** @type {any[]} */ ...args) {
    await sleep(Number(process.env.SLOW_RUN_MS));
    return run.apply(this, args);
  };
}
