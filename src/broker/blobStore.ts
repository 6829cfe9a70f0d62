/**
 * The store of blobs: one message for each chunk, and one for the end. Chunks are written several at a time and read in
 * the same way, so neither side holds more than a few of them.
 *
 * The same content again replaces its messages by equal ones, which begin their life anew. Nothing is deleted: messages
 * vanish by their age. A blob is written within `PUT_WITHIN_MS`, so its first chunk is older than its end by that at most,
 * and `expiresAt` counts it off. What is left of a write that failed has no end, and vanishes in the same way.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { BLOB_CHUNK_BYTES, type BlobContent, chunkCountOf, type StoredBlob } from '../contract/blob.ts';
import { brokerUnavailable, RETRY_LATER_MS, RequestErrorCode, refusedForNow } from '../contract/errors.ts';
import { decodeBlobEnd } from '../contract/messages/blobEnd.ts';
import { encodeMessage, MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { Owner } from '../contract/owner.ts';
import { streams, subjects } from '../contract/subjects.ts';
import { readableBytes } from '../process/readableBytes.ts';
import type { Publisher } from './publisher.ts';
import type { StoredMessages } from './storedMessages.ts';

export interface BlobStoreOptions {
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly stored: Pick<StoredMessages, 'ask' | 'lastReadable'>;
  readonly connection: Pick<NatsConnection, 'request'>;
  /** How long the stream keeps a message, in milliseconds. */
  readonly keptMs: number;
  /** Milliseconds since the epoch, broker time. */
  readonly now: () => number;
}

/** What the broker answers to a read. */
interface StoredAnswer {
  /** `data` is base64. */
  readonly message?: { readonly data?: unknown };
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

/** Thrown if a blob, or a part of it, is not there or is another content than its name says. */
export class BlobGone extends Error {}

/** Chunks of one blob that are written, or read ahead, at a time: 2 MiB. */
const CHUNKS_AT_ONCE = 4;
const READ = `$JS.API.STREAM.MSG.GET.${streams.blobs}`;
const READ_TIMEOUT_MS = 5_000;
const NO_MESSAGE = 10_037;
const PUT_WITHIN_MS = 120_000;
const RETRY_MS = 200;
/** A blob that was stored so recently is not written again. */
const FRESH_MS = 60_000;
/** The end of a blob, and what a message takes beside its content. */
const OVERHEAD_BYTES = 1_024;

export class BlobStore {
  readonly #options: BlobStoreOptions;

  constructor(options: BlobStoreOptions) {
    this.#options = options;
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
    await this.#requireRoom(content.bytes);
    const giveUpAt = performance.now() + PUT_WITHIN_MS;
    const count = chunkCountOf(content.bytes);
    let next = 0;
    const write = async () => {
      while (next < count) {
        const from = next * BLOB_CHUNK_BYTES;
        const subject = subjects.blobChunk(owner, digest, next++);
        const bytes = await content.read(from, Math.min(from + BLOB_CHUNK_BYTES, content.bytes));
        await this.#store(subject, bytes, giveUpAt);
      }
    };
    try {
      await Promise.all(Array.from({ length: CHUNKS_AT_ONCE }, write));
    } finally {
      // After a failure the others stop, too.
      next = count;
    }
    const end = { v: MESSAGE_VERSION, bytes: content.bytes, mediaType: content.mediaType };
    await this.#store(subjects.blobEnd(owner, digest), encodeMessage(end), giveUpAt);
    return { isNew: true };
  }

  /** @returns undefined if the owner has no such blob. @throws {RequestError} `BROKER_UNAVAILABLE`. */
  find(owner: Owner, digest: string): Promise<StoredBlob | undefined> {
    const { stored, keptMs } = this.#options;
    return stored.lastReadable(streams.blobs, subjects.blobEnd(owner, digest), ({ data, timestamp }) => {
      const { bytes, mediaType } = decodeBlobEnd(data);
      return { digest, bytes, mediaType, expiresAt: Date.parse(timestamp) + keptMs - PUT_WITHIN_MS };
    });
  }

