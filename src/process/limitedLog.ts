/** Warnings that strangers can cause without limit. It writes one line of each kind a second, and counts the others. */
const EVERY_MS = 1_000;

/** The warnings of one kind that were left out since its last line. */
interface LeftOut {
  count: number;
  /** Writes the latest of them. */
  tell: ((count: number) => void) | undefined;
}

/** Takes the lines. A logger is one. */
interface WarningLog {
  warn(fields: object, message: string): void;
}

export class LimitedLog {
  readonly #log: WarningLog;
  /** One entry for each kind that had a line within the last second. */
  readonly #leftOut = new Map<string, LeftOut>();

  constructor(log: WarningLog) {
    this.#log = log;
  }

  /**
   * When the second is over, the newest of those left out is written.
   *
   * @param kind one of a small fixed set. It never comes from a stranger.
   * @param fieldsOf is called when the line is written.
   */
  warn(kind: string, fieldsOf: () => object, message: string): void {
    const leftOut = this.#leftOut.get(kind);
    if (leftOut === undefined) {
      this.#log.warn(fieldsOf(), message);
      this.#beginSecond(kind);
      return;
    }
    leftOut.count++;
    leftOut.tell = (count) => this.#log.warn({ ...fieldsOf(), leftOut: count }, message);
  }

  #beginSecond(kind: string): void {
    this.#leftOut.set(kind, { count: 0, tell: undefined });
    setTimeout(() => this.#endSecond(kind), EVERY_MS).unref();
  }

  #endSecond(kind: string): void {
    const leftOut = this.#leftOut.get(kind);
    this.#leftOut.delete(kind);
    if (leftOut?.tell === undefined) return;
    // The line itself stands for one of them.
    leftOut.tell(leftOut.count - 1);
    this.#beginSecond(kind);
  }
}
