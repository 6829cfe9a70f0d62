/**
 * Keeps an owner with many tasks from slowing the others. Each owner has a share of a model's lane `interactive`: half a
 * batch of unfinished tasks. The tasks beyond it wait in the lane `bulk`. So a task in the lane `interactive` waits for
 * the shares of other owners only.
 *
 * An owner who alone is beyond his share has all further tasks in `bulk`, in their order. While several are, each has
 * his share in `interactive` at any time: it gets most of the run time, and so they have equal parts of it.
 */
import type { TaskLane } from '../contract/messages/bundle.ts';
import { ANONYMOUS, type Owner } from '../contract/owner.ts';
import { Lane } from '../contract/subjects.ts';
import type { Manifest } from '../models/manifest.ts';
import type { OwnerCounts } from './ownerCounts.ts';
import type { TaskUse } from './taskUse.ts';

export interface FairShareOptions {
  readonly counts: Pick<OwnerCounts, 'of' | 'ownersWith'>;
}

/** How long it stays known which owners are beyond their share. */
const KNOWN_MS = 250;

interface Greedy {
  readonly owners: readonly Owner[];
  /** On the clock of `performance.now()`. */
  readonly until: number;
}

export class FairShare {
  readonly #counts: FairShareOptions['counts'];
  /** By model. */
  readonly #greedy = new Map<string, Greedy>();

  constructor({ counts }: FairShareOptions) {
    this.#counts = counts;
  }

  /** The lane of one more task that a client waits for. Counts the task. */
  enter({ name, batching }: Manifest, use: TaskUse): TaskLane {
    // Without a login all clients are one owner: there is nobody to share with.
    if (use.owner === ANONYMOUS) return Lane.Interactive;
    const share = Math.ceil(batching.maxBatchSize / 2);
    const all = `unfinished ${name}`;
    const inShare = `interactive ${name}`;
    const isWithin =
      this.#counts.of(use.owner, all) < share ||
      (this.#counts.of(use.owner, inShare) < share && this.#hasOtherGreedy(use.owner, all, share));
    use.add(all, 1);
    if (!isWithin) return Lane.Bulk;
    use.add(inShare, 1);
    return Lane.Interactive;
  }

  #hasOtherGreedy(owner: Owner, all: string, share: number): boolean {
    const now = performance.now();
    let greedy = this.#greedy.get(all);
    if (greedy === undefined || greedy.until < now) {
      greedy = { owners: this.#counts.ownersWith(all, share), until: now + KNOWN_MS };
      this.#greedy.set(all, greedy);
    }
    return greedy.owners.some((other) => other !== owner);
  }
}
