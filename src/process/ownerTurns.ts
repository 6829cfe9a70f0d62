/** A queue in which owners come one after another, however much each of them has waiting. */
import type { Owner } from '../contract/owner.ts';

export class OwnerTurns<T> {
  /** The owner who comes next is the first. */
  readonly #waiting = new Map<Owner, T[]>();

  /** What comes next; undefined if nothing waits. */
  get first(): T | undefined {
    const [waiting] = this.#waiting.values();
    return waiting?.[0];
  }

  add(owner: Owner, item: T): void {
    const waiting = this.#waiting.get(owner) ?? [];
    waiting.push(item);
    this.#waiting.set(owner, waiting);
  }

  /** Takes what comes next. Its owner comes after all others then. */
  takeFirst(): T | undefined {
    const [next] = this.#waiting;
    if (next === undefined) return undefined;
    const [owner, waiting] = next;
    const item = waiting.shift();
    this.#waiting.delete(owner);
    if (waiting.length > 0) this.#waiting.set(owner, waiting);
    return item;
  }
}
