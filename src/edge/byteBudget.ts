/**
 * Counts the bytes that the gateway holds for clients: bodies and messages until they are complete, and operations
 * until they end. Parsed, a byte can take up twenty. Each connection has a share of the whole. An eighth of the whole
 * is reserved for connections that hold little, so that large requests cannot block small predictions.
 */
export class ByteBudget {
  readonly limit: number;
  readonly #reserve: number;
  readonly #whole: ByteBudget | undefined;
  #taken = 0;

  /**
   * @param whole the budget of which this is a share.
   * @param reserve the part of the limit that only small shares can take.
   */
  constructor(limit: number, { whole, reserve = 0 }: { whole?: ByteBudget; reserve?: number } = {}) {
    this.limit = limit;
    this.#reserve = reserve;
    this.#whole = whole;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Whether this is one connection's. */
  get isShare(): boolean {
    return this.#whole !== undefined;
  }

  /**
   * @param isLittle whether the reserve may be taken.
   * @returns undefined if the bytes are taken. Otherwise nothing is taken, and it returns the budget that is exhausted.
   */
  take(bytes: number, isLittle = true): ByteBudget | undefined {
    const taken = this.#taken + bytes;
    if (taken > this.limit - (isLittle ? 0 : this.#reserve)) return this;
    const full = this.#whole?.take(bytes, taken <= LITTLE_BYTES);
    if (full === undefined) this.#taken = taken;
    return full;
  }

  giveBack(bytes: number): void {
    this.#taken -= bytes;
    this.#whole?.giveBack(bytes);
  }
}

/** A connection that holds no more than this may use the reserve. */
const LITTLE_BYTES = 16 * 1024;
const RESERVED_PART = 1 / 8;

/** The overhead of a chunk or a fragment: clients may send one byte at a time. */
export const CHUNK_BYTES = 256;

/** The whole budget and the shares of connections. */
export class ConnectionBudgets {
  readonly #whole: ByteBudget;
  readonly #perConnection: number;
  readonly #shares = new WeakMap<object, ByteBudget>();

  /** Two of the largest messages always fit beside the reserve. */
  constructor({ maxBodyBytes, maxPendingBytes }: { maxBodyBytes: number; maxPendingBytes: number }) {
    this.#perConnection = 2 * maxBodyBytes;
    const reserve = Math.floor(maxPendingBytes * RESERVED_PART);
    this.#whole = new ByteBudget(Math.max(maxPendingBytes, this.#perConnection + reserve), { reserve });
  }

  /** The share of one connection, however many requests it carries. */
  shareOf(connection: object): ByteBudget {
    const share = this.#shares.get(connection) ?? this.newShare();
    this.#shares.set(connection, share);
    return share;
  }

  /** Separate from the shares of connections: open operations must not block a message that is arriving. */
  newShare(): ByteBudget {
    return new ByteBudget(this.#perConnection, { whole: this.#whole });
  }
}

/** The refusal for clients when a budget is exhausted. */
export function noRoomIn(full: ByteBudget): string {
  return full.isShare
    ? `This connection has ${full.taken} bytes of unfinished requests already, and may have ${full.limit} (twice MAX_BODY_BYTES).`
    : `This gateway has ${full.taken} bytes of unfinished requests already, and may have ${full.limit} (MAX_PENDING_BYTES), an eighth of them for connections with ${LITTLE_BYTES} at most.`;
}
