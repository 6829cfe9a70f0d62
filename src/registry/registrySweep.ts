/**
 * Keeps the registry small. Every gateway does it, since each step can be done twice without harm: it retires versions
 * that newer ones have replaced, deletes the consumers of retired ones, and removes artifacts that no record names.
 */
import { UNNAMED_KEPT_MS } from '../broker/artifactStore.ts';
import type { Broker } from '../broker/broker.ts';
import { messageOf } from '../contract/errors.ts';
import type { Model } from '../models/models.ts';
import type { Logger } from '../process/log.ts';
import { outdated } from './retention.ts';
import { dropRetired } from './retiredConsumers.ts';
import { type RetirementBroker, retire } from './retirement.ts';

export interface RegistrySweepOptions {
  readonly broker: RetirementBroker &
    Pick<Broker, 'dropVersion' | 'queuedVersions' | 'namedArtifacts'> & {
      readonly rollouts: Pick<Broker['rollouts'], 'read' | 'history'>;
    };
  readonly artifacts: Pick<Broker['artifacts'], 'list' | 'storedAt' | 'remove'>;
  readonly models: readonly Model[];
  /** How many of the newest versions of a model are kept. */
  readonly keep: number;
  readonly log: Logger;
}

/** Recorded as the one who retired a version. */
const RETENTION = 'retention';
const VERSIONS_INTERVAL_MS = 60_000;
const ARTIFACTS_INTERVAL_MS = 60 * 60_000;

export class RegistrySweep implements AsyncDisposable {
  readonly #options: RegistrySweepOptions;
  readonly #timers: readonly NodeJS.Timeout[];
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: RegistrySweepOptions) {
    this.#options = options;
    this.#timers = [
      setInterval(() => this.#soon(() => this.sweepVersions()), VERSIONS_INTERVAL_MS),
      setInterval(() => this.#soon(() => this.sweepArtifacts()), ARTIFACTS_INTERVAL_MS),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#sweeping;
  }

  /** @throws {RequestError} `BROKER_UNAVAILABLE`. */
  async sweepVersions(): Promise<void> {
    const { broker, models, keep, log } = this.#options;
    const { versions } = await broker.versions.read();
    for (const { manifest } of models) {
      const ofModel = versions.filter(({ model }) => model === manifest.name);
      if (ofModel.filter(({ retired }) => retired === undefined).length <= keep) continue;
      const { problem } = await broker.rollouts.read(manifest.name);
      if (problem !== undefined) {
        log.warn({ model: manifest.name, problem }, 'no version is retired: its rollout cannot be read');
        continue;
      }
      for (const version of outdated(ofModel, await broker.rollouts.history(manifest.name), keep)) {
        await retire(broker, version, RETENTION);
        log.info({ model: version.model, version: version.version }, 'an outdated version is retired');
      }
    }
    await dropRetired(broker, models);
  }

  /** @throws {RequestError} `BROKER_UNAVAILABLE`. */
  async sweepArtifacts(): Promise<void> {
    const { broker, artifacts, log } = this.#options;
    const olderThan = broker.now() - UNNAMED_KEPT_MS;
    const named = await broker.namedArtifacts();
    const old: string[] = [];
    for await (const { digest, storedAt } of artifacts.list())
      if (storedAt < olderThan && !named.has(digest)) old.push(digest);
    if (old.length === 0) return;
    // Read again just before, since a record that names one may have been stored meanwhile.
    const namedNow = await broker.namedArtifacts();
    let removed = 0;
    for (const digest of old) {
      // A step that found it has renewed it, and will name it.
      if (namedNow.has(digest) || ((await artifacts.storedAt(digest)) ?? olderThan) >= olderThan) continue;
      await artifacts.remove(digest);
      removed++;
    }
    log.info({ artifacts: removed }, 'artifacts that no record names are removed');
  }

  #soon(sweep: () => Promise<void>): void {
    this.#sweeping = this.#sweeping.then(sweep).catch((error: unknown) => {
      this.#options.log.warn({ reason: messageOf(error) }, 'the registry could not be swept: later again');
    });
  }
}
