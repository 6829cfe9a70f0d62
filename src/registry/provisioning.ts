/**
 * Makes the streams and consumers for all other processes, and keeps them: as an admin at a broker with roles, where the
 * others may not. It follows the catalogue and the registry, so a new version gets its consumers while everything runs,
 * and a retired one loses them.
 */
import { type Broker, type BrokerOptions, openBlobsBroker, openBroker } from '../broker/broker.ts';
import { messageOf } from '../contract/errors.ts';
import type { Catalog } from '../models/catalog.ts';
import type { Model } from '../models/models.ts';
import { Puller, type PullerOptions } from './puller.ts';
import { recordOnly } from './recordOnly.ts';
import { dropRetired } from './retiredConsumers.ts';

export interface ProvisionerOptions extends Omit<BrokerOptions, 'models' | 'role' | 'name'> {
  readonly catalog: Pick<Catalog, 'folderOf' | 'models' | 'setRegistered' | 'watch'>;
}

const RETRY_MS = 1_000;
const DROP_INTERVAL_MS = 60_000;

export class Provisioner implements AsyncDisposable {
  readonly #broker: Broker;
  readonly #blobsBroker: Broker | undefined;
  readonly #log: BrokerOptions['log'];
  readonly #watching = new DisposableStack();
  readonly #puller: Puller;
  readonly #dropTimer: NodeJS.Timeout;
  /** Models with a version whose consumers could not be made, until the next try. */
  readonly #lacking = new Set<Model>();
  #retry: NodeJS.Timeout | undefined;

  private constructor(broker: Broker, blobsBroker: Broker | undefined, { catalog, log }: ProvisionerOptions) {
    this.#broker = broker;
    this.#blobsBroker = blobsBroker;
    this.#log = log;
    for (const each of [broker, blobsBroker])
      if (each !== undefined) this.#watching.use(each.watchDeletions());
    this.#watching.use(catalog.watch(({ model }) => void this.#ensure(model)));
    // Consumers are made of the number of a version, so it needs no file of it.
    const bring: PullerOptions['bring'] = async (record, here) => here ?? recordOnly(record);
    this.#puller = new Puller({ broker, catalog, bring, log });
    this.#dropTimer = setInterval(() => this.#drop(catalog.models), DROP_INTERVAL_MS).unref();
  }

  /**
   * Resolves once everything is there.
   *
   * @throws {ConfigurationError} as `openBroker`.
   */
  static async open(options: ProvisionerOptions): Promise<Provisioner> {
    const { catalog, ...others } = options;
    const asked = { ...others, models: catalog.models, role: 'admin', name: 'provisioner' } as const;
    await using opened = new AsyncDisposableStack();
    const broker = opened.use(await openBroker(asked));
    const blobsBroker = await openBlobsBroker(asked);
    opened.move();
    return new Provisioner(broker, blobsBroker, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#retry);
    clearInterval(this.#dropTimer);
    this.#watching.dispose();
    await this.#puller[Symbol.asyncDispose]();
    await this.#blobsBroker?.[Symbol.asyncDispose]();
    await this.#broker[Symbol.asyncDispose]();
  }

  async #ensure(model: Model): Promise<void> {
    const { name } = model.manifest;
    try {
      for (const { version } of model.versions) await this.#broker.ensureVersion(name, version);
    } catch (error) {
      if (this.#watching.disposed) return;
      this.#log.warn({ model: name, reason: messageOf(error) }, 'a new version has no consumers yet');
      this.#lacking.add(model);
      this.#retry ??= setTimeout(() => this.#ensureLacking(), RETRY_MS).unref();
    }
  }

  #drop(models: readonly Model[]): void {
    dropRetired(this.#broker, models).catch((error: unknown) => {
      this.#log.warn(
        { reason: messageOf(error) },
        'consumers of retired versions cannot be deleted: later again',
      );
    });
  }

  #ensureLacking(): void {
    const lacking = [...this.#lacking];
    this.#lacking.clear();
    this.#retry = undefined;
    for (const model of lacking) void this.#ensure(model);
  }
}
