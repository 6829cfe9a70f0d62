/** Watches of work. Those of one task share what is heard and read of it. */
import { shuttingDown } from '../contract/errors.ts';
import { mayRead } from '../contract/principal.ts';
import type { WorkAddress } from '../contract/workId.ts';
import { TaskWatch } from '../tasks/taskWatch.ts';
import type { TaskWatches, WatchOptions } from '../tasks/taskWatches.ts';
import { FollowedWork, type FollowedWorkOptions } from './followedWork.ts';
import { type WorkReader, workNotFound } from './workReader.ts';

export interface WorkWatchesOptions extends FollowedWorkOptions {
  readonly reader: Pick<WorkReader, 'address' | 'present'>;
  /** The places of all watches of this gateway. */
  readonly places: Pick<TaskWatches, 'reserve'>;
}

interface Following {
  readonly work: FollowedWork;
  readonly opened: Promise<void>;
  /** Watches that are open or being opened. */
  users: number;
}

export class WorkWatches implements Disposable {
  readonly #options: WorkWatchesOptions;
  readonly #followed = new Map<string, Following>();
  #isStopping = false;

  constructor(options: WorkWatchesOptions) {
    this.#options = options;
  }

  /** @throws {RequestError} `TASK_NOT_FOUND`, `BROKER_UNAVAILABLE`, `GATEWAY_BUSY`, `OWNER_QUOTA`, `SHUTTING_DOWN`. */
  async watch(id: string, options: WatchOptions): Promise<TaskWatch> {
    const address = this.#options.reader.address(id);
    const place = this.#options.places.reserve(options);
    const following = this.#follow(address);
    const { work } = following;
    const leave = () => {
      place[Symbol.dispose]();
      this.#leave(id, following);
    };
    try {
      await following.opened;
      if (this.#isStopping) throw shuttingDown();
      if (!mayRead(options.readable, work.task.owner)) throw workNotFound(id);
    } catch (error) {
      leave();
      throw error;
    }
    const watch = new TaskWatch({
      finalOnly: options.finalOnly,
      onClose: () => {
        work.drop(watch);
        leave();
      },
    });
    work.add(watch);
    return watch;
  }

  /** Ends every watch with `SHUTTING_DOWN`, also those that are being opened. */
  [Symbol.dispose](): void {
    this.#isStopping = true;
    for (const { work } of this.#followed.values()) work.fail(shuttingDown());
  }

  #follow(address: WorkAddress): Following {
    const known = this.#followed.get(address.id);
    if (known !== undefined) {
      known.users++;
      return known;
    }
    const work = new FollowedWork(this.#options, address);
    const following = { work, opened: work.open(), users: 1 };
    this.#followed.set(address.id, following);
    return following;
  }

  #leave(id: string, following: Following): void {
    if (--following.users > 0) return;
    if (this.#followed.get(id) === following) this.#followed.delete(id);
    following.work[Symbol.dispose]();
  }
}
