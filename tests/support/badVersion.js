// @ts-check
/**
 * Loaded into a worker (`NODE_OPTIONS=--import`): in sessions of version `BAD_VERSION`, trips of certain distances have
 * the effects of bad inputs on real models. Other versions run them normally.
 */
import { sep } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { fileToLoad } from './sessionRequests.js';

/** In miles. */
export const DEADLY_MILES = 666;
export const ENDLESS_MILES = 667;
export const REFUSED_MILES = 668;

if (process.argv[1]?.endsWith('sessionChild.ts')) {
  const { create } = InferenceSession;
  InferenceSession.create = async (/** @type {any[]} */ ...args) => {
    const session = await /** @type {any} */ (create).apply(InferenceSession, args);
    if (
      !fileToLoad()
        .split(sep)
        .includes(process.env.BAD_VERSION ?? '')
    )
      return session;
    const run = session.run.bind(session);
    session.run = async (/** @type {any} */ feeds, /** @type {any} */ ...options) => {
      const miles = new Set(feeds.trip_distance.data);
      if (miles.has(DEADLY_MILES)) process.kill(process.pid, 'SIGKILL');
      // For ever, and without the CPU of a loop.
      if (miles.has(ENDLESS_MILES)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      if (miles.has(REFUSED_MILES)) throw new Error('no such miles');
      return run(feeds, ...options);
    };
    return session;
  };
}
