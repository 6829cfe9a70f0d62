/**
 * Sends tasks to the queue in bundles, without a timer: a bundle is what was submitted while the one before was being
 * stored. When nothing is being stored, it is what came in one turn of the event loop: mostly one task, which waits for
 * nothing. A full bundle is sent at the end of the turn in any case.
 */
import type { Broker } from '../broker/broker.ts';
import { type BundledJob, bundleOf, type TaskLane } from '../contract/messages/bundle.ts';
import type { Job } from '../contract/messages/job.ts';
import type { Owner } from '../contract/owner.ts';
import {
  type BundleAddress,
  type BundleOrigin,
  MAX_BUNDLE_ROWS,
  newBundleAddress,
  newRowAddress,
  type TaskAddress,
} from '../contract/taskId.ts';
import type { Manifest } from '../models/manifest.ts';
import { BundleNumbers } from './bundleNumbers.ts';
import { rowsThatFit } from './chunkSize.ts';
import { firstTry, type Storing, type Try } from './storing.ts';

export interface BundlesOptions {
  readonly broker: Pick<Broker, 'storeBundle' | 'now'>;
  readonly storing: Pick<Storing, 'storeJob'>;
  readonly home: string;
}

/** What the tasks of a bundle have in common. */
export interface Common {
  readonly manifest: Manifest;
  readonly version: string;
  readonly isPinned: boolean;
  readonly lane: TaskLane;
  readonly owner: Owner;
  readonly timeoutMs: number;
  readonly deadlineSecond: number;
}

/** A place in a bundle. */
export interface Place {
  readonly address: TaskAddress;
  /**
   * Resolves once the bundle is stored. Called in the turn of the event loop in which the place was taken.
   *
   * @throws {RequestError} `QUEUE_FULL`, `BROKER_UNAVAILABLE`.
   */
  store(job: Job): Promise<void>;
}

interface OpenBundle {
  readonly address: BundleAddress;
  readonly jobs: BundledJob[];
  readonly stored: PromiseWithResolvers<void>;
  /** On the clock of `performance.now()`: its first task has waited for so long as a mutation may then. */
  readonly giveUpAt: number;
  placesTaken: number;
  isSent: boolean;
}

/** The bundles of tasks with the same in common. */
interface Group {
  readonly key: string;
  readonly maxRows: number;
  /** Takes tasks. */
  open: OpenBundle | undefined;
  /** Whether the open bundle is sent at the end of this turn. */
  isDue: boolean;
  /** Bundles that are being stored. */
  storing: number;
}

export class Bundles {
  readonly #options: BundlesOptions;
  readonly #groups = new Map<string, Group>();
  readonly #numbers = new BundleNumbers();

  constructor(options: BundlesOptions) {
    this.#options = options;
  }

  /** Takes a place for a new task. A place without a job stays empty. */
  place(common: Common): Place {
    const group = this.#groupOf(common);
    group.open ??= this.#openBundle(common);
    const bundle = group.open;
    const address = newRowAddress(bundle.address, bundle.placesTaken++);
    if (bundle.placesTaken === group.maxRows) {
      group.open = undefined;
      setImmediate(() => void this.#send(group, bundle));
    } else if (group.storing === 0) this.#sendSoon(group);
    return { address, store: (job) => join(bundle, { job, address }) };
  }

  /** The address of a new task that is alone in its bundle. @param deadline milliseconds, broker time. */
  placeAlone(model: string, owner: Owner, deadline: number): TaskAddress {
    const deadlineSecond = Math.ceil(deadline / 1000);
    return newRowAddress(this.#newBundle({ model, owner, deadlineSecond }), 0);
  }

  /** Stores a task that is alone in its bundle, unless an earlier try has stored it. Throws as `Place.store`. */
  async storeAlone(task: BundledJob, { again, giveUpAt }: Try): Promise<void> {
    await this.#store([task], giveUpAt, again);
  }

  #groupOf(common: Common): Group {
    const key = keyOf(common);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const { manifest } = common;
    const maxRows = Math.min(MAX_BUNDLE_ROWS, manifest.batching.maxBatchSize, rowsThatFit(manifest));
    const group = { key, maxRows, open: undefined, isDue: false, storing: 0 };
    this.#groups.set(key, group);
    return group;
  }

  #newBundle(place: Pick<BundleOrigin, 'model' | 'owner' | 'deadlineSecond'>): BundleAddress {
    const { broker, home } = this.#options;
    return newBundleAddress({ ...place, home, openedAt: this.#numbers.next(broker.now()) });
  }

  #openBundle({ manifest, owner, deadlineSecond }: Common): OpenBundle {
    return {
      address: this.#newBundle({ model: manifest.name, owner, deadlineSecond }),
      jobs: [],
      stored: Promise.withResolvers(),
      giveUpAt: firstTry().giveUpAt,
      placesTaken: 0,
      isSent: false,
    };
  }

  #sendSoon(group: Group): void {
    if (group.isDue) return;
    group.isDue = true;
    setImmediate(() => {
      group.isDue = false;
      const bundle = group.open;
      group.open = undefined;
      if (bundle !== undefined) void this.#send(group, bundle);
    });
  }

  async #send(group: Group, bundle: OpenBundle): Promise<void> {
    bundle.isSent = true;
    if (bundle.jobs.length > 0) {
      group.storing++;
      try {
        await this.#store(bundle.jobs, bundle.giveUpAt, false);
        bundle.stored.resolve();
      } catch (error) {
        bundle.stored.reject(error);
      }
      group.storing--;
    }
    if (group.storing > 0) return;
    if (group.open !== undefined) this.#sendSoon(group);
    else this.#groups.delete(group.key);
  }

  /** @param again whether an earlier try may have stored it. */
  async #store(jobs: readonly BundledJob[], giveUpAt: number, again: boolean): Promise<void> {
    const { broker, storing } = this.#options;
    const bundle = bundleOf(jobs);
    let isRetry = again;
    await storing.storeJob(bundle.address.model, giveUpAt, () => {
      const outcome = broker.storeBundle(bundle, isRetry ? { after: 0 } : {});
      isRetry = true;
      return outcome;
    });
  }
}

function keyOf({ manifest, version, isPinned, lane, owner, timeoutMs, deadlineSecond }: Common): string {
  return `${manifest.name} ${version} ${isPinned} ${lane} ${timeoutMs} ${deadlineSecond} ${owner}`;
}

function join(bundle: OpenBundle, task: BundledJob): Promise<void> {
  if (bundle.isSent) throw new Error('a job is given in the turn in which its place was taken');
  bundle.jobs.push(task);
  return bundle.stored.promise;
}
