/**
 * Whether the store of the results of chunks has room for one more row batch. Its last tenth is kept for row batches
 * that are accepted already: where it is too small for them, workers hold their results until older ones have expired.
 *
 * Counted are the chunks that the broker tells of, once a second at most and only while row batches come, and those
 * that this gateway has accepted since, taken to be as large as those that are stored.
 */
import type { Broker } from '../broker/broker.ts';
import { Measured } from './measured.ts';
import { resultStoreFull } from './resultAdmission.ts';

export interface ChunkAdmissionOptions {
  readonly broker: Pick<Broker, 'chunks'>;
}

/** Share of the store that new row batches may count on. */
const USABLE = 0.9;
/** The assumed size of a chunk's result while there is none. */
const CHUNK_BYTES = 32 * 1024;

export class ChunkAdmission {
  readonly #held: Measured<{ chunks: number; bytes: number; readonly maxBytes: number }>;

  constructor({ broker }: ChunkAdmissionOptions) {
    this.#held = new Measured(async () => ({ ...(await broker.chunks.held()) }));
  }

  /** Counts chunks in, if there is room for them. @throws {RequestError} `RESULT_STORE_FULL`, `BROKER_UNAVAILABLE`. */
  async admit(chunks: number): Promise<void> {
    const held = await this.#held.get();
    const bytes = chunks * (held.chunks === 0 ? CHUNK_BYTES : held.bytes / held.chunks);
    if (held.bytes + bytes > USABLE * held.maxBytes) throw resultStoreFull();
    held.chunks += chunks;
    held.bytes += bytes;
  }
}
