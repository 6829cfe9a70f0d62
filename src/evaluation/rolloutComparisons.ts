/** Comparisons for operators: the figures of all gateways together, once or every second. */
import type { Broker } from '../broker/broker.ts';
import { gatewayBusy, shuttingDown } from '../contract/errors.ts';
import { type Model, modelNamed } from '../models/models.ts';
import type { Rollouts } from '../rollout/rollouts.ts';
import { ReadWatch } from '../tasks/readWatch.ts';
import { type Comparison, Comparisons } from './comparison.ts';
import type { Shadows } from './shadows.ts';

export interface RolloutComparisonsOptions {
  readonly broker: Pick<Broker, 'shadows'>;
  readonly rollouts: Pick<Rollouts, 'of'>;
  readonly shadows: Pick<Shadows, 'found'>;
  readonly models: readonly Model[];
}

/** The comparisons of a model's shadows. */
export interface RolloutComparison {
  readonly model: Model;
  /** Since when they are tried, milliseconds since the epoch, broker time; undefined if there are none. */
  readonly since: number | undefined;
  /** The number of gateways whose tasks are counted. */
  readonly gatewayCount: number;
  readonly comparisons: readonly Comparison[];
}

const WATCH_INTERVAL_MS = 1_000;
/** The most watches at once. Each makes all gateways answer every second. */
const MAX_WATCHES = 100;

export class RolloutComparisons implements Disposable {
  readonly #options: RolloutComparisonsOptions;
  readonly #models: readonly Model[];
  readonly #watches = new Set<ReadWatch<RolloutComparison>>();

  constructor(options: RolloutComparisonsOptions) {
    this.#options = options;
    this.#models = options.models;
  }

  /**
   * The figures of all gateways that answer in time; while the broker is away, those of this one.
   *
   * @throws {RequestError} `BAD_USER_INPUT` if there is no such model.
   */
  async comparison(modelName: string): Promise<RolloutComparison> {
    const { broker, shadows } = this.#options;
    const model = modelNamed(this.#models, modelName);
    const said = await broker.shadows.askComparisons(modelName);
    // After the others, because they may learn of a change first.
    const own = shadows.found(modelName);
    if (own === undefined) return { model, since: undefined, gatewayCount: 0, comparisons: [] };
    const others = said.filter(({ home, since }) => home !== own.home && since === own.since);
    const sum = new Comparisons();
    for (const { comparisons } of [own, ...others]) sum.include(comparisons);
    return { model, since: own.since, gatewayCount: 1 + others.length, comparisons: sum.list() };
  }

  /**
   * The same figures, at once and then every second.
   *
   * @throws {RequestError} `BAD_USER_INPUT` if there is no such model; `GATEWAY_BUSY`.
   */
  watch(modelName: string): AsyncIterableIterator<RolloutComparison> {
    modelNamed(this.#models, modelName);
    if (this.#watches.size >= MAX_WATCHES)
      throw gatewayBusy(
        `This gateway has ${MAX_WATCHES} subscriptions to comparisons open already.`,
        MAX_WATCHES,
      );
    const watch = new ReadWatch({
      read: () => this.comparison(modelName),
      onClose: () => {
        clearInterval(timer);
        this.#watches.delete(watch);
      },
    });
    const timer = setInterval(() => watch.wake(), WATCH_INTERVAL_MS).unref();
    this.#watches.add(watch);
    return watch;
  }

  /** Ends every watch with `SHUTTING_DOWN`. */
  [Symbol.dispose](): void {
    for (const watch of [...this.#watches]) watch.fail(shuttingDown());
  }
}
