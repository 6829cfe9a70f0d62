/**
 * The blobs of clients and of outputs, by owner. Chunks are written several at a time, so a writer holds no more than a few.
 *
 * The same content again replaces its messages by equal ones, which begin their life anew. Nothing is deleted: messages
 * vanish by their age. A blob is written within `PUT_WITHIN_MS`, so its first chunk is older than its end by that at most,
 * and `expiresAt` counts it off. What is left of a write that failed has no end, and vanishes in the same way.
 */
import { type BlobContent, chunkCountOf, readChunk, type StoredBlob } from '../contract/blob.ts';
import { RETRY_LATER_MS, type RequestError, RequestErrorCode, refusedForNow } from '../contract/errors.ts';
import type { Owner } from '../contract/owner.ts';
import { streams, subjects } from '../contract/subjects.ts';
import { readableBytes } from '../process/readableBytes.ts';
import { BlobParts, type BlobPartsOptions, type BlobPlace, type BlobReading, endIn } from './blobParts.ts';
import type { StoredMessages } from './storedMessages.ts';

export interface BlobStoreOptions extends Pick<BlobPartsOptions, 'publisher' | 'connection'> {
  readonly stored: Pick<StoredMessages, 'ask' | 'lastReadable'>;
  /** How long the stream keeps a message, in milliseconds. */
  readonly keptMs: number;
  /** Milliseconds since the epoch, broker time. */
  readonly now: () => number;
}

/** Chunks of one blob that are written at a time: 2 MiB. */
const CHUNKS_AT_ONCE = 4;
const PUT_WITHIN_MS = 120_000;
/** A blob that was stored so recently is not written again. */
const FRESH_MS = 60_000;

export class BlobStore {
  readonly #options: BlobStoreOptions;
  readonly #parts: BlobParts;

  constructor(options: BlobStoreOptions) {
    this.#options = options;
    this.#parts = new BlobParts({ ...options, stream: streams.blobs, full: storeFull });
  }

  /**
   * Stores a blob.
   *
   * @param digest of the content. The caller vouches for it.
   * @returns whether anything was written: the same blob may have been stored a moment ago.
   * @throws {RequestError} `BLOB_STORE_FULL`, `BROKER_UNAVAILABLE`; and what reading the content throws.
   */
  async put(owner: Owner, digest: string, content: BlobContent): Promise<{ readonly isNew: boolean }> {
    const there = await this.find(owner, digest);
    if (there !== undefined && this.#ageOf(there) < FRESH_MS) return { isNew: false };
    await this.#parts.requireRoom(content.bytes);
    const place = placeOf(owner, digest);
    const tooLate = AbortSignal.timeout(PUT_WITHIN_MS);
    await this.#storeChunks(place, content, tooLate);
    await this.#parts.storeEnd(place, content, tooLate);
    return { isNew: true };
  }

  /** @returns undefined if the owner has no such blob. @throws {RequestError} `BROKER_UNAVAILABLE`. */
  find(owner: Owner, digest: string): Promise<StoredBlob | undefined> {
    const { stored, keptMs } = this.#options;
    return stored.lastReadable(streams.blobs, subjects.blobEnd(owner, digest), (message) => {
      const { storedAt, ...end } = endIn(message);
      return { digest, ...end, expiresAt: storedAt + keptMs - PUT_WITHIN_MS };
    });
  }

  /** As `BlobParts.read`. */
  read(
    owner: Owner,
    blob: Pick<StoredBlob, 'digest' | 'bytes'>,
    reading?: BlobReading,
  ): AsyncGenerator<Uint8Array> {
    return this.#parts.read(placeOf(owner, blob.digest), blob, reading);
  }

  /** The bytes of a whole blob. Throws as `read` does. */
  async readAll(owner: Owner, blob: Pick<StoredBlob, 'digest' | 'bytes'>): Promise<Uint8Array<ArrayBuffer>> {
    const whole = new Uint8Array(blob.bytes);
    let at = 0;
    for await (const piece of this.read(owner, blob)) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  /** Resolves or rejects once nothing is written any more: after a failure all writers stop. */
  async #storeChunks(place: BlobPlace, content: BlobContent, tooLate: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([tooLate, failed.signal]);
    const count = chunkCountOf(content.bytes);
    let next = 0;
    const write = async () => {
      try {
        while (next < count && !failed.signal.aborted) {
          const chunk = next++;
          await this.#parts.store(place.chunk(chunk), await readChunk(content, chunk), signal);
        }
      } catch (error) {
        failed.abort(error);
      }
    };
    await Promise.all(Array.from({ length: CHUNKS_AT_ONCE }, write));
    failed.signal.throwIfAborted();
  }

  /** The time since its end was stored, in milliseconds. */
  #ageOf({ expiresAt }: StoredBlob): number {
    const { keptMs, now } = this.#options;
    return now() - (expiresAt - keptMs + PUT_WITHIN_MS);
  }
}

function placeOf(owner: Owner, digest: string): BlobPlace {
  return {
    chunk: (chunk) => subjects.blobChunk(owner, digest, chunk),
    end: subjects.blobEnd(owner, digest),
  };
}

function storeFull(limit?: number): RequestError {
  const size = limit === undefined ? '' : ` (${readableBytes(limit)}, BLOBS_MAX_BYTES)`;
  return refusedForNow(
    RequestErrorCode.BlobStoreFull,
    `The store of blobs has too little room for this one${size}. Try again when others have expired.`,
    { retryAfterMs: RETRY_LATER_MS, ...(limit === undefined ? {} : { limit }) },
  );
}
