/**
 * Blobs: large bytes in a store of their own, beside the messages that name them. A blob is named by the SHA-256 of its
 * content. It is stored in chunks, and is there once its end is stored. The blobs of clients belong to an owner and expire;
 * those of operators are artifacts, and stay until they are removed.
 */

import { hash } from 'node:crypto';

/** Every chunk but the last has so many bytes. With its headers it fits into a message of any broker (1 MiB). */
export const BLOB_CHUNK_BYTES = 512 * 1024;

/** The type of bytes of which nothing else is known. */
export const UNKNOWN_MEDIA_TYPE = 'application/octet-stream';

const DIGEST = /^[0-9a-f]{64}$/;

/** Whether a text has the form of a blob's name: 64 hex digits. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** The bytes of a blob, wherever they are before they are stored. */
export interface BlobContent {
  readonly bytes: number;
  readonly mediaType: string;
  /** @returns the bytes from one place up to another, the latter not included. */
  read(from: number, to: number): Promise<Uint8Array> | Uint8Array;
}

/** Bytes in memory as a blob. */
export function blobOf(
  bytes: Uint8Array,
  mediaType: string = UNKNOWN_MEDIA_TYPE,
): { readonly digest: string; readonly content: BlobContent } {
  const read = (from: number, to: number) => bytes.subarray(from, to);
  return { digest: hash('sha256', bytes, 'hex'), content: { bytes: bytes.length, mediaType, read } };
}

/** A blob that is stored. */
export interface StoredBlob {
  /** Hex SHA-256. */
  readonly digest: string;
  readonly bytes: number;
  readonly mediaType: string;
  /** It is there until then at least: milliseconds since the epoch, broker time. */
  readonly expiresAt: number;
}

export function chunkCountOf(bytes: number): number {
  return Math.ceil(bytes / BLOB_CHUNK_BYTES);
}

/** The end of a blob, and what a message takes beside its content. */
const OVERHEAD_BYTES = 1_024;

/** What a blob takes in a store at most. */
export function storedBytesOf(bytes: number): number {
  return bytes + (1 + chunkCountOf(bytes)) * OVERHEAD_BYTES;
}

/** The bytes of one chunk. */
export function readChunk(content: BlobContent, chunk: number): Promise<Uint8Array> | Uint8Array {
  const from = chunk * BLOB_CHUNK_BYTES;
  return content.read(from, Math.min(from + BLOB_CHUNK_BYTES, content.bytes));
}

/** Bytes that a client may read in parts: a blob, or the output of a task. */
export interface ReadableBytes extends Pick<StoredBlob, 'bytes' | 'mediaType' | 'expiresAt'> {
  /** Other bytes have another one. */
  readonly etag: string;
  /** @param to not included. */
  read(from: number, to: number): AsyncIterable<Uint8Array>;
}
