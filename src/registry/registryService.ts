/** The registry for operators: takes and retires versions, and tells which versions of a model had a share before. */
import type { Broker } from '../broker/broker.ts';
import { badValue } from '../contract/errors.ts';
import type { RolloutRecord } from '../contract/messages/rolloutRecord.ts';
import type { Owner } from '../contract/owner.ts';
import { type Model, type ModelVersion, modelNamed } from '../models/models.ts';
import { recordOnly } from './recordOnly.ts';
import { liveIn, namedBy } from './retention.ts';
import { type RetirementBroker, retireVersion } from './retirement.ts';
import { registerUploaded, type UploadedVersion, type UploadOptions } from './uploadedVersion.ts';

export interface RegistryServiceOptions {
  readonly broker: RetirementBroker & {
    readonly rollouts: Pick<Broker['rollouts'], 'read' | 'history'>;
  };
  readonly models: readonly Model[];
  readonly uploads: UploadOptions;
}

interface KnownHistory {
  /** Of the rollout that was in force. */
  readonly revision: number;
  readonly history: readonly RolloutRecord[];
}

export class RegistryService {
  readonly #broker: RegistryServiceOptions['broker'];
  readonly #models: readonly Model[];
  readonly #uploads: UploadOptions;
  /** By the name of the model. */
  readonly #histories = new Map<string, KnownHistory>();

  constructor({ broker, models, uploads }: RegistryServiceOptions) {
    this.#broker = broker;
    this.#models = models;
    this.#uploads = uploads;
  }

  /** @returns the version that is registered now. Throws as `registerUploaded`; `BAD_USER_INPUT` if there is no such model. */
  async register(
    modelName: string,
    uploaded: UploadedVersion,
  ): Promise<{ readonly model: Model; readonly record: ModelVersion }> {
    const model = modelNamed(this.#models, modelName);
    return { model, record: recordOnly(await registerUploaded(model, uploaded, this.#uploads)) };
  }

  /** @returns the version that is retired now. Throws as `retireVersion`; `BAD_USER_INPUT` if there is no such model. */
  async retire(
    modelName: string,
    version: string,
    by: Owner,
  ): Promise<{ readonly model: Model; readonly record: ModelVersion }> {
    const model = modelNamed(this.#models, modelName);
    const inFolder = model.versions.some((each) => each.version === version && each.registered === undefined);
    const { record } = await retireVersion(this.#broker, { model: modelName, version, by, inFolder });
    const known = model.versions.find((each) => each.version === version && each.registered !== undefined);
    if (known !== undefined) return { model, record: known };
    if (record === undefined) throw badValue('version', 'a version whose record can be read', version);
    return { model, record: recordOnly(record) };
  }

  /**
   * The versions that had a share and are not named by the rollout now, the last one first.
   *
   * @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async formerlyLive({ manifest: { name } }: Model): Promise<readonly string[]> {
    const { revision, record } = await this.#broker.rollouts.read(name);
    const known = this.#histories.get(name);
    const history = known?.revision === revision ? known.history : await this.#broker.rollouts.history(name);
    this.#histories.set(name, { revision, history });
    const named = namedBy(record);
    return liveIn(history).filter((version) => !named.has(version));
  }
}
