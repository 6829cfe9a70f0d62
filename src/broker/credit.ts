/**
 * How many rows of jobs a consumer may hold, from pull to ack. A message may carry several rows, and how many is known
 * only when it is there. So free rows are divided by the mean rows of the messages so far.
 */

/** The share of a new message in the mean. */
const NEWEST = 1 / 8;

export class Credit {
  readonly #maxRows: number;
  #heldRows = 0;
  #heldMessages = 0;
  /** Of the messages so far; undefined before the first. */
  #meanRows: number | undefined;

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  /** Whether more than twice the credit is held, and not by one message alone. */
  get isExceeded(): boolean {
    return this.#heldRows > 2 * this.#maxRows && this.#heldMessages > 1;
  }

  take(rows: number): void {
    this.#heldRows += rows;
    this.#heldMessages++;
    this.#meanRows = this.#meanRows === undefined ? rows : this.#meanRows + NEWEST * (rows - this.#meanRows);
  }

  giveBack(rows: number): void {
    this.#heldRows -= rows;
    this.#heldMessages--;
  }

  /**
   * The messages to request beside those that are requested already: for all free rows, at least one if any is free. 0
   * beside open requests while less than half of the credit is free.
   */
  messagesBeside(requested: number): number {
    const meanRows = this.#meanRows ?? 1;
    const freeRows = this.#maxRows - this.#heldRows - requested * meanRows;
    if (freeRows <= 0 || (requested > 0 && freeRows < this.#maxRows / 2)) return 0;
    return Math.max(1, Math.floor(freeRows / meanRows));
  }
}
