/**
 * Subscriptions to many tasks: to those that a client names, or to those that pass a filter. The first are followed until
 * all have ended. The others are found in the list of tasks, which is read again every second. So tasks that any gateway
 * accepts are found, and a lost notice costs nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../broker/broker.ts';
import {
  badValue,
  gatewayBusy,
  quoted,
  RequestError,
  RequestErrorCode,
  shuttingDown,
} from '../contract/errors.ts';
import { ANONYMOUS, type Owner } from '../contract/owner.ts';
import type { ReadingClient } from '../contract/principal.ts';
import { isFinal, type Task } from '../contract/task.ts';
import { parseTaskId, startOfSlot } from '../contract/taskId.ts';
import { FollowedTasks } from './followedTasks.ts';
import type { ManyTasksWatch } from './manyTasksWatch.ts';
import type { OwnerQuotas } from './ownerQuotas.ts';
import { MAX_PAGE_TASKS, type TaskFilter, type TaskList } from './taskList.ts';
import { NEWEST, type Place, placeAt, placeOf, slotAt } from './taskOrder.ts';
import type { TaskWatches } from './taskWatches.ts';

export interface ListWatchesOptions {
  readonly broker: Pick<Broker, 'now'>;
  readonly list: Pick<TaskList, 'page'>;
  readonly watches: Pick<TaskWatches, 'watch' | 'reserve'>;
  readonly quotas: Pick<OwnerQuotas, 'charge'>;
}

export interface FilteredTasks {
  readonly client: ReadingClient;
  readonly filter: TaskFilter;
}

/** The most tasks that a client may name, that are shown at the start, and that are found at once later. */
export const MAX_WATCHED_TASKS = 10_000;
/** Subscriptions to a filter: each reads the list once a second. */
const MAX_FILTERED = 100;
/** Of one owner. Without a login all clients are one. */
const MAX_FILTERED_OF_OWNER = 10;
const READ_INTERVAL_MS = 1_000;
/** A task may be stored so long after its bundle was opened. */
const LATEST_STORED_MS = 10_000;

export class ListWatches implements Disposable {
  readonly #options: ListWatchesOptions;
  readonly #filtered = new Map<ManyTasksWatch, Owner>();

  constructor(options: ListWatchesOptions) {
    this.#options = options;
  }

  /**
   * The present state of each task, then each change up to its final state; then it completes. A task that cannot be
   * watched is one refusal.
   *
   * @throws {RequestError} `BAD_USER_INPUT`, `RATE_LIMITED`, `OWNER_QUOTA`, `GATEWAY_BUSY`, `BROKER_UNAVAILABLE`.
   */
  async watchIds(ids: readonly string[], client: ReadingClient): Promise<ManyTasksWatch> {
    if (ids.length === 0 || ids.length > MAX_WATCHED_TASKS)
      throw badValue('ids', `a list of 1 to ${MAX_WATCHED_TASKS} ids`, `${ids.length} ids`);
    // Refused at once: 10,000 refusals would keep the gateway busy for seconds.
    const wrong = ids.find((id) => parseTaskId(id) === undefined);
    if (wrong !== undefined)
      throw badValue('ids', 'ids of predictions, as mutations returned them', quoted(wrong.slice(0, 100)));
    const { watches, quotas } = this.#options;
    // One that names no task of the client costs as much.
    quotas.charge(client, ids.length);
    const tasks = new FollowedTasks({ watches, onClose: () => {} });
    try {
      await tasks.follow([...new Set(ids)], client);
    } catch (error) {
      await tasks.shown.return();
      throw error;
    }
    tasks.complete();
    return tasks.shown;
  }

