/**
 * How long a request may take to arrive, and bytes to be sent. Bodies of operations are small, so one time is enough for
 * them. A blob has more time the larger it is, so that slow lines can store and read large ones, and a client that says
 * or takes nearly nothing is still closed.
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
  return transferMs(Math.min(announced, limit), config);
}

/** The time in which so many bytes have to arrive, or to leave. In milliseconds. */
export function transferMs(bytes: number, { requestTimeoutMs }: Pick<Config, 'requestTimeoutMs'>): number {
  return requestTimeoutMs + Math.ceil((1_000 * bytes) / LEAST_BYTES_A_SECOND);
}

/** The time of the largest blob or artifact. */
export function longestArrivalMs(config: ArrivalConfig): number {
  return transferMs(Math.max(config.blobMaxBytes, config.blobMaxUploadBytes), config);
}
