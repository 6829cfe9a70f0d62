/** All that a worker serves: its model versions, begun and ended as the version folders come and go. */

import type { NamedVersion, RefusedVersion, VersionPresence } from '../src/contract/messages/presence.ts';
import type { CatalogChange } from '../src/models/catalog.ts';
import type { ModelVersion } from '../src/models/models.ts';
import { publicReason } from '../src/models/publicReason.ts';
import { type Served, serves } from './served.ts';
import { ServedVersion, type ServedVersionOptions } from './servedVersion.ts';
import { SessionLost } from './session.ts';
import type { Flow } from './slots.ts';

export interface ServedVersionsOptions extends Omit<ServedVersionOptions, 'manifest' | 'flow'> {
  readonly served: readonly Served[];
}

/** The served versions of one model, by name. */
interface ServedModel extends Served {
  readonly flow: Flow;
  readonly byName: Map<string, ServedVersion>;
}

export class ServedVersions {
  readonly #options: ServedVersionsOptions;
  readonly #models: readonly ServedModel[];
  readonly #lost = Promise.withResolvers<never>();
  #stopping = false;

  constructor(options: ServedVersionsOptions) {
    this.#options = options;
    this.#lost.promise.catch(() => {});
    this.#models = options.served.map((served) => ({
      ...served,
      flow: { weight: served.weight, virtualTime: 0 },
      byName: new Map(),
    }));
    for (const served of this.#models)
      for (const { version } of served.model.versions) this.#followVersion(served, version);
  }

  /**
   * Rejects with the reason when no version is served any more because sessions are lost, or with an unforeseen error.
   */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  /** Resolves once each present version is served or refused. */
  async judged(): Promise<void> {
    await Promise.all(this.#all().map(({ servedVersion }) => servedVersion.judged));
  }

  /** Whether a version is served or loaded, or one may still come: the first of a model, or one that `WORKER_MODELS` names. */
  get hasWork(): boolean {
    const waitsForVersion = this.#models.some(({ model, versions }) => {
      if (versions === undefined) return model.versions.length === 0;
      return versions.values().some((name) => !model.versions.some(({ version }) => version === name));
    });
    return waitsForVersion || this.#all().some(({ servedVersion }) => servedVersion.state.type !== 'refused');
  }

  /** The served versions, as gateways learn of them. */
  get models(): readonly VersionPresence[] {
    return this.#all().flatMap(({ model, servedVersion: { state, version, finished } }) =>
      state.type === 'serving'
        ? [
            {
              model,
              version,
              executionProvider: state.session.executionProvider,
              environment: state.session.environment,
              deviceMib: state.session.deviceMib,
              finishedLastMinute: finished.total(),
            },
          ]
        : [],
    );
  }

  get refused(): readonly RefusedVersion[] {
    return this.#all().flatMap(({ model, servedVersion: { state, version } }) =>
      state.type === 'refused'
        ? [{ model, version, reason: publicReason(state.cause.message, this.#options.modelsDir) }]
        : [],
    );
  }

  /** How many of them are loaded now. */
  get loadedCount(): number {
    return this.#all().filter(
      ({ servedVersion: { state } }) => state.type === 'serving' && state.session.isLoaded,
    ).length;
  }

  /** The versions without a folder whose queue is being finished. They must not be offered any more. */
  get leaving(): readonly NamedVersion[] {
    return this.#all().flatMap(({ model, servedVersion: { state, version } }) =>
      state.type === 'draining' ? [{ model, version }] : [],
    );
  }

  follow({ model, added, removed }: CatalogChange): void {
    const served = this.#models.find((candidate) => candidate.model === model);
    if (served === undefined) return;
    const names = [...removed, ...added].map(({ version }) => version);
    for (const name of new Set(names)) this.#followVersion(served, name);
  }

  /** Takes no more jobs, hands back those that do not run, and resolves once all others are settled. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#all().map(({ servedVersion }) => servedVersion.stop()));
  }

  /** Passes on what the catalog has of a version, and begins to serve one that is new. */
  #followVersion(served: ServedModel, name: string): void {
    if (this.#stopping || !serves(served, name)) return;
    const present = served.model.versions.find(({ version }) => version === name);
    const servedVersion = served.byName.get(name);
    if (servedVersion !== undefined) servedVersion.follow(present);
    else if (present !== undefined) this.#begin(served, present);
  }

  #begin(served: ServedModel, version: ModelVersion): void {
    const { manifest } = served.model;
    const onChange = () => this.#versionChanged();
    const servedVersion = new ServedVersion(version, {
      ...this.#options,
      manifest,
      flow: served.flow,
      onChange,
    });
    const name = servedVersion.version;
    served.byName.set(name, servedVersion);
    servedVersion.closed.then(() => {
      served.byName.delete(name);
      // Its folder may have come back meanwhile, and there is more memory now for versions that found too little.
      this.#followVersion(served, name);
      for (const { servedVersion: other } of this.#all()) other.retryOutOfBudget();
    }, this.#lost.reject);
  }

  #versionChanged(): void {
    const lost = this.#all().find(
      ({ servedVersion: { state } }) => state.type === 'refused' && state.cause instanceof SessionLost,
    );
    if (lost?.servedVersion.state.type === 'refused' && !this.hasWork)
      this.#lost.reject(lost.servedVersion.state.cause);
    this.#options.onChange();
  }

  #all(): readonly { readonly model: string; readonly servedVersion: ServedVersion }[] {
    return this.#models.flatMap(({ model, byName }) =>
      [...byName.values()].map((servedVersion) => ({ model: model.manifest.name, servedVersion })),
    );
  }
}
