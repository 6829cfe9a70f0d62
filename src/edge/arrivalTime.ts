/**
 * How long a request may take to arrive. Bodies of operations are small, so one time is enough for them. A blob has more
 * time the larger it is, so that slow lines can store large ones, and a client that says nothing is still closed.
 */
import type { IncomingMessage } from 'node:http';
import type { Config } from '../process/config.ts';
import { limitOfUpload } from './bytePaths.ts';
import { pathOf } from './target.ts';

export type ArrivalConfig = Pick<Config, 'requestTimeoutMs' | 'blobMaxBytes' | 'blobMaxUploadBytes'>;
type Request = Pick<IncomingMessage, 'method' | 'url' | 'headers'>;

/** The slowest line, in bytes a second: half a megabit. */
const LEAST_BYTES_A_SECOND = 64 * 1024;

/** In milliseconds, from the end of its headers. */
export function arrivalMs({ method, url, headers }: Request, config: ArrivalConfig): number {
  const limit = method === 'PUT' ? limitOfUpload(pathOf({ url }), config) : 0;
  const announced = Number(headers['content-length'] ?? limit);
  return config.requestTimeoutMs + blobMs(Math.min(announced, limit));
}

/** The time of the largest blob or artifact. */
export function longestArrivalMs({ requestTimeoutMs, ...limits }: ArrivalConfig): number {
  return requestTimeoutMs + blobMs(Math.max(limits.blobMaxBytes, limits.blobMaxUploadBytes));
}

function blobMs(bytes: number): number {
  return Math.ceil((1_000 * bytes) / LEAST_BYTES_A_SECOND);
}
