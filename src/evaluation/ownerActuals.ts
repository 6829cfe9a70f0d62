/**
 * How many actuals of each owner the broker keeps, counted from their stream. They are counted in blocks of sequences: a
 * block counts until its last actual is gone.
 */
import type { Owner } from '../contract/owner.ts';

const BLOCK = 1_000;

export class OwnerActuals {
  readonly #blocks = new Map<number, Map<Owner, number>>();

  /** @param sequence of the actual in the stream. Each is added once. */
  add(owner: Owner, sequence: number): void {
    const block = Math.floor(sequence / BLOCK);
    const counts = this.#blocks.get(block) ?? new Map<Owner, number>();
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
    this.#blocks.set(block, counts);
  }

  of(owner: Owner): number {
    let count = 0;
    for (const counts of this.#blocks.values()) count += counts.get(owner) ?? 0;
    return count;
  }

  /** @param sequence the first that the stream holds. */
  forgetBefore(sequence: number): void {
    for (const block of this.#blocks.keys()) if ((block + 1) * BLOCK <= sequence) this.#blocks.delete(block);
  }

  clear(): void {
    this.#blocks.clear();
  }
}
