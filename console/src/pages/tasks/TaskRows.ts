/**
 * The tasks of the list, newest first. It is a store of its own beside Apollo's cache: hundreds of changes a second cost
 * ten drawings, and only of the rows that are seen.
 */
import type { ListedTaskFragment } from '../../api/gql/graphql.ts';

export type ListedTask = ListedTaskFragment;

/** More than a subscription begins with; then the oldest leave. */
const MAX_ROWS = 20_000;
const DRAW_EVERY_MS = 100;

export class TaskRows {
  readonly #rows = new Map<string, ListedTask>();
  readonly #listeners = new Set<() => void>();
  #sorted: readonly ListedTask[] = [];
  #isDrawing = false;

  /** Takes new tasks, and changes of known ones. Listeners hear of them in a moment. */
  put(...tasks: readonly ListedTask[]): void {
    for (const task of tasks) this.#rows.set(task.id, task);
    if (this.#isDrawing || tasks.length === 0) return;
    this.#isDrawing = true;
    setTimeout(() => {
      this.#isDrawing = false;
      this.#sort();
      for (const listener of this.#listeners) listener();
    }, DRAW_EVERY_MS);
  }

  /** For `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The same list until something changes. */
  readonly present = (): readonly ListedTask[] => this.#sorted;

  #sort(): void {
    const sorted = [...this.#rows.values()].sort(newestFirst);
    for (const { id } of sorted.splice(MAX_ROWS)) this.#rows.delete(id);
    this.#sorted = sorted;
  }
}

function newestFirst(a: ListedTask, b: ListedTask): number {
  if (a.submittedAt !== b.submittedAt) return a.submittedAt < b.submittedAt ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}
