/**
 * The figures of the whole system: once, or every second while somebody watches. They are computed once for all who want
 * to know at a gateway, and not at all while there are none.
 */
import type { Broker, StoreState } from '../broker/broker.ts';
import { gatewayBusy, RequestError, RequestErrorCode, shuttingDown } from '../contract/errors.ts';
import type { Owner } from '../contract/owner.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import type { Model } from '../models/models.ts';
import type { LiveWorkers } from '../rollout/presence.ts';
import { isBeyondShare } from '../tasks/ownerShare.ts';
import { ReadWatch } from '../tasks/readWatch.ts';
import type { TaskWatches } from '../tasks/taskWatches.ts';
import { type Alert, alertsIn } from './alerts.ts';
import type { ProcessFigures } from './processFigures.ts';
import type { LaneOfQueue, Queues } from './queues.ts';
import { type ModelStats, modelStats, type ProcessStats, processStats } from './rates.ts';

export interface SystemStatsOptions {
  readonly broker: Pick<Broker, 'now'>;
  /** At each broker. */
  readonly stores: readonly Pick<Broker['queues'], 'stores'>[];
  readonly models: readonly Model[];
  readonly workers: Pick<LiveWorkers, 'list'>;
  readonly queues: Pick<Queues, 'list'>;
  readonly processes: Pick<ProcessFigures, 'look'>;
  readonly watches: Pick<TaskWatches, 'reserve'>;
}

export interface DatedAlert extends Alert {
  /** Since when this gateway sees it, in milliseconds since the epoch (broker time). */
  readonly since: number;
}

export interface SystemFigures {
  /** Milliseconds since the epoch, broker time. */
  readonly at: number;
  readonly processes: readonly ProcessStats[];
  readonly models: readonly ModelStats[];
  readonly queues: readonly LaneOfQueue[];
  readonly stores: readonly StoreState[];
  readonly alerts: readonly DatedAlert[];
}

const INTERVAL_MS = 1_000;
/** Each gets all figures every second, which are kilobytes, and megabytes in a large system. */
const MAX_WATCHES = 100;
/** Alerts that were seen before a longer pause are new when they are seen again. */
const REMEMBER_MS = 10_000;

export class SystemStats implements Disposable {
  readonly #options: SystemStatsOptions;
  readonly #watches = new Map<ReadWatch<SystemFigures>, Owner>();
  /** By what alerts say: since when they are seen. */
  #seenSince: ReadonlyMap<string, number> = new Map();
  #seenAt = Number.NEGATIVE_INFINITY;
  #newest: { readonly begunAt: number; readonly figures: Promise<SystemFigures> } | undefined;
  #isComputing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SystemStatsOptions) {
    this.#options = options;
  }

  /** The figures, a second old at most. While the broker is away, those of queues and stores are missing. */
  present(): Promise<SystemFigures> {
    const newest = this.#newest;
    if (newest === undefined) return this.#renew();
    const isRenewed = this.#timer !== undefined || this.#isComputing;
    return isRenewed || performance.now() - newest.begunAt < INTERVAL_MS ? newest.figures : this.#renew();
  }

  /**
   * The figures at once, and then every second. A slow reader gets the newest.
   *
   * @throws {RequestError} `GATEWAY_BUSY`, `OWNER_QUOTA`.
   */
  watch(holder: QuotaHolder): AsyncIterableIterator<SystemFigures> {
    const place = this.#takePlace(holder);
    const watch = new ReadWatch({
      read: () => this.present(),
      onClose: () => {
        place[Symbol.dispose]();
        this.#watches.delete(watch);
        if (this.#watches.size > 0) return;
        clearInterval(this.#timer);
        this.#timer = undefined;
      },
    });
    this.#watches.set(watch, holder.owner);
    if (this.#timer === undefined) {
      // Before the timer is there: from then on, the newest figures count as renewed.
      void this.present();
      this.#timer = setInterval(() => this.#tick(), INTERVAL_MS).unref();
    }
    return watch;
  }

  /** Ends every watch with `SHUTTING_DOWN`. */
  [Symbol.dispose](): void {
    for (const watch of [...this.#watches.keys()]) watch.fail(shuttingDown());
  }

  /** @throws {RequestError} `GATEWAY_BUSY`, `OWNER_QUOTA`. */
  #takePlace(holder: QuotaHolder): Disposable {
    const ofOwner = [...this.#watches.values()].filter((other) => other === holder.owner).length;
    const free = MAX_WATCHES - this.#watches.size;
    if (free < 1 || isBeyondShare(holder.owner, ofOwner + 1, free))
      throw gatewayBusy(
        `This gateway has ${MAX_WATCHES} subscriptions to figures open, or the share of their owner, already.`,
        MAX_WATCHES,
      );
    return this.#options.watches.reserve(holder);
  }

  #tick(): void {
    // With a broker that hangs, it takes longer than a second.
    if (this.#isComputing) return;
    void this.#renew();
    for (const watch of this.#watches.keys()) watch.wake();
  }

  #renew(): Promise<SystemFigures> {
    this.#isComputing = true;
    const figures = this.#compute().finally(() => {
      this.#isComputing = false;
    });
    this.#newest = { begunAt: performance.now(), figures };
    return figures;
  }

  async #compute(): Promise<SystemFigures> {
    const { broker, models, workers, processes } = this.#options;
    const [queues, stores = [], answers] = await Promise.all([
      unlessAway(this.#options.queues.list()),
      unlessAway(this.#stores()),
      processes.look(),
    ]);
    const at = broker.now();
    const found = processStats(answers);
    const alerts = alertsIn({ models, queues, stores, processes: found, workers: workers.list() });
    return {
      at,
      processes: found,
      models: modelStats(
        answers,
        models.map(({ manifest }) => manifest.name),
      ),
      queues: queues ?? [],
      stores,
      alerts: this.#dated(alerts, at),
    };
  }

  async #stores(): Promise<readonly StoreState[]> {
    const all = await Promise.all(this.#options.stores.map((each) => each.stores()));
    return all.flat();
  }

  #dated(alerts: readonly Alert[], now: number): readonly DatedAlert[] {
    const before = now - this.#seenAt > REMEMBER_MS ? new Map<string, number>() : this.#seenSince;
    this.#seenAt = now;
    const dated = alerts.map((alert) => ({ ...alert, since: before.get(alert.summary) ?? now }));
    this.#seenSince = new Map(dated.map(({ summary, since }) => [summary, since]));
    return dated;
  }
}

/** @returns undefined if the broker does not answer. */
async function unlessAway<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof RequestError && error.code === RequestErrorCode.BrokerUnavailable) return undefined;
    throw error;
  }
}
