/**
 * Watches of tasks: each shows its reader a task from its present state to its end. An own task costs no question to
 * the broker. A foreign one is followed while it is watched, in the order subscribe, flush, read: an end that comes
 * between two of these steps is received or read.
 */
import type { Broker } from '../broker/broker.ts';
import { gatewayBusy, shuttingDown } from '../contract/errors.ts';
import type { ReadingClient } from '../contract/principal.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import { type FinishedTask, isFinal, type Task } from '../contract/task.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import type { OpenTask } from './openTask.ts';
import type { OpenTasks } from './openTasks.ts';
import type { OwnerQuotas } from './ownerQuotas.ts';
import type { PartialOutputs } from './partialOutputs.ts';
import { patiently } from './patience.ts';
import type { TaskNotices } from './taskNotices.ts';
import type { TaskReader } from './taskReader.ts';
import { TaskWatch } from './taskWatch.ts';
import type { UpdateWishes } from './updateWishes.ts';
import type { WatchedTasks } from './watchedTasks.ts';

export interface TaskWatchesOptions {
  readonly broker: Pick<Broker, 'ends' | 'notices' | 'whenConnected'>;
  readonly open: OpenTasks;
  readonly reader: Pick<TaskReader, 'address' | 'known' | 'present'>;
  readonly notices: Pick<TaskNotices, 'listenTo'>;
  readonly wishes: Pick<UpdateWishes, 'add'>;
  readonly watched: WatchedTasks;
  readonly partials: Pick<PartialOutputs, 'forget'>;
  /** The most watches that are open or being opened. */
  readonly maxSubscriptions: number;
  readonly quotas: Pick<OwnerQuotas, 'openSubscription' | 'closeSubscription'>;
}

export interface WatchOptions extends ReadingClient {
  /** Whether the final state only is shown. */
  readonly finalOnly: boolean;
  /** Whether it waits for a broker that does not answer, see `patiently`. @default false */
  readonly isPatient?: boolean;
}

export class TaskWatches implements Disposable {
  readonly #options: TaskWatchesOptions;
  readonly #stopping = new AbortController();
  #subscriptions = 0;

  constructor(options: TaskWatchesOptions) {
    this.#options = options;
  }

  /** The places that are taken. */
  get count(): number {
    return this.#subscriptions;
  }

  /**
   * Keeps the place of a watch that is opened later.
   *
   * @returns the place. Disposing it gives it back; if the watch is opened in the same step, no other can take it.
   * @throws {RequestError} `GATEWAY_BUSY` or `OWNER_QUOTA` if there is none.
   */
  reserve(holder: QuotaHolder): Disposable {
    this.#takePlace(holder);
    let isKept = true;
    return {
      [Symbol.dispose]: () => {
        if (isKept) this.#giveBackPlace(holder);
        isKept = false;
      },
    };
  }

  /** @throws {RequestError} `GATEWAY_BUSY`, `OWNER_QUOTA`, `TASK_NOT_FOUND`, `RESULT_EXPIRED`, `BROKER_UNAVAILABLE`. */
  async watch(id: string, options: WatchOptions): Promise<TaskWatch> {
    const { broker, reader, open } = this.#options;
    this.#takePlace(options);
    try {
      const known = reader.known(id, options.readable);
      if (known === undefined) {
        const address = reader.address(id);
        const watchForeign = () => this.#watchForeign(address, options);
        if (options.isPatient !== true) return await watchForeign();
        return await patiently({ broker, signal: this.#stopping.signal }, watchForeign);
      }
      const followed = open.followed(id);
      return followed === undefined || isFinal(known)
        ? this.#watchFinished(known, options)
        : this.#watchFollowed(followed, options);
    } catch (error) {
      this.#giveBackPlace(options);
      throw error;
    }
  }

  /** Ends every watch with `SHUTTING_DOWN`, so that the client subscribes again on another gateway. */
  [Symbol.dispose](): void {
    const stopping = shuttingDown();
    this.#stopping.abort();
    for (const { watches } of [...this.#options.watched])
      for (const watch of [...watches]) watch.fail(stopping);
  }

  #takePlace(holder: QuotaHolder): void {
    const { maxSubscriptions, quotas } = this.#options;
    if (this.#subscriptions >= maxSubscriptions) {
      throw gatewayBusy(
        `This gateway has ${maxSubscriptions} subscriptions open already (MAX_SUBSCRIPTIONS).`,
        maxSubscriptions,
      );
    }
    quotas.openSubscription(holder);
    this.#subscriptions++;
  }

  #giveBackPlace(holder: QuotaHolder): void {
    this.#subscriptions--;
    this.#options.quotas.closeSubscription(holder);
  }

  async #watchForeign(address: TaskAddress, options: WatchOptions): Promise<TaskWatch> {
    const { broker, open, reader } = this.#options;
    let heard: FinishedTask | undefined;
    const news = await broker.ends.listenTask(address, (end) => {
      heard = end;
      open.finish(end);
    });
    try {
      const present = await reader.present(address, options.readable);
      const task = heard ?? present.task;
      const openedMeanwhile = open.followed(address.id);
      if (!isFinal(task) && openedMeanwhile === undefined)
        return this.#watchFollowed(open.followForeign(address, present, news), options);
      news[Symbol.dispose]();
      return openedMeanwhile === undefined
        ? this.#watchFinished(task, options)
        : this.#watchFollowed(openedMeanwhile, options);
    } catch (error) {
      news[Symbol.dispose]();
      throw error;
    }
  }

  #watchFollowed(followed: OpenTask, options: WatchOptions): TaskWatch {
    const { finalOnly } = options;
    const { open, notices, wishes, watched, partials } = this.#options;
    const hearsRunning = !finalOnly && followed.news !== undefined;
    const running = hearsRunning ? notices.listenTo(followed.address.home) : undefined;
    const wish = finalOnly ? undefined : wishes.add(followed.address.home);
    const watch = new TaskWatch({
      finalOnly,
      onClose: () => {
        this.#giveBackPlace(options);
        running?.[Symbol.dispose]();
        wish?.[Symbol.dispose]();
        followed.watches.delete(watch);
        if (followed.watches.size > 0) return;
        watched.drop(followed);
        open.forget(followed);
        partials.forget(followed.address.id);
      },
    });
    followed.watches.add(watch);
    watched.add(followed);
    watch.show(followed.task);
    return watch;
  }

  #watchFinished(task: Task, options: WatchOptions): TaskWatch {
    const { finalOnly } = options;
    const watch = new TaskWatch({ finalOnly, onClose: () => this.#giveBackPlace(options) });
    watch.show(task);
    return watch;
  }
}
