/**
 * The figures of the whole system: once, or every second while somebody watches. They are computed once for all who want
 * to know at a gateway, and not at all while there are none. Only alerts are looked for at all times, since they must last
 * before they fire.
 */

import type { Broker, StoreState } from '../broker/broker.ts';
import { gatewayBusy, RequestError, RequestErrorCode, shuttingDown } from '../contract/errors.ts';
import type { LiveErrorChange } from '../contract/liveError.ts';
import type { Owner } from '../contract/owner.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import type { Model } from '../models/models.ts';
import type { LiveWorkers } from '../rollout/presence.ts';
import { isBeyondShare } from '../tasks/ownerShare.ts';
import { ReadWatch } from '../tasks/readWatch.ts';
import type { TaskWatches } from '../tasks/taskWatches.ts';
import { alertsIn, type SeenSystem } from './alerts.ts';
import { type DatedAlert, FiringAlerts } from './firingAlerts.ts';
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
  readonly actuals: { readonly liveErrorChanges: () => Promise<readonly LiveErrorChange[]> };
  readonly watches: Pick<TaskWatches, 'reserve'>;
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
/** Between two looks for alerts while nobody watches. Prometheus looks as often. */
const ALERTS_INTERVAL_MS = 15_000;

export class SystemStats implements Disposable {
  readonly #options: SystemStatsOptions;
  readonly #watches = new Map<ReadWatch<SystemFigures>, Owner>();
  readonly #firing = new FiringAlerts();
  readonly #alertsTimer: NodeJS.Timeout;
  #newest: { readonly begunAt: number; readonly figures: Promise<SystemFigures> } | undefined;
  #isComputing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SystemStatsOptions) {
    this.#options = options;
    // A look that fails is an error for clients that ask for the figures.
    const look = () => this.#lookForAlerts().catch(() => {});
    this.#alertsTimer = setInterval(look, ALERTS_INTERVAL_MS).unref();
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
    clearInterval(this.#alertsTimer);
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

  /** No process is asked for its figures: those that are idle would be woken up. */
  async #lookForAlerts(): Promise<void> {
    if (this.#timer !== undefined || this.#isComputing) return;
    this.#alerts(await this.#look(), []);
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
    const { broker, models, processes } = this.#options;
    const [seen, answers] = await Promise.all([this.#look(), processes.look()]);
    const found = processStats(answers);
    return {
      at: broker.now(),
      processes: found,
      models: modelStats(
        answers,
        models.map(({ manifest }) => manifest.name),
      ),
      queues: seen.queues ?? [],
      stores: seen.stores,
      alerts: this.#alerts(seen, found),
    };
  }

  async #look(): Promise<Pick<SeenSystem, 'queues' | 'stores' | 'liveErrors'>> {
    const [queues, stores = [], liveErrors = []] = await Promise.all([
      unlessAway(this.#options.queues.list()),
      unlessAway(this.#stores()),
      unlessAway(this.#options.actuals.liveErrorChanges()),
    ]);
    return { queues, stores, liveErrors };
  }

  async #stores(): Promise<readonly StoreState[]> {
    const all = await Promise.all(this.#options.stores.map((each) => each.stores()));
    return all.flat();
  }

  #alerts(
    seen: Pick<SeenSystem, 'queues' | 'stores' | 'liveErrors'>,
    processes: readonly ProcessStats[],
  ): readonly DatedAlert[] {
    const { broker, models, workers } = this.#options;
    return this.#firing.of(alertsIn({ ...seen, models, processes, workers: workers.list() }), broker.now());
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
