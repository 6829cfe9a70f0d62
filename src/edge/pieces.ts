/** Sends large answers in pieces, so that a slow client can be told from one that does not read. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const PIECE_BYTES = 64 * 1024;

/** Ends the response. A client that leaves is no error. */
export async function sendInPieces(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  try {
    await pipeline(Readable.from(piecesOf(bytes)), response);
  } catch (error) {
    if (!response.destroyed) throw error;
  }
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
