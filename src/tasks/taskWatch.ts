/**
 * One subscriber's view of a task, as the async iterator that GraphQL consumes.
 *
 * It holds at most one value: a newer state replaces one that was not fetched yet, and the final state, being the
 * last, is never replaced. Written by hand because `return()` of an async generator waits for the promise that the
 * generator hangs on, here possibly for minutes: a client that leaves must be forgotten at once.
 */
import { isFinal, type Task } from '../contract/task.ts';

export class TaskWatch implements AsyncIterableIterator<Task> {
  readonly #onClose: () => void;
  readonly #finalOnly: boolean;
  #next: Task | undefined;
  #failure: Error | undefined;
  #ended = false;
  #waiter: PromiseWithResolvers<IteratorResult<Task>> | undefined;

  /** @param finalOnly leaves out every state but the final one. */
  constructor({ finalOnly, onClose }: { finalOnly: boolean; onClose: () => void }) {
    this.#finalOnly = finalOnly;
    this.#onClose = onClose;
  }

  /** Shows a state; the final one ends the watch. */
  show(task: Task): void {
    if (this.#ended || (this.#finalOnly && !isFinal(task))) return;
    this.#ended = isFinal(task);
    this.#next = task;
    this.#answer();
    if (this.#ended) this.#onClose();
  }

  /** Ends the watch with an error, after a state that was not fetched yet. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = error;
    this.#answer();
    this.#onClose();
  }

  next(): Promise<IteratorResult<Task>> {
    this.#waiter ??= Promise.withResolvers();
    const { promise } = this.#waiter;
    this.#answer();
    return promise;
  }

  return(): Promise<IteratorResult<Task>> {
    const wasOpen = !this.#ended;
    this.#ended = true;
    this.#next = undefined;
    this.#failure = undefined;
    this.#answer();
    if (wasOpen) this.#onClose();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #answer(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    if (this.#next !== undefined) {
      waiter.resolve({ done: false, value: this.#next });
      this.#next = undefined;
    } else if (this.#failure !== undefined) {
      waiter.reject(this.#failure);
      this.#failure = undefined;
    } else if (this.#ended) {
      waiter.resolve({ done: true, value: undefined });
    } else {
      return;
    }
    this.#waiter = undefined;
  }
}
