/**
 * Artifacts: the files of datasets and of versions of models, by the SHA-256 of their content. Unlike blobs of clients
 * they have no owner and no age: they stay as long as a record names them.
 */
import type { BlobContent } from './blob.ts';

/** The store of artifacts, as trainers, workers and gateways use it. */
export interface Artifacts {
  /** @param digest hex SHA-256. @returns undefined if it is not there, or not as a whole. */
  find(digest: string): Promise<{ readonly bytes: number } | undefined>;
  /**
   * Stores an artifact, or what is missing of it.
   *
   * @param digest of the content, which is checked.
   * @throws {RequestError} `BAD_USER_INPUT` if the content has another digest, `BLOB_STORE_FULL`, `BROKER_UNAVAILABLE`; and what reading the content throws.
   */
  put(digest: string, content: BlobContent): Promise<{ readonly isNew: boolean }>;
  /** Its bytes in pieces. @throws {BlobGone} also after some pieces, if a part is gone or the digest is wrong. */
  read(digest: string): AsyncGenerator<Uint8Array>;
}
