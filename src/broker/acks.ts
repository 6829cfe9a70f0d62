/**
 * Acks that wait for the next message that this process stores, to be written together with it: an ack alone wakes the
 * broker once more, which is a fifth of its CPU for a task that comes alone.
 */

/** Far below the lease. A job whose worker dies meanwhile is delivered again, and found to have ended. */
const LONGEST_WAIT_MS = 100;

export class Acks implements Disposable {
  readonly #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param send writes the ack. Called once, after `LONGEST_WAIT_MS` at the latest. */
  add(send: () => void): void {
    this.#waiting.push(send);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.send();
    }, LONGEST_WAIT_MS);
  }

  /** Writes all that wait. */
  send(): void {
    for (const send of this.#waiting.splice(0)) send();
  }

  /** Writes them for the last time. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.send();
  }
}
