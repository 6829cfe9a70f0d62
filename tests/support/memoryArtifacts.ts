/** A store of artifacts in memory. */
import { BlobGone } from '../../src/broker/broker.ts';
import type { Artifacts } from '../../src/contract/artifact.ts';
import type { BlobContent } from '../../src/contract/blob.ts';

export class MemoryArtifacts implements Artifacts {
  readonly #stored = new Map<string, Uint8Array>();

  async find(digest: string) {
    const stored = this.#stored.get(digest);
    return stored && { bytes: stored.length };
  }

  async put(digest: string, content: BlobContent) {
    const isNew = !this.#stored.has(digest);
    this.#stored.set(digest, await content.read(0, content.bytes));
    return { isNew };
  }

  async *read(digest: string) {
    const stored = this.#stored.get(digest);
    if (stored === undefined) throw new BlobGone(`There is no artifact ${digest}.`);
    yield stored;
  }

  text(digest: string): string {
    return Buffer.from(this.#stored.get(digest) ?? []).toString();
  }
}
