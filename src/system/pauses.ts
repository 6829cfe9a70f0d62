/** Pauses of models, which operators set. The broker keeps them, with the consumers of the model's lanes. */
import type { Broker } from '../broker/broker.ts';
import { type Model, modelNamed } from '../models/models.ts';
import type { Queues } from './queues.ts';

export interface PausesOptions {
  readonly broker: { readonly queues: Pick<Broker['queues'], 'setPaused'> };
  readonly queues: Pick<Queues, 'list' | 'forget'>;
  readonly models: readonly Model[];
}

export class Pauses {
  readonly #options: PausesOptions;
  readonly #models: ReadonlyMap<string, Model>;

  constructor(options: PausesOptions) {
    this.#options = options;
    this.#models = new Map(options.models.map((model) => [model.manifest.name, model]));
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
    const { broker, queues } = this.#options;
    const model = modelNamed(this.#models, modelName);
    await broker.queues.setPaused(modelName, isPaused);
    queues.forget(modelName);
    return model;
  }
}
