/** The artifacts that operators store and read. They are read within the bounds of blobs: both load the same broker. */
import type { ArtifactStore } from '../broker/broker.ts';
import type { BlobContent, ReadableBytes } from '../contract/blob.ts';
import type { Owner } from '../contract/owner.ts';
import type { BlobReads } from './blobReads.ts';

export interface OperatorArtifactsOptions {
  readonly store: Pick<ArtifactStore, 'put' | 'open'>;
  readonly reads: Pick<BlobReads, 'inBounds'>;
}

export class OperatorArtifacts {
  readonly #options: OperatorArtifactsOptions;

  constructor(options: OperatorArtifactsOptions) {
    this.#options = options;
  }

  /** As `ArtifactStore.put`. */
  put(digest: string, content: BlobContent): Promise<{ readonly isNew: boolean }> {
    return this.#options.store.put(digest, content);
  }

  /** The bytes of an artifact, for an operator. Throws as `ArtifactStore.open`, also while they are read; and `GATEWAY_BUSY`. */
  async open(client: Owner, digest: string): Promise<ReadableBytes> {
    const { store, reads } = this.#options;
    const content = await store.open(digest);
    return {
      ...content,
      read: (from, to) => reads.inBounds(client, (how) => content.read(from, to, how)),
    };
  }
}
