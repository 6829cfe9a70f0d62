/**
 * Counts the bytes that owners have in the broker's stores: of results, whose sizes are estimated when a task is
 * accepted, and of blobs. They count until they have expired. A gateway that starts counts anew.
 */
import type { Owner } from '../contract/owner.ts';
import type { OwnerCounts } from './ownerCounts.ts';

export interface KeptBytesOptions {
  readonly counts: Pick<OwnerCounts, 'add'>;
  /** How long the stores keep them, in milliseconds. */
  readonly keptMs: number;
}

/** Bytes expire in groups: those of so many parts of their life. */
const GROUPS = 60;

interface Kept {
  readonly owner: Owner;
  /** The name among the counts of the owner. */
  readonly counted: string;
  bytes: number;
}

export class KeptBytes implements Disposable {
  readonly #counts: KeptBytesOptions['counts'];
  /** The oldest first. */
  readonly #groups: Map<string, Kept>[] = [new Map()];
  readonly #timer: NodeJS.Timeout;

  constructor({ counts, keptMs }: KeptBytesOptions) {
    this.#counts = counts;
    this.#timer = setInterval(() => this.#turn(), keptMs / GROUPS).unref();
  }

  /** @returns takes the bytes back: they were not stored. */
  add(owner: Owner, counted: string, bytes: number): () => void {
    const group = this.#groups.at(-1);
    const key = `${counted} ${owner}`;
    const count = (added: number) => {
      const kept = group?.get(key) ?? { owner, counted, bytes: 0 };
      kept.bytes += added;
      group?.set(key, kept);
      this.#counts.add(owner, counted, added);
    };
    count(bytes);
    // That takes seconds, and a group is there for longer.
    return () => count(-bytes);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #turn(): void {
    this.#groups.push(new Map());
    if (this.#groups.length <= GROUPS + 1) return;
    for (const { owner, counted, bytes } of this.#groups.shift()?.values() ?? [])
      this.#counts.add(owner, counted, -bytes);
  }
}
