/**
 * Tells that the client of an operation has left, or has completed the operation. Most operations have ended before, and
 * only those that wait (`waitMs`) ask for the signal, so it is made when it is asked for.
 */
export class Departure {
  #hasLeft = false;
  #controller: AbortController | undefined;

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Aborted once the client has left. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#hasLeft) this.#controller.abort();
    return this.#controller.signal;
  }

  leave(): void {
    this.#hasLeft = true;
    this.#controller?.abort();
  }
}
