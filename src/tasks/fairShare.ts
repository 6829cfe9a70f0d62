/**
 * Keeps an owner with many tasks from slowing the others. An owner with few unfinished tasks of a model has them in the
 * lane `interactive`. An owner with more is greedy: his further tasks wait in the lane `bulk`, in their order.
 *
 * While several owners are greedy, each has a share of a batch in `interactive` at any time: that lane gets most of the
 * run time, and so they have equal parts of it.
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

/**
 * A calm owner may have so many unfinished tasks, or half a batch if that is more. With fewer, tasks that come at random
 * would often find a few before them, and wait behind the backlog of others.
 */
const CALM_TASKS = 32;
/** Of a model with small batches it is so many of them: the tasks of others wait for the runs of all that came before. */
const CALM_BATCHES = 4;
/** How long it stays known which owners are greedy. */
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
    const share = batching.maxBatchSize;
    const all = `unfinished ${name}`;
    const inShare = `interactive ${name}`;
    const calm = Math.max(Math.ceil(share / 2), Math.min(CALM_TASKS, CALM_BATCHES * share));
    const isWithin =
      this.#counts.of(use.owner, all) < calm ||
      (this.#counts.of(use.owner, inShare) < share && this.#hasOtherGreedy(use.owner, all, calm));
    use.add(all, 1);
    if (!isWithin) return Lane.Bulk;
    use.add(inShare, 1);
    return Lane.Interactive;
  }

  #hasOtherGreedy(owner: Owner, all: string, calm: number): boolean {
    const now = performance.now();
    let greedy = this.#greedy.get(all);
    if (greedy === undefined || greedy.until < now) {
      greedy = { owners: this.#counts.ownersWith(all, calm), until: now + KNOWN_MS };
      this.#greedy.set(all, greedy);
    }
    return greedy.owners.some((other) => other !== owner);
  }
}