  /**
   * The present state of each task that passes the filter, `MAX_WATCHED_TASKS` at most, then each change of these and of
   * tasks that are submitted later. A task belongs to it if it passes the filter when it is found. It does not complete.
   *
   * @throws {RequestError} `GATEWAY_BUSY`, `BROKER_UNAVAILABLE`.
   */
  async watchFilter(asked: FilteredTasks): Promise<ManyTasksWatch> {
    const { watches } = this.#options;
    const { client } = asked;
    const place = this.#takePlace(client);
    const left = new AbortController();
    const tasks = new FollowedTasks({
      watches,
      onClose: () => {
        left.abort();
        this.#filtered.delete(tasks.shown);
        place[Symbol.dispose]();
      },
    });
    this.#filtered.set(tasks.shown, client.owner);
    const known = new Set<string>();
    const from = this.#latestPlace();
    try {
      await this.#readOn(tasks, asked, known, '');
    } catch (error) {
      await tasks.shown.return();
      throw error;
    }
    void this.#readNowAndThen(tasks, asked, { known, from }, left.signal);
    return tasks.shown;
  }

  /** Ends the subscriptions to filters with `SHUTTING_DOWN`. The tasks of the others end theirs. */
  [Symbol.dispose](): void {
    for (const watch of [...this.#filtered.keys()]) watch.fail(shuttingDown());
  }

  /** @throws {RequestError} `GATEWAY_BUSY`, `OWNER_QUOTA`. */
  #takePlace(client: ReadingClient): Disposable {
    const { owner } = client;
    const ofOwner = [...this.#filtered.values()].filter((other) => other === owner).length;
    const limit = owner === ANONYMOUS ? MAX_FILTERED : MAX_FILTERED_OF_OWNER;
    if (this.#filtered.size >= MAX_FILTERED || ofOwner >= limit)
      throw gatewayBusy(
        `This gateway has ${MAX_FILTERED} subscriptions to filtered tasks open already, or ${limit} of your owner.`,
        limit,
      );
    return this.#options.watches.reserve(client);
  }

  async #readNowAndThen(
    tasks: FollowedTasks,
    asked: FilteredTasks,
    { known, from: first }: { readonly known: Set<string>; readonly from: Place },
    signal: AbortSignal,
  ): Promise<void> {
    let from = first;
    while (!signal.aborted) {
      await sleep(READ_INTERVAL_MS, undefined, { signal, ref: false }).catch(() => {});
      // A client that does not read finds what it has missed in the list.
      while (tasks.shown.waiting >= MAX_WATCHED_TASKS && !tasks.shown.ended) await tasks.shown.fetched();
      if (signal.aborted) return;
      const next = this.#latestPlace();
      try {
        await this.#readOn(tasks, asked, known, from);
        for (const id of known) if (placeOf({ id }) < next) known.delete(id);
        from = next;
      } catch (error) {
        // While the broker is away there is nothing to find.
        if (!(error instanceof RequestError) || error.code !== RequestErrorCode.BrokerUnavailable)
          tasks.shown.fail(error);
      }
    }
  }

  /** Every task with an earlier place is stored by now. */
  #latestPlace(): Place {
    return placeAt(this.#options.broker.now() - LATEST_STORED_MS);
  }

  /** Follows the tasks from a place on that are not known yet. */
  async #readOn(tasks: FollowedTasks, asked: FilteredTasks, known: Set<string>, from: Place): Promise<void> {
    const { list } = this.#options;
    const { client } = asked;
    // A task is submitted after its bundle was opened. Without this, a filter that no task passes would be read through
    // to the oldest task each time.
    const since =
      from === '' ? asked.filter.since : Math.max(asked.filter.since ?? 0, startOfSlot(slotAt(from)));
    const filter = { ...asked.filter, since };
    const found: Task[] = [];
    for (let after: string | undefined = NEWEST; after !== undefined; ) {
      const page = await list.page({ client, filter, first: MAX_PAGE_TASKS, after });
      found.push(...page.tasks.filter((task) => placeOf(task) >= from && !known.has(task.id)));
      const isRead =
        !page.hasNextPage || (page.endCursor ?? from) <= from || found.length >= MAX_WATCHED_TASKS;
      after = isRead || tasks.shown.ended ? undefined : page.endCursor;
    }
    for (const task of found) {
      if (!isFinal(task)) continue;
      known.add(task.id);
      tasks.shown.show(task.id, { task });
    }
    const open = found.filter((task) => !isFinal(task));
    await tasks.follow(
      open.map(({ id }) => id),
      client,
      (id) => known.add(id),
    );
  }
}
