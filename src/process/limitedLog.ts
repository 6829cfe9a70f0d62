/** Warnings that strangers can cause as often as they like: of each kind one line a second, and a count of those left out. */
import type { Logger } from './log.ts';

const EVERY_MS = 1_000;

/** What was left out since the last line of a kind. */
interface LeftOut {
  count: number;
  /** Writes the latest of them. */
  tell: ((count: number) => void) | undefined;
}

export class LimitedLog {
  readonly #log: Logger;
  /** Of each kind that had a line within the last second. */
  readonly #leftOut = new Map<string, LeftOut>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * The latest one that was left out is written when the second is over.
   *
   * @param kind one of few: nothing that a stranger makes up.
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
    // The line itself tells of one of them.
    leftOut.tell(leftOut.count - 1);
    this.#beginSecond(kind);
  }
}
