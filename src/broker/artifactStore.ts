/**
 * Artifacts: blobs of operators and trainers, such as the files of datasets and model versions, which records name for as
 * long as there are records. So they have no owner and no age, and each message is written once.
 *
 * Writers write what is missing, in order and one chunk at a time, so that predictions beside them are not held up. A write
 * that broke is repeated, and finds its chunks. A reader that finds another content than the digest says removes it:
 * otherwise it could never be written rightly.
 *
 * An artifact that no record names is removed a day after it was written. Writing it again once it is half as old renews
 * it, so that the writer has the time to name it.
 */
import { createHash } from 'node:crypto';
import {
  type BlobContent,
  chunkCountOf,
  isDigest,
  type ReadableBytes,
  readChunk,
  type StoredBlob,
} from '../contract/blob.ts';
import {
  brokerUnavailable,
  RETRY_LATER_MS,
  RequestError,
  RequestErrorCode,
  refusedForNow,
} from '../contract/errors.ts';
import { MalformedMessage } from '../contract/messages/decoder.ts';
import { streams, subjects } from '../contract/subjects.ts';
import { readableBytes } from '../process/readableBytes.ts';
import {
  BlobDamaged,
  BlobGone,
  BlobParts,
  type BlobPartsOptions,
  type BlobPlace,
  type BlobReading,
  endIn,
  type ReadingHow,
} from './blobParts.ts';
import type { StoredMessages } from './storedMessages.ts';

export interface ArtifactStoreOptions extends Pick<BlobPartsOptions, 'publisher' | 'connection'> {
  readonly stored: Pick<StoredMessages, 'ask' | 'last' | 'purge'>;
  /** Milliseconds since the epoch, broker time. */
  readonly now: () => number;
}

export interface StoredArtifact extends Omit<StoredBlob, 'expiresAt'> {
  /** Milliseconds since the epoch, broker time. */
  readonly storedAt: number;
}

/** What the store holds under a digest. `storedAt` is when it was renewed, or else that of its newest message. */
export interface ListedArtifact extends Pick<StoredArtifact, 'digest' | 'storedAt'> {
  /** Undefined if it has no end: it is being written, or that broke. */
  readonly bytes: number | undefined;
}

export interface OpenArtifact extends Omit<ReadableBytes, 'read'> {
  /** @param to not included. */
  read(from: number, to: number, how: ReadingHow): AsyncIterable<Uint8Array>;
}

/** How long one message may wait for the broker. */
const STORE_WITHIN_MS = 60_000;
/** How often a write begins anew because other processes remove what is written. */
const MOST_TRIES = 3;
const END = 'end';
const RENEWED = 'renewed';
/** A younger artifact that no record names is not removed. */
export const UNNAMED_KEPT_MS = 24 * 60 * 60_000;
/** How long HTTP caches may keep one: it never changes. */
const CACHED_MS = 365 * 24 * 60 * 60 * 1_000;

export class ArtifactStore {
  readonly #options: ArtifactStoreOptions;
  readonly #parts: BlobParts;

  constructor(options: ArtifactStoreOptions) {
    this.#options = options;
    this.#parts = new BlobParts({ ...options, stream: streams.artifacts, full: storeFull });
  }

  /** @throws {RequestError} `BROKER_UNAVAILABLE`. */
  async has(digest: string): Promise<boolean> {
    return (await this.find(digest)) !== undefined;
  }

  /** @returns undefined if it is not there, or not yet whole. @throws {RequestError} `BROKER_UNAVAILABLE`. */
  async find(digest: string): Promise<StoredArtifact | undefined> {
    try {
      const end = await this.#options.stored.last(streams.artifacts, subjects.artifactEnd(digest), endIn);
      return end && { digest, ...end };
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      await this.remove(digest);
      return undefined;
    }
  }

