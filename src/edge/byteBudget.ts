/**
 * Counts the bytes that clients have the gateway hold for them: bodies and messages until they are whole, and operations
 * until they end. Parsed, a byte can take up twenty. Each connection has a share of what all of them may have, and an
 * eighth of the whole is kept for connections that hold little: large requests cannot keep others from small predictions.
 */
export class ByteBudget {
  readonly limit: number;
  readonly #reserve: number;
  readonly #whole: ByteBudget | undefined;
  #taken = 0;

  /**
   * @param whole of which this is a share.
   * @param reserve of the limit, which only shares of little can take.
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
   * @returns undefined once the bytes are taken; else the budget that has no room for them, and nothing is taken.
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

/** What a connection may hold to be given some of the reserve. */
const LITTLE_BYTES = 16 * 1024;
const RESERVED_PART = 1 / 8;

/** What a chunk or a fragment takes up beside its bytes: clients may send one byte at a time. */
export const CHUNK_BYTES = 256;

/** The shares of connections, and the whole that they are of. */
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

  /** Of one connection, however many requests it carries. */
  shareOf(connection: object): ByteBudget {
    const share = this.#shares.get(connection) ?? this.newShare();
    this.#shares.set(connection, share);
    return share;
  }

  /** Apart from those of connections: a message that is coming shall not be refused for the operations that are open. */
  newShare(): ByteBudget {
    return new ByteBudget(this.#perConnection, { whole: this.#whole });
  }
}

/** What clients are told of a budget that has no room. */
export function noRoomIn(full: ByteBudget): string {
  return full.isShare
    ? `This connection has ${full.taken} bytes of unfinished requests already, and may have ${full.limit} (twice MAX_BODY_BYTES).`
    : `This gateway has ${full.taken} bytes of unfinished requests already, and may have ${full.limit} (MAX_PENDING_BYTES), an eighth of them for connections with ${LITTLE_BYTES} at most.`;
}
