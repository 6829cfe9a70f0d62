/**
 * The blobs of owners: stored within their quotas, and found by nobody else. All other code of a gateway stores and reads
 * blobs through it.
 */
import type { BlobStore } from '../broker/broker.ts';
import { type BlobContent, type ReadableBytes, type StoredBlob, storedBytesOf } from '../contract/blob.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { Owner } from '../contract/owner.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import type { BlobReads } from './blobReads.ts';
import type { OwnerQuotas } from './ownerQuotas.ts';
import { Turns } from './turns.ts';

export interface OwnerBlobsOptions {
  readonly store: BlobStore;
  readonly reads: Pick<BlobReads, 'read'>;
  readonly quotas: Pick<OwnerQuotas, 'requireBlobBytes' | 'keepBlob'>;
}

/** Blobs that are being written at once. The store holds 2 MiB of each. */
const STORED_AT_ONCE = 4;
const MAX_WAITING = 200;

export class OwnerBlobs {
  readonly #options: OwnerBlobsOptions;
  readonly #storing = new Turns({
    what: 'blobs to be stored',
    atOnce: STORED_AT_ONCE,
    waiting: MAX_WAITING,
  });

  constructor(options: OwnerBlobsOptions) {
    this.#options = options;
  }

  /** Whether a client may store a blob of so many bytes. @throws {RequestError} `OWNER_QUOTA`. */
  requireQuota(holder: QuotaHolder, bytes: number): void {
    this.#options.quotas.requireBlobBytes(holder, storedBytesOf(bytes));
  }

  /**
   * @param digest of the content. The caller vouches for it.
   * @throws {RequestError} `OWNER_QUOTA`, `BLOB_STORE_FULL`, `GATEWAY_BUSY`, `BROKER_UNAVAILABLE`.
   */
  async put(holder: QuotaHolder, digest: string, content: BlobContent): Promise<StoredBlob> {
    const { store, quotas } = this.#options;
    const { owner } = holder;
    await this.#storing.take(owner, 1, async () => {
      const uncount = quotas.keepBlob(holder, storedBytesOf(content.bytes));
      try {
        const { isNew } = await store.put(owner, digest, content);
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
    const blob = await this.#options.store.find(owner, digest);
    if (blob === undefined) throw blobNotFound(digest);
    return blob;
  }

  /** The bytes of a blob, for its owner. Throws as `find` does, also while they are read; and `GATEWAY_BUSY`. */
  async open(owner: Owner, digest: string): Promise<ReadableBytes> {
    const { reads } = this.#options;
    const blob = await this.find(owner, digest);
    const { bytes, mediaType, expiresAt } = blob;
    return {
      ...{ bytes, mediaType, expiresAt, etag: digest },
      read: (from, to) => reads.read({ client: owner, owner, blob, from, to }),
    };
  }
}

function blobNotFound(digest: string): RequestError {
  return new RequestError(
    RequestErrorCode.BlobNotFound,
    `There is no blob ${digest} of yours. Blobs are kept for a time only: store it again.`,
  );
}