  /**
   * Stores an artifact, or what is missing of it.
   *
   * @returns whether anything was missing.
   * @throws {RequestError} `BAD_USER_INPUT` if the content has another digest, `BLOB_STORE_FULL`, `BROKER_UNAVAILABLE`; and
   *   what reading the content throws.
   */
  async put(digest: string, content: BlobContent): Promise<{ readonly isNew: boolean }> {
    let isNew = false;
    let isRenewed = false;
    for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
      const there = await this.#partsThere(digest);
      // Looked at again after each write: another process may have removed a part meanwhile.
      if (there.has(END) && there.size === chunkCountOf(content.bytes) + 1) {
        if (isNew || isRenewed || (await this.#isYoung(digest))) return { isNew };
        await this.#renew(digest);
        isRenewed = true;
      } else {
        await this.#write(digest, content, there);
        isNew = true;
      }
    }
    throw brokerUnavailable(`other processes remove the artifact ${digest} while it is written`);
  }

  /**
   * Reads an artifact, or a part of it, in pieces of a chunk at most. The digest of a whole one is checked before its last
   * piece comes.
   *
   * @throws {BlobGone} also after some pieces. @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async *read(digest: string, reading?: BlobReading): AsyncGenerator<Uint8Array> {
    yield* this.#read(await this.#found(digest), reading);
  }

  /** For answers over HTTP. Throws as `read` does. */
  async open(digest: string): Promise<OpenArtifact> {
    const artifact = await this.#found(digest);
    const { bytes, mediaType } = artifact;
    return {
      ...{ bytes, mediaType, etag: digest, expiresAt: this.#options.now() + CACHED_MS },
      read: (from, to, how) => this.#read(artifact, { from, to, ...how }),
    };
  }

  /** Removes what is there of an artifact. A process that writes it at the same time writes it again. */
  async remove(digest: string): Promise<void> {
    await this.#options.stored.purge(streams.artifacts, { filter: subjects.artifactParts(digest) });
  }

  /** What the store holds, in no order. One question, and two more for each of them. */
  async *list(): AsyncGenerator<ListedArtifact> {
    const all = await this.#subjectsIn(subjects.allArtifacts);
    const digests = new Set(all.map((subject) => subject.split('.')[1] ?? '').filter(isDigest));
    for (const digest of digests) {
      const end = await this.find(digest);
      const storedAt = await this.storedAt(digest);
      if (storedAt !== undefined) yield { digest, bytes: end?.bytes, storedAt };
    }
  }

  /** @returns when a part of it was written last, or it was renewed; undefined if nothing is there. */
  storedAt(digest: string): Promise<number | undefined> {
    const filter = subjects.artifactParts(digest);
    return this.#options.stored.last(streams.artifacts, filter, ({ timestamp }) => Date.parse(timestamp));
  }

  async #found(digest: string): Promise<StoredArtifact> {
    const artifact = await this.find(digest);
    if (artifact === undefined) throw new BlobGone(`There is no artifact ${digest}.`);
    return artifact;
  }

  async *#read(artifact: StoredArtifact, reading?: BlobReading): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#parts.read(placeOf(artifact.digest), artifact, reading);
    } catch (error) {
      if (error instanceof BlobDamaged) await this.remove(artifact.digest);
      throw error;
    }
  }

  async #write(digest: string, content: BlobContent, there: ReadonlySet<string>): Promise<void> {
    const place = placeOf(digest);
    const count = chunkCountOf(content.bytes);
    const chunks = Array.from({ length: count }, (_, chunk) => chunk);
    const missing = chunks.filter((chunk) => !there.has(String(chunk))).length;
    await this.#parts.requireRoom(Math.ceil((content.bytes * missing) / Math.max(1, count)));
    const hash = createHash('sha256');
    for (const chunk of chunks) {
      const bytes = await readChunk(content, chunk);
      hash.update(bytes);
      if (!there.has(String(chunk)))
        await this.#unlessThere(digest, String(chunk), (signal) =>
          this.#parts.store(place.chunk(chunk), bytes, signal),
        );
    }
    const got = hash.digest('hex');
    if (got !== digest) {
      await this.remove(digest);
      throw new RequestError(
        RequestErrorCode.BadUserInput,
        `The content of artifact ${digest} must have that SHA-256, got ${got}.`,
      );
    }
    await this.#unlessThere(digest, END, (signal) => this.#parts.storeEnd(place, content, signal));
  }

  /** A cluster also answers that it is full where another process has written the same part a moment ago. */
  async #unlessThere(
    digest: string,
    part: string,
    store: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    try {
      await store(AbortSignal.timeout(STORE_WITHIN_MS));
    } catch (error) {
      const isFull = error instanceof RequestError && error.code === RequestErrorCode.BlobStoreFull;
      if (!isFull || !(await this.#partsThere(digest)).has(part)) throw error;
    }
  }

  async #isYoung(digest: string): Promise<boolean> {
    const storedAt = (await this.storedAt(digest)) ?? 0;
    return storedAt > this.#options.now() - UNNAMED_KEPT_MS / 2;
  }

  async #renew(digest: string): Promise<void> {
    const subject = subjects.artifactRenewed(digest);
    await this.#options.stored.purge(streams.artifacts, { filter: subject });
    await this.#parts.store(subject, '', AbortSignal.timeout(STORE_WITHIN_MS));
  }

  /** The last tokens of the subjects of an artifact's messages: numbers of chunks, and `end`. */
  async #partsThere(digest: string): Promise<ReadonlySet<string>> {
    const all = await this.#subjectsIn(subjects.artifactParts(digest));
    const parts = new Set(all.map((subject) => subject.split('.')[2] ?? ''));
    parts.delete(RENEWED);
    return parts;
  }

  async #subjectsIn(filter: string): Promise<readonly string[]> {
    const { state } = await this.#options.stored.ask((manager) =>
      manager.streams.info(streams.artifacts, { subjects_filter: filter }),
    );
    return Object.keys(state.subjects ?? {});
  }
}

function placeOf(digest: string): BlobPlace {
  return {
    chunk: (chunk) => subjects.artifactChunk(digest, chunk),
    end: subjects.artifactEnd(digest),
  };
}

function storeFull(limit?: number): RequestError {
  const size = limit === undefined ? '' : ` (${readableBytes(limit)}, ARTIFACTS_MAX_BYTES)`;
  return refusedForNow(
    RequestErrorCode.BlobStoreFull,
    `The store of artifacts has too little room for this one${size}. Remove others, or raise ARTIFACTS_MAX_BYTES.`,
    { retryAfterMs: RETRY_LATER_MS, ...(limit === undefined ? {} : { limit }) },
  );
}
