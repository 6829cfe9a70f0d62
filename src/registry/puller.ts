/**
 * Brings the versions of the registry to a process: to a worker as folders, to a gateway as what their version.json says.
 * All versions that are not retired come. It looks at its start, whenever it hears of a change, and every 30 s. A version
 * that cannot come is refused by name, and tried again at each look, of which the first ones follow soon; the others come
 * all the same.
 *
 * A version goes only when it is retired. If the broker has lost its registry, what is here stays.
 */
import type { KeyObject } from 'node:crypto';
import type { Broker, RegisteredVersion } from '../broker/broker.ts';
import { messageOf } from '../contract/errors.ts';
import type { RefusedVersion } from '../contract/messages/presence.ts';
import type { VersionRecord } from '../contract/messages/versionRecord.ts';
import type { Catalog } from '../models/catalog.ts';
import type { ModelVersion } from '../models/models.ts';
import type { Logger } from '../process/log.ts';
import { isForgotten } from './retention.ts';
import { signatureProblem } from './signature.ts';

export interface PullerOptions {
  readonly broker: Pick<Broker, 'now' | 'onConnectionChange'> & {
    readonly versions: Pick<Broker['versions'], 'listen' | 'read'>;
  };
  readonly catalog: Pick<Catalog, 'models' | 'folderOf' | 'setRegistered'>;
  /** Whether this process serves a version. */
  readonly serves?: (model: string, version: string) => boolean;
  /** The keys of which one has to have signed each version; undefined: signatures do not count. */
  readonly trustedKeys?: readonly KeyObject[] | undefined;
  /**
   * @param here what this has returned before. Somebody may have removed its folder since.
   * @param signal aborts when the process stops.
   * @throws {Error} saying why the version cannot come.
   */
  readonly bring: (
    record: VersionRecord,
    here: ModelVersion | undefined,
    signal: AbortSignal,
  ) => Promise<ModelVersion>;
  /** Called at each look for a version that was retired so long ago that no task waits for it. */
  readonly remove?: (model: string, version: string) => Promise<void>;
  /** Called when a version is refused, or no longer. */
  readonly onChange?: () => void;
  readonly log: Logger;
}

const LOOK_INTERVAL_MS = 30_000;
/** After a look that failed. After one that has refused a version, the pause doubles until it is the other one. */
const FIRST_RETRY_MS = 1_000;

export class Puller implements AsyncDisposable {
  readonly #options: PullerOptions;
  readonly #listening = new DisposableStack();
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;
  /** What is not retired, as of the last look. */
  #wanted: readonly VersionRecord[] = [];
  /** By `model/version`. */
  readonly #here = new Map<string, ModelVersion>();
  readonly #refused = new Map<string, RefusedVersion>();
  #wake = Promise.withResolvers<void>();
  #pauseMs = LOOK_INTERVAL_MS;

  constructor(options: PullerOptions) {
    this.#options = options;
    const look = () => this.#wake.resolve();
    this.#listening.use(options.broker.versions.listen(look));
    this.#listening.use(options.broker.onConnectionChange((connected) => connected && look()));
    this.#done = this.#run();
  }

  /** What cannot come, and versions whose number a folder of MODELS_DIR has with other weights. */
  get refused(): readonly RefusedVersion[] {
    const clashing = this.#wanted.flatMap(({ model, version, sha256 }) => {
      const folder = this.#options.catalog.folderOf(model, version);
      if (folder === undefined || folder.sha256 === sha256) return [];
      const reason = `version ${version} of the registry is left out: MODELS_DIR has a folder of that number with another digest, which counts`;
      return [{ model, version, reason }];
    });
    return [...this.#refused.values(), ...clashing];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listening.dispose();
    this.#stopping.abort();
    this.#wake.resolve();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#wake = Promise.withResolvers();
      await this.#look().catch((error: unknown) => {
        const reason = messageOf(error);
        this.#pauseMs = FIRST_RETRY_MS;
        this.#options.log.debug({ reason }, 'the registry cannot be read: what is known of it holds');
      });
      const timer = setTimeout(this.#wake.resolve, this.#pauseMs).unref();
      this.#pauseMs = Math.min(2 * this.#pauseMs, LOOK_INTERVAL_MS);
      await this.#wake.promise;
      clearTimeout(timer);
    }
  }

  async #look(): Promise<void> {
    const { broker, catalog, serves = () => true } = this.#options;
    const models = new Set(catalog.models.map(({ manifest }) => manifest.name));
    const { versions } = await broker.versions.read();
    const ours = versions.filter(({ model, version }) => models.has(model) && serves(model, version));
    for (const each of ours) if (each.retired !== undefined) await this.#leave(each);
    this.#wanted = ours.flatMap(({ record, retired }) => (retired === undefined && record) || []);
    // The newest first: somebody may wait for it. What MODELS_DIR has need not come.
    for (const record of this.#wanted.toReversed())
      if (catalog.folderOf(record.model, record.version) === undefined) await this.#come(record);
  }

  async #come(record: VersionRecord): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const { log, bring, trustedKeys } = this.#options;
    const { model, version } = record;
    const name = nameOf(record);
    const known = this.#here.get(name);
    try {
      const problem = trustedKeys && signatureProblem(record, trustedKeys);
      if (problem !== undefined) throw new Error(problem);
      const here = await bring(record, known, this.#stopping.signal);
      if (this.#refused.delete(name)) this.#options.onChange?.();
      if (here === known) return;
      this.#here.set(name, here);
      this.#show(model);
      log.info({ model, version }, 'a version of the registry is here');
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      const reason = `version ${version} of the registry cannot be brought here: ${messageOf(error)}`;
      if (this.#refused.get(name)?.reason === reason) return;
      this.#refused.set(name, { model, version, reason });
      this.#pauseMs = FIRST_RETRY_MS;
      log.error({ model, version, reason }, 'a version of the registry is refused');
      this.#options.onChange?.();
    }
  }

  async #leave({ model, version, retired }: RegisteredVersion): Promise<void> {
    const { broker, log, remove } = this.#options;
    const name = nameOf({ model, version });
    if (this.#refused.delete(name)) this.#options.onChange?.();
    if (this.#here.delete(name)) {
      this.#show(model);
      log.info({ model, version }, 'a version of the registry is retired');
    }
    if (isForgotten(retired, broker.now())) await remove?.(model, version);
  }

  #show(model: string): void {
    const versions = [...this.#here.values()].filter(({ registered }) => registered?.model === model);
    this.#options.catalog.setRegistered(model, versions);
  }
}

function nameOf({ model, version }: Pick<RegisteredVersion, 'model' | 'version'>): string {
  return `${model}/${version}`;
}
