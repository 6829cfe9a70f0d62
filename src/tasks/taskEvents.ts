/**
 * Events of this gateway's tasks. Shadows listen; metrics, traces and an audit will. The code that processes tasks emits
 * them, and does not know the listeners.
 *
 * A listener runs in the turn of the event loop that emits, so it returns at once and throws nothing.
 */
import type { RequestErrorCode } from '../contract/errors.ts';
import type { Job, RowBatchJob } from '../contract/messages/job.ts';
import type { FinishedTask, Task } from '../contract/task.ts';

export interface TaskEventMap {
  /** The job of a task of this gateway is stored. */
  readonly accepted: Job | RowBatchJob;
  /** A task was not accepted, and its client is told why. */
  readonly refused: { readonly model: string; readonly code: RequestErrorCode };
  /** A worker runs a task that is followed here: once per attempt; of a row batch, once for all its chunks. */
  readonly started: Task;
  /** The end of a task that is followed here was received or read. */
  readonly ended: FinishedTask;
}

export class TaskEvents {
  readonly #listeners: { readonly [K in keyof TaskEventMap]: Set<(event: TaskEventMap[K]) => void> } = {
    accepted: new Set(),
    refused: new Set(),
    started: new Set(),
    ended: new Set(),
  };

  emit<K extends keyof TaskEventMap>(name: K, event: TaskEventMap[K]): void {
    for (const listener of this.#listeners[name]) listener(event);
  }

  /** Disposing the returned value ends the listening. */
  on<K extends keyof TaskEventMap>(name: K, listener: (event: TaskEventMap[K]) => void): Disposable {
    this.#listeners[name].add(listener);
    return { [Symbol.dispose]: () => void this.#listeners[name].delete(listener) };
  }
}
