// @ts-check
/**
 * Loaded into a session's process (`NODE_OPTIONS=--import`): just before ONNX Runtime gets a model, the file from
 * which it was read is replaced by `SWAP_FOR`.
 */
import { copyFileSync } from 'node:fs';
import { InferenceSession } from 'onnxruntime-node';
import { fileToLoad } from './sessionRequests.js';

if (process.argv[1]?.endsWith('sessionChild.ts')) {
  const { create } = InferenceSession;
  InferenceSession.create = async (/** @type {any[]} */ ...args) => {
    copyFileSync(process.env.SWAP_FOR ?? '', fileToLoad());
    return /** @type {any} */ (create).apply(InferenceSession, args);
  };
}
