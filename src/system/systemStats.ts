/**
 * The figures of the whole system: once, or every second while somebody watches. They are computed once for all who want
 * to know at a gateway, and not at all while there are none.
 */
import type { Broker, StoreState } from '../broker/broker.ts';
import { shuttingDown } from '../contract/errors.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import { Measured } from '../tasks/measured.ts';
import { ReadWatch } from '../tasks/readWatch.ts';
import type { TaskWatches } from '../tasks/taskWatches.ts';
import type { LaneOfQueue, Queues } from './queues.ts';

type Stores = { readonly queues: Pick<Broker['queues'], 'stores'> };

export interface SystemStatsOptions {
  readonly broker: Pick<Broker, 'now'> & Stores;
  /** Undefined if blobs and artifacts are held with the rest. */
  readonly blobsBroker: Stores | undefined;
  readonly queues: Pick<Queues, 'list'>;
  readonly places: Pick<TaskWatches, 'reserve'>;
}

export const ProcessRole = { Gateway: 'GATEWAY', Worker: 'WORKER', Trainer: 'TRAINER' } as const;
export type ProcessRole = (typeof ProcessRole)[keyof typeof ProcessRole];

export interface ProcessStats {
  readonly id: string;
  readonly role: ProcessRole;
  /** Milliseconds since the epoch, by the clock of the process. */
  readonly startedAt: number;
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly eventLoopDelayMs: number;
  /** Of the slots of a worker, from 0 to 1. */
  readonly busy: number | undefined;
  /** Of a gateway. */
  readonly connections: number | undefined;
  /** Of a gateway. */
  readonly subscriptions: number | undefined;
}

/** Of the tasks of all gateways that answer. */
export interface ModelStats {
  readonly model: string;
  readonly acceptedPerSecond: number;
  readonly succeededPerSecond: number;
  readonly failedPerSecond: number;
  readonly refusedPerSecond: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

export const AlertSeverity = { Warning: 'WARNING', Critical: 'CRITICAL' } as const;
export type AlertSeverity = (typeof AlertSeverity)[keyof typeof AlertSeverity];

export interface Alert {
  readonly name: string;
  readonly severity: AlertSeverity;
  readonly summary: string;
  readonly advice: string;
  readonly model: string | undefined;
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
  readonly alerts: readonly Alert[];
}

const INTERVAL_MS = 1_000;

export class SystemStats implements Disposable {
  readonly #options: SystemStatsOptions;
  readonly #measured = new Measured(() => this.#compute());
  readonly #watches = new Set<ReadWatch<SystemFigures>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SystemStatsOptions) {
    this.#options = options;
  }

  /** The figures, a second old at most. @throws {RequestError} `BROKER_UNAVAILABLE`. */
  present(): Promise<SystemFigures> {
    return this.#measured.get();
  }

  /**
   * The figures at once, and then every second. A slow reader gets the newest.
   *
   * @throws {RequestError} `GATEWAY_BUSY`, `OWNER_QUOTA`.
   */
  watch(holder: QuotaHolder): AsyncIterableIterator<SystemFigures> {
    const place = this.#options.places.reserve(holder);
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
    this.#watches.add(watch);
    this.#timer ??= setInterval(() => this.#wakeAll(), INTERVAL_MS).unref();
    return watch;
  }

  /** Ends every watch with `SHUTTING_DOWN`. */
  [Symbol.dispose](): void {
    for (const watch of [...this.#watches]) watch.fail(shuttingDown());
  }

  #wakeAll(): void {
    for (const watch of this.#watches) watch.wake();
  }

  async #compute(): Promise<SystemFigures> {
    const { broker, blobsBroker, queues } = this.#options;
    const [lanes, stores, blobStores = []] = await Promise.all([
      queues.list(),
      broker.queues.stores(),
      blobsBroker?.queues.stores(),
    ]);
    return {
      at: broker.now(),
      processes: [],
      models: [],
      queues: lanes,
      stores: [...stores, ...blobStores],
      alerts: [],
    };
  }
}