  /**
   * Reads a blob, or a part of it, in pieces of a chunk at most. Of a whole blob the last piece comes only if the digest
   * is right.
   *
   * @param to not included.
   * @throws {BlobGone} also after some pieces. @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async *read(
    owner: Owner,
    { digest, bytes }: Pick<StoredBlob, 'digest' | 'bytes'>,
    from = 0,
    to = bytes,
  ): AsyncGenerator<Uint8Array> {
    const hash = from === 0 && to === bytes ? createHash('sha256') : undefined;
    const last = chunkCountOf(to) - 1;
    const ahead: Promise<Uint8Array>[] = [];
    let next = Math.floor(from / BLOB_CHUNK_BYTES);
    for (let chunk = next; chunk <= last; chunk++) {
      for (; next <= last && ahead.length < CHUNKS_AT_ONCE; next++) {
        const reading = this.#readChunk(owner, digest, next, bytes);
        // It may fail while an earlier one is waited for.
        reading.catch(() => {});
        ahead.push(reading);
      }
      const start = chunk * BLOB_CHUNK_BYTES;
      const content = (await ahead.shift()) ?? new Uint8Array();
      hash?.update(content);
      if (chunk === last && hash !== undefined && hash.digest('hex') !== digest)
        throw new BlobGone(`what is stored as blob ${digest} is another content`);
      yield content.subarray(Math.max(0, from - start), Math.min(content.length, to - start));
    }
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

  async #readChunk(owner: Owner, digest: string, chunk: number, bytes: number): Promise<Uint8Array> {
    const subject = subjects.blobChunk(owner, digest, chunk);
    const content = await this.#stored(subject);
    const length = Math.min(BLOB_CHUNK_BYTES, bytes - chunk * BLOB_CHUNK_BYTES);
    if (content?.length !== length)
      throw new BlobGone(
        `chunk ${chunk} of blob ${digest} must have ${length} bytes, got ${content?.length ?? 'none'}`,
      );
    return content;
  }

  /** The client library would decode base64 character by character, which takes several times as long. */
  async #stored(subject: string): Promise<Uint8Array | undefined> {
    const { connection, stored } = this.#options;
    const question = JSON.stringify({ last_by_subj: subject });
    const reply = await stored.ask(() => connection.request(READ, question, { timeout: READ_TIMEOUT_MS }));
    const { message, error } = reply.json<StoredAnswer>();
    if (typeof message?.data === 'string') return Buffer.from(message.data, 'base64');
    if (error?.err_code === NO_MESSAGE) return undefined;
    throw brokerUnavailable(error?.description ?? 'its answer cannot be read');
  }

  /** Before anything is written: a part of a blob would take room until it vanishes. */
  async #requireRoom(bytes: number): Promise<void> {
    const { state, config } = await this.#options.stored.ask((manager) =>
      manager.streams.info(streams.blobs),
    );
    const needed = bytes + (1 + chunkCountOf(bytes)) * OVERHEAD_BYTES;
    if (state.bytes + needed > config.max_bytes) throw storeFull(config.max_bytes);
  }

  /** The time since its end was stored, in milliseconds. */
  #ageOf({ expiresAt }: StoredBlob): number {
    const { keptMs, now } = this.#options;
    return now() - (expiresAt - keptMs + PUT_WITHIN_MS);
  }

  async #store(subject: string, payload: string | Uint8Array, giveUpAt: number): Promise<void> {
    for (;;) {
      if (performance.now() > giveUpAt) throw brokerUnavailable(`a blob took more than ${PUT_WITHIN_MS} ms`);
      const outcome = await this.#options.publisher.publish(subject, payload);
      if (outcome.type === 'stored') return;
      if (outcome.type === 'full') throw storeFull();
      if (outcome.type === 'refused') throw brokerUnavailable(outcome.reason);
      await sleep(RETRY_MS);
    }
  }
}

function storeFull(limit?: number): Error {
  const size = limit === undefined ? '' : ` (${readableBytes(limit)}, BLOBS_MAX_BYTES)`;
  return refusedForNow(
    RequestErrorCode.BlobStoreFull,
    `The store of blobs has too little room for this one${size}. Try again when others have expired.`,
    { retryAfterMs: RETRY_LATER_MS, ...(limit === undefined ? {} : { limit }) },
  );
}
