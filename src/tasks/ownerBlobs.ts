/**
 * The blobs of owners: stored within their quotas, and found by nobody else. All other code of a gateway stores and reads
 * blobs through it.
 */
import type { BlobStore } from '../broker/broker.ts';
import type { BlobContent, ReadableBytes, StoredBlob } from '../contract/blob.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { Owner } from '../contract/owner.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import type { OwnerQuotas } from './ownerQuotas.ts';
import { Turns } from './turns.ts';

export interface OwnerBlobsOptions {
  readonly store: BlobStore;
  readonly quotas: Pick<OwnerQuotas, 'requireBlobBytes' | 'keepBlob'>;
}

/** Blobs that are being written at once. The store holds 2 MiB of each. */
const STORED_AT_ONCE = 4;
const MAX_WAITING = 200;

export class OwnerBlobs {
  readonly #store: BlobStore;
  readonly #quotas: OwnerBlobsOptions['quotas'];
  readonly #storing = new Turns({
    what: 'blobs to be stored',
    atOnce: STORED_AT_ONCE,
    waiting: MAX_WAITING,
  });

  constructor({ store, quotas }: OwnerBlobsOptions) {
    this.#store = store;
    this.#quotas = quotas;
  }

  /** Whether a client may store so many bytes more. @throws {RequestError} `OWNER_QUOTA`. */
  requireQuota(holder: QuotaHolder, bytes: number): void {
    this.#quotas.requireBlobBytes(holder, bytes);
  }

  /**
   * @param digest of the content. The caller vouches for it.
   * @throws {RequestError} `OWNER_QUOTA`, `BLOB_STORE_FULL`, `GATEWAY_BUSY`, `BROKER_UNAVAILABLE`.
   */
  async put(holder: QuotaHolder, digest: string, content: BlobContent): Promise<StoredBlob> {
    const { owner } = holder;
    await this.#storing.take(owner, 1, async () => {
      const uncount = this.#quotas.keepBlob(holder, content.bytes);
      try {
        const { isNew } = await this.#store.put(owner, digest, content);
        if (!isNew) uncount();
      } catch (error) {
        uncount();
        throw error;
      }
    });
    return this.find(owner, digest);
  }

  /** @throws {RequestError} `BLOB_NOT_FOUND`, `BROKER_UNAVAILABLE`. */
  async find(owner: Owner, digest: string): Promise<StoredBlob> {
    const blob = await this.#store.find(owner, digest);
    if (blob === undefined) throw blobNotFound(digest);
    return blob;
  }

  /** The bytes of a blob, for its owner. Throws as `find` does, also while they are read. */
  async open(owner: Owner, digest: string): Promise<ReadableBytes> {
    return this.#readable(owner, await this.find(owner, digest));
  }

  #readable(owner: Owner, blob: StoredBlob): ReadableBytes {
    const store = this.#store;
    const { digest, bytes, mediaType, expiresAt } = blob;
    return {
      ...{ bytes, mediaType, expiresAt, etag: digest },
      read: (from, to) => store.read(owner, blob, from, to),
    };
  }
}

function blobNotFound(digest: string): RequestError {
  return new RequestError(
    RequestErrorCode.BlobNotFound,
    `There is no blob ${digest} of yours. Blobs are kept for a time only: store it again.`,
  );
}
