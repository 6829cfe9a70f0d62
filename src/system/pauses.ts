/** Pauses of models, which operators set. The broker keeps them, with the consumers of the model's lanes. */
import type { Broker } from '../broker/broker.ts';
import { type Model, modelNamed } from '../models/models.ts';
import type { Logger } from '../process/log.ts';
import type { Queues } from './queues.ts';

export interface PausesOptions {
  readonly broker: {
    readonly queues: Pick<Broker['queues'], 'setPaused'>;
    readonly notices: Pick<Broker['notices'], 'nudge'>;
  };
  readonly queues: Pick<Queues, 'list' | 'forget'>;
  readonly models: readonly Model[];
}

export class Pauses {
  readonly #options: PausesOptions;

  constructor(options: PausesOptions) {
    this.#options = options;
  }

  /** Tells which models are still paused: a pause outlives restarts, and tasks of its model wait until they expire. */
  async tell(log: Logger): Promise<void> {
    try {
      const { models } = this.#options;
      const pauses = await Promise.all(models.map((model) => this.isPaused(model)));
      const paused = models.filter((_, i) => pauses[i]).map(({ manifest }) => manifest.name);
      if (paused.length > 0)
        log.warn({ models: paused }, 'models are paused: their tasks wait until an operator resumes them');
    } catch (err) {
      log.warn({ err }, 'whether models are paused cannot be read');
    }
  }

  /** @throws {RequestError} `BROKER_UNAVAILABLE`. */
  async isPaused({ manifest }: Model): Promise<boolean> {
    return (await this.#options.queues.list(manifest.name)).some(({ isPaused }) => isPaused);
  }

  /**
   * Ends or begins the giving out of a model's jobs. Runs go on, and tasks are accepted until the queue is full.
   *
   * @throws {RequestError} `BAD_USER_INPUT` if there is no such model, `BROKER_UNAVAILABLE`.
   */
  async set(modelName: string, isPaused: boolean): Promise<Model> {
    const { broker, queues, models } = this.#options;
    const model = modelNamed(models, modelName);
    await broker.queues.setPaused(modelName, isPaused);
    queues.forget(modelName);
    if (!isPaused) await this.#callWorkers(modelName);
    return model;
  }

  /**
   * The end of a pause wakes no request for jobs that a worker has open at the broker. An idle worker asks again after a
   * minute, and gateways nudge it only for tasks that they follow.
   */
  async #callWorkers(modelName: string): Promise<void> {
    const { broker, queues } = this.#options;
    for (const lane of await queues.list(modelName))
      if (lane.messages.waiting > 0) broker.notices.nudge(lane);
  }
}
