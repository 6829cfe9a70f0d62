import type { FinishedTask } from '../task.ts';

/** Of both maps together. */
const RECENT_MAX = 10_000;

/**
 * Finished own tasks, kept for subscribers who come a moment after the end. For older ones the stream is asked.
 *
 * Two maps that take turns: to find the oldest of one map means to step over all that were removed before it.
 */
export class RecentTasks {
  #newer = new Map<string, FinishedTask>();
  #older: ReadonlyMap<string, FinishedTask> = this.#newer;

  add(task: FinishedTask): void {
    this.#newer.set(task.id, task);
    if (this.#newer.size >= RECENT_MAX / 2) this.forgetOlder();
  }

  get(id: string): FinishedTask | undefined {
    return this.#newer.get(id) ?? this.#older.get(id);
  }

  forgetOlder(): void {
    this.#older = this.#newer;
    this.#newer = new Map();
  }
}
