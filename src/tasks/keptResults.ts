/**
 * Counts the bytes of results that owners have in the broker's stores. Their sizes are estimated when a task is
 * accepted, and count until the result has expired. A gateway that starts counts anew.
 */
import type { Owner } from '../contract/owner.ts';
import { MAX_TIMEOUT_MS } from '../contract/task.ts';
import type { OwnerCounts } from './ownerCounts.ts';

export interface KeptResultsOptions {
  readonly counts: Pick<OwnerCounts, 'add'>;
  readonly resultTtlS: number;
}

/** Results expire in groups: those of so many parts of their life. */
const GROUPS = 60;

interface Kept {
  readonly owner: Owner;
  /** The name among the counts of the owner. */
  readonly counted: string;
  bytes: number;
}

export class KeptResults implements Disposable {
  readonly #counts: KeptResultsOptions['counts'];
  /** The oldest first. */
  readonly #groups: Map<string, Kept>[] = [new Map()];
  readonly #timer: NodeJS.Timeout;

  constructor({ counts, resultTtlS }: KeptResultsOptions) {
    this.#counts = counts;
    const keptMs = resultTtlS * 1_000 + MAX_TIMEOUT_MS;
    this.#timer = setInterval(() => this.#turn(), keptMs / GROUPS).unref();
  }

  /** @returns takes the bytes back: there will be no result. */
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
    // Submissions take seconds, and a group is there for longer.
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
