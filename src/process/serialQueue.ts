/** Does work one piece after another, in the order in which it came. A piece that fails does not hold up the next. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Begins the work when all earlier work has ended. @returns the work's result. @throws the work's error. */
  run<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  /** Resolves once all work that came before the call has ended. */
  async ended(): Promise<void> {
    await this.#last;
  }
}
