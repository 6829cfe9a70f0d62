/** Watches of work. Those of one task share what is heard and read of it. */
import type { Broker } from '../broker/broker.ts';
import { shuttingDown } from '../contract/errors.ts';
import { mayRead } from '../contract/principal.ts';
import type { WorkAddress } from '../contract/workId.ts';
import { patiently } from '../tasks/patience.ts';
import { TaskWatch } from '../tasks/taskWatch.ts';
import type { TaskWatches, WatchOptions } from '../tasks/taskWatches.ts';
import { FollowedWork, type FollowedWorkOptions } from './followedWork.ts';
import { type WorkReader, workNotFound } from './workReader.ts';

export interface WorkWatchesOptions extends FollowedWorkOptions {
  readonly broker: Pick<Broker, 'work' | 'onConnectionChange' | 'whenConnected'>;
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
  readonly #stopping = new AbortController();

  constructor(options: WorkWatchesOptions) {
    this.#options = options;
  }

  /** @throws {RequestError} `TASK_NOT_FOUND`, `BROKER_UNAVAILABLE`, `GATEWAY_BUSY`, `OWNER_QUOTA`, `SHUTTING_DOWN`. */
  async watch(id: string, options: WatchOptions): Promise<TaskWatch> {
    const { broker, places, reader } = this.#options;
    const address = reader.address(id);
    using reserved = new DisposableStack();
    reserved.use(places.reserve(options));
    const open = () => this.#opened(address);
    const { signal } = this.#stopping;
    const following = options.isPatient === true ? await patiently({ broker, signal }, open) : await open();
    const { work } = following;
    reserved.defer(() => this.#leave(id, following));
    if (signal.aborted) throw shuttingDown();
    if (!mayRead(options.readable, work.task.owner)) throw workNotFound(id);
    const place = reserved.move();
    const watch = new TaskWatch({
      finalOnly: options.finalOnly,
      onClose: () => {
        work.drop(watch);
        place[Symbol.dispose]();
      },
    });
    work.add(watch);
    return watch;
  }

  /** Ends every watch with `SHUTTING_DOWN`, also those that are being opened. */
  [Symbol.dispose](): void {
    this.#stopping.abort();
    for (const { work } of this.#followed.values()) work.fail(shuttingDown());
  }

  /** @throws {RequestError} as `FollowedWork.open`. */
  async #opened(address: WorkAddress): Promise<Following> {
    const following = this.#follow(address);
    try {
      await following.opened;
      return following;
    } catch (error) {
      this.#leave(address.id, following);
      throw error;
    }
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
