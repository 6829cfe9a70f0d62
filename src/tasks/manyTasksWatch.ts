/**
 * One subscriber's view of many tasks, as the async iterator that GraphQL consumes.
 *
 * It holds at most one value for each task: a newer state replaces one that was not fetched yet. A final state is the
 * last of its task, so it is never replaced. Tasks are shown in the order of their oldest state that was not fetched. It
 * is written by hand for the same reason as `TaskWatch`.
 */
import type { RequestError } from '../contract/errors.ts';
import type { Task } from '../contract/task.ts';

/** A state of a task, or why it cannot be watched. */
export type TaskUpdate = { readonly task: Task } | { readonly refusal: RequestError };

export class ManyTasksWatch implements AsyncIterableIterator<TaskUpdate> {
  readonly #onClose: () => void;
  /** By id: what was not fetched yet. */
  readonly #updates = new Map<string, TaskUpdate>();
  #failure: unknown;
  #ended = false;
  #waiter: PromiseWithResolvers<IteratorResult<TaskUpdate>> | undefined;
  #room = Promise.withResolvers<void>();

  constructor({ onClose }: { readonly onClose: () => void }) {
    this.#onClose = onClose;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The number of updates that were not fetched yet. */
  get waiting(): number {
    return this.#updates.size;
  }

  /** Resolves once an update was fetched, or the watch has ended. */
  fetched(): Promise<void> {
    return this.#room.promise;
  }

  show(id: string, update: TaskUpdate): void {
    if (this.#ended) return;
    this.#updates.set(id, update);
    this.#answer();
  }

  /** Ends the watch, after the updates that were not fetched yet. */
  end(): void {
    this.#close();
    this.#answer();
  }

  /** The same with an error. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#failure = error;
    this.end();
  }

  next(): Promise<IteratorResult<TaskUpdate>> {
    this.#waiter ??= Promise.withResolvers();
    const { promise } = this.#waiter;
    this.#answer();
    return promise;
  }

  return(): Promise<IteratorResult<TaskUpdate>> {
    this.#close();
    this.#updates.clear();
    this.#failure = undefined;
    this.#answer();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#room.resolve();
    this.#onClose();
  }

  #answer(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    const [oldest] = this.#updates;
    if (oldest !== undefined) {
      const [id, value] = oldest;
      this.#updates.delete(id);
      waiter.resolve({ done: false, value });
      this.#room.resolve();
      this.#room = Promise.withResolvers();
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
