/** All that a worker serves: a line for each model version, begun and ended as the version folders come and go. */

import type { NamedVersion, RefusedVersion, ServedVersion } from '../src/contract/protocol.ts';
import type { CatalogChange } from '../src/models/catalog.ts';
import type { ModelVersion } from '../src/models/models.ts';
import { publicReason } from '../src/models/publicReason.ts';
import { Line, type LineOptions } from './line.ts';
import { type Served, serves } from './served.ts';
import { SessionLost } from './session.ts';
import type { Share } from './slots.ts';

export interface LinesOptions extends Omit<LineOptions, 'manifest' | 'share'> {
  readonly served: readonly Served[];
  /** Is not told to those who ask a gateway why a version is refused. */
  readonly modelsDir: string;
}

/** The lines of one model, by version. */
interface ModelLines extends Served {
  readonly share: Share;
  readonly lines: Map<string, Line>;
}

export class Lines {
  readonly #options: LinesOptions;
  readonly #models: readonly ModelLines[];
  readonly #lost = Promise.withResolvers<never>();
  #stopping = false;

  constructor(options: LinesOptions) {
    this.#options = options;
    this.#lost.promise.catch(() => {});
    this.#models = options.served.map((served) => ({
      ...served,
      share: { weight: served.weight, virtualTime: 0 },
      lines: new Map(),
    }));
    for (const lines of this.#models)
      for (const { version } of lines.model.versions) this.#followVersion(lines, version);
  }

  /** Rejects with the reason when nothing is served any more because sessions are lost, or with what nobody foresaw. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  /** Resolves once each of the versions that are there now is served or refused. */
  async judged(): Promise<void> {
    await Promise.all(this.#all().map(({ line }) => line.judged));
  }

  /** Whether anything is served or loaded, or a version waited for that `WORKER_MODELS` names. */
  get hasWork(): boolean {
    const waitsForVersion = this.#models.some(({ model, versions }) =>
      versions?.values().some((name) => !model.versions.some(({ version }) => version === name)),
    );
    return waitsForVersion || this.#all().some(({ line }) => line.state.type !== 'refused');
  }

  /** What gateways are told. */
  get models(): readonly ServedVersion[] {
    return this.#all().flatMap(({ model, line: { state, version, finished } }) =>
      state.type === 'serving'
        ? [
            {
              model,
              version,
              executionProvider: state.session.executionProvider,
              finishedLastMinute: finished.total(),
            },
          ]
        : [],
    );
  }

  get refused(): readonly RefusedVersion[] {
    return this.#all().flatMap(({ model, line: { state, version } }) =>
      state.type === 'refused'
        ? [{ model, version, reason: publicReason(state.cause.message, this.#options.modelsDir) }]
        : [],
    );
  }

  /** What finishes its queue, and is not to be offered any more. */
  get leaving(): readonly NamedVersion[] {
    return this.#all().flatMap(({ model, line: { state, version } }) =>
      state.type === 'draining' ? [{ model, version }] : [],
    );
  }

  follow({ model, added, removed }: CatalogChange): void {
    const lines = this.#models.find((candidate) => candidate.model === model);
    if (lines === undefined) return;
    const versions = [...removed, ...added].map(({ version }) => version);
    for (const version of new Set(versions)) this.#followVersion(lines, version);
  }

  /** Takes no more jobs, hands back what is not running, and resolves once what was run is settled. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#all().map(({ line }) => line.stop()));
  }

  /** Tells a version's line what the catalog has of it, and begins one if there is none. */
  #followVersion(lines: ModelLines, version: string): void {
    if (this.#stopping || !serves(lines, version)) return;
    const present = lines.model.versions.find((candidate) => candidate.version === version);
    const line = lines.lines.get(version);
    if (line !== undefined) line.follow(present);
    else if (present !== undefined) this.#begin(lines, present);
  }

  #begin(lines: ModelLines, version: ModelVersion): void {
    const { manifest } = lines.model;
    const onChange = () => this.#lineChanged();
    const line = new Line(version, { ...this.#options, manifest, share: lines.share, onChange });
    lines.lines.set(line.version, line);
    line.closed.then(() => {
      lines.lines.delete(line.version);
      // It may have come back in the moment of closing, and there is more room now for those that found none.
      this.#followVersion(lines, line.version);
      for (const { line: other } of this.#all()) other.retryOutOfBudget();
    }, this.#lost.reject);
  }

  #lineChanged(): void {
    const lost = this.#all().find(
      ({ line: { state } }) => state.type === 'refused' && state.cause instanceof SessionLost,
    );
    if (lost?.line.state.type === 'refused' && !this.hasWork) this.#lost.reject(lost.line.state.cause);
    this.#options.onChange();
  }

  #all(): readonly { readonly model: string; readonly line: Line }[] {
    return this.#models.flatMap(({ model, lines }) =>
      [...lines.values()].map((line) => ({ model: model.manifest.name, line })),
    );
  }
}
