/**
 * Reads blobs and artifacts for clients, within bounds: so many answers at once, and of their chunks so many at once, where owners come
 * one after another. An answer has two chunks in memory, so a client that reads slowly holds no more.
 */
import type { BlobStore, ReadingHow } from '../broker/broker.ts';
import type { StoredBlob } from '../contract/blob.ts';
import { gatewayBusy } from '../contract/errors.ts';
import type { Owner } from '../contract/owner.ts';
import { isBeyondShare } from './ownerShare.ts';
import { Turns } from './turns.ts';

/** Answers under way: 128 MiB. */
const MOST_ANSWERS = 128;
const CHUNKS_AHEAD = 2;
/** Chunks that are read at once: 8 MiB. */
const CHUNKS_AT_ONCE = 16;
/** So many that no answer is refused after its start: the answers are bounded, and each waits for two chunks at most. */
const MAX_WAITING = 10 * MOST_ANSWERS * CHUNKS_AHEAD;

/** A part of a blob, for a client. */
interface AskedPart {
  /** Whose turn it is. */
  readonly client: Owner;
  /** Of the blob. */
  readonly owner: Owner;
  readonly blob: Pick<StoredBlob, 'digest' | 'bytes'>;
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

export class BlobReads {
  readonly #store: Pick<BlobStore, 'read'>;
  readonly #turns = new Turns({
    what: 'chunks of blobs to be read',
    atOnce: CHUNKS_AT_ONCE,
    waiting: MAX_WAITING,
  });
  readonly #answersOf = new Map<Owner, number>();
  #answers = 0;

  constructor({ store }: { readonly store: Pick<BlobStore, 'read'> }) {
    this.#store = store;
  }

  /** As `BlobStore.read`. @throws {RequestError} `GATEWAY_BUSY`, before the first piece. */
  read({ client, owner, blob, from, to }: AskedPart): AsyncGenerator<Uint8Array> {
    return this.inBounds(client, (how) => this.#store.read(owner, blob, { from, to, ...how }));
  }

  /** Reads for a client what `read` gives. @throws {RequestError} `GATEWAY_BUSY`, before the first piece. */
  async *inBounds(
    client: Owner,
    read: (how: ReadingHow) => AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    this.#requirePlace(client);
    this.#count(client, 1);
    try {
      const inTurn = <T>(chunk: () => Promise<T>) => this.#turns.take(client, 1, chunk);
      yield* read({ ahead: CHUNKS_AHEAD, inTurn });
    } finally {
      this.#count(client, -1);
    }
  }

  #requirePlace(client: Owner): void {
    const free = MOST_ANSWERS - this.#answers;
    const wanted = (this.#answersOf.get(client) ?? 0) + 1;
    if (free < 1 || isBeyondShare(client, wanted, free))
      throw gatewayBusy(
        `This gateway sends ${MOST_ANSWERS} blobs, outputs and artifacts at a time, or the share of their owner, already.`,
        MOST_ANSWERS,
      );
  }

  #count(client: Owner, by: 1 | -1): void {
    this.#answers += by;
    const ofClient = (this.#answersOf.get(client) ?? 0) + by;
    if (ofClient > 0) this.#answersOf.set(client, ofClient);
    else this.#answersOf.delete(client);
  }
}
