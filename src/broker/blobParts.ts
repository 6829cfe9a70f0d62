/**
 * The messages of blobs in one stream: one for each chunk, and one for the end. `BlobStore` and `ArtifactStore` say under
 * which subjects they are, and how long they live. Chunks are read several at a time, so no reader holds more than a few.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  BLOB_CHUNK_BYTES,
  type BlobContent,
  chunkCountOf,
  type StoredBlob,
  storedBytesOf,
} from '../contract/blob.ts';
import { brokerUnavailable, RequestError, RequestErrorCode } from '../contract/errors.ts';
import { decodeBlobEnd } from '../contract/messages/blobEnd.ts';
import { encodeMessage, MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { Publisher } from './publisher.ts';
import type { StoredMessages } from './storedMessages.ts';
import { OWN_API } from './streamApis.ts';

export interface BlobPartsOptions {
  readonly stream: string;
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly stored: Pick<StoredMessages, 'ask'>;
  readonly connection: Pick<NatsConnection, 'request'>;
  /** @param limit of the stream, in bytes, if it is known. */
  readonly full: (limit?: number) => RequestError;
}

/** The subjects of one blob. */
export interface BlobPlace {
  readonly chunk: (chunk: number) => string;
  readonly end: string;
}

/** What is read of a blob, and how. */
export interface BlobReading extends ReadingHow {
  /** @default 0 */
  readonly from?: number;
  /** Not included. @default all bytes */
  readonly to?: number;
}

export interface ReadingHow {
  /** Chunks that are in memory, or being read, at a time. @default 4 */
  readonly ahead?: number;
  /** Reads one chunk when it is its turn. @default at once */
  readonly inTurn?: <T>(read: () => Promise<T>) => Promise<T>;
}

/** What the broker answers to a read. */
interface StoredAnswer {
  /** `data` is base64. */
  readonly message?: { readonly data?: unknown };
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

/** Thrown if a blob, or a part of it, is not there. */
export class BlobGone extends RequestError {
  constructor(message: string) {
    super(RequestErrorCode.BlobNotFound, message);
  }
}

/** Thrown if what is stored is another content than its name says. */
export class BlobDamaged extends BlobGone {}

/** Chunks of one blob that a reader has in memory: 2 MiB. */
const CHUNKS_AHEAD = 4;
const READ_TIMEOUT_MS = 5_000;
const NO_MESSAGE = 10_037;
const RETRY_MS = 200;

export class BlobParts {
  readonly #options: BlobPartsOptions;
  readonly #readSubject: string;

  constructor(options: BlobPartsOptions) {
    this.#options = options;
    this.#readSubject = `${OWN_API}.STREAM.MSG.GET.${options.stream}`;
  }

  /** Before anything is written: a part of a blob would take room in vain. @throws {RequestError} if there is too little. */
  async requireRoom(bytes: number): Promise<void> {
    const { stored, stream, full } = this.#options;
    const { state, config } = await stored.ask((manager) => manager.streams.info(stream));
    if (state.bytes + storedBytesOf(bytes) > config.max_bytes) throw full(config.max_bytes);
  }

  /**
   * Stores one message. It tries again while the broker does not answer, until the signal aborts.
   *
   * @throws {RequestError} `BLOB_STORE_FULL`, `BROKER_UNAVAILABLE`.
   */
  async store(subject: string, payload: string | Uint8Array, signal: AbortSignal): Promise<void> {
    const { publisher, full } = this.#options;
    for (let reason = 'a blob took too long'; ; await sleep(RETRY_MS)) {
      if (signal.aborted) throw brokerUnavailable(reason);
      const outcome = await publisher.publish(subject, payload);
      // With a subject that is written once, the same bytes are there.
      if (outcome.type === 'stored' || outcome.type === 'alreadyThere') return;
      if (outcome.type === 'full') throw full();
      if (outcome.type === 'refused') throw brokerUnavailable(outcome.reason);
      reason = outcome.reason;
    }
  }

  /** After all chunks. @throws as `store`. */
  storeEnd({ end }: BlobPlace, { bytes, mediaType }: Omit<BlobContent, 'read'>, signal: AbortSignal) {
    return this.store(end, encodeMessage({ v: MESSAGE_VERSION, bytes, mediaType }), signal);
  }

  /**
   * Reads a blob, or a part of it, in pieces of a chunk at most. Of a whole blob the last piece comes only if the digest
   * is right.
   *
   * @throws {BlobGone} also after some pieces. @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async *read(
    place: BlobPlace,
    { digest, bytes }: Pick<StoredBlob, 'digest' | 'bytes'>,
    { from = 0, to = bytes, ahead: most = CHUNKS_AHEAD, inTurn = (read) => read() }: BlobReading = {},
  ): AsyncGenerator<Uint8Array> {
    const hash = from === 0 && to === bytes ? createHash('sha256') : undefined;
    const last = chunkCountOf(to) - 1;
    const ahead: Promise<Uint8Array>[] = [];
    let next = Math.floor(from / BLOB_CHUNK_BYTES);
    for (let chunk = next; chunk <= last; chunk++) {
      for (; next <= last && ahead.length < most; next++) {
        const length = Math.min(BLOB_CHUNK_BYTES, bytes - next * BLOB_CHUNK_BYTES);
        const [subject, named] = [place.chunk(next), `Chunk ${next} of ${digest}`];
        const reading = inTurn(() => this.#readChunk(subject, named, length));
        // It may fail while an earlier one is waited for.
        reading.catch(() => {});
        ahead.push(reading);
      }
      const start = chunk * BLOB_CHUNK_BYTES;
      const content = (await ahead.shift()) ?? new Uint8Array();
      hash?.update(content);
      if (chunk === last && hash !== undefined && hash.digest('hex') !== digest)
        throw new BlobDamaged(`What is stored as ${digest} is another content.`);
      yield content.subarray(Math.max(0, from - start), Math.min(content.length, to - start));
    }
  }

  async #readChunk(subject: string, named: string, length: number): Promise<Uint8Array> {
    const content = await this.#stored(subject);
    if (content === undefined) throw new BlobGone(`${named} is gone.`);
    if (content.length === length) return content;
    throw new BlobDamaged(`${named} must have ${length} bytes, got ${content.length}.`);
  }

  /** The client library would decode base64 character by character, which takes several times as long. */
  async #stored(subject: string): Promise<Uint8Array | undefined> {
    const { connection, stored } = this.#options;
    const question = JSON.stringify({ last_by_subj: subject });
    const reply = await stored.ask(() =>
      connection.request(this.#readSubject, question, { timeout: READ_TIMEOUT_MS }),
    );
    const { message, error } = reply.json<StoredAnswer>();
    if (typeof message?.data === 'string') return Buffer.from(message.data, 'base64');
    if (error?.err_code === NO_MESSAGE) return undefined;
    throw brokerUnavailable(error?.description ?? 'its answer cannot be read');
  }
}

/** What the end of a blob says. */
export function endIn({ data, timestamp }: StoredMsg) {
  const { bytes, mediaType } = decodeBlobEnd(data);
  return { bytes, mediaType, storedAt: Date.parse(timestamp) };
}
