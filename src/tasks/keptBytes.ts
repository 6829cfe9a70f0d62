/**
 * Counts the bytes that owners have in one of the broker's stores: of results, whose sizes are estimated when a task is
 * accepted, and of blobs. They count until they have expired. A gateway that starts counts anew.
 */
import type { Owner } from '../contract/owner.ts';
import type { QuotaName } from '../contract/quotas.ts';
import type { OwnerCounts } from './ownerCounts.ts';

export interface KeptBytesOptions {
  readonly counts: Pick<OwnerCounts, 'add'>;
  /** The quota that they count in. */
  readonly name: QuotaName;
  /** How long the store keeps them, in milliseconds. */
  readonly keptMs: number;
}

/** Bytes expire in groups: those of so many parts of their life. */
const GROUPS = 60;

export class KeptBytes implements Disposable {
  readonly #options: KeptBytesOptions;
  /** The oldest first. */
  readonly #groups: Map<Owner, number>[] = [new Map()];
  readonly #timer: NodeJS.Timeout;

  constructor(options: KeptBytesOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#turn(), options.keptMs / GROUPS).unref();
  }

  /** @returns takes the bytes back: they were not stored. */
  add(owner: Owner, bytes: number): () => void {
    const group = this.#groups.at(-1);
    const count = (added: number) => {
      group?.set(owner, (group.get(owner) ?? 0) + added);
      this.#options.counts.add(owner, this.#options.name, added);
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
    for (const [owner, bytes] of this.#groups.shift() ?? [])
      this.#options.counts.add(owner, this.#options.name, -bytes);
  }
}
