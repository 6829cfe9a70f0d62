/**
 * States on their way to a subscriber. Its transport asks for the next one when it has handed the message of the one
 * before to the connection: then that state was pushed.
 *
 * Each subscription has one while spans are exported, so it awaits nothing of its own.
 */
export class FollowedStates<T> implements AsyncIterableIterator<T> {
  readonly #states: AsyncIterator<T>;
  readonly #follow: (state: T) => (() => void) | undefined;
  /** Called once the state that was given last was pushed. */
  #pushed: (() => void) | undefined;

  /** @param follow is called when a state is given; what it returns, when that was pushed. */
  constructor(states: AsyncIterator<T>, follow: (state: T) => (() => void) | undefined) {
    this.#states = states;
    this.#follow = follow;
  }

  next(): Promise<IteratorResult<T>> {
    this.#pushed?.();
    this.#pushed = undefined;
    return this.#states.next().then((next) => {
      if (!next.done) this.#pushed = this.#follow(next.value);
      return next;
    });
  }

  return(): Promise<IteratorResult<T>> {
    return this.#states.return?.() ?? Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
