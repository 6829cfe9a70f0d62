/**
 * The available versions of the models, and the choice of the version that answers a task.
 *
 * A version is available when its folder is there, its consumer exists, and a live worker serves it that can read the
 * jobs of this gateway. Without a rollout the newest available version of MODELS_DIR answers; one of the registry answers
 * by a rollout or a pin only. With a rollout it is the version that owns the task's bucket. Tasks are
 * accepted even before a worker lives; then the version is the one most likely to be served.
 */
import type { Broker } from '../broker/broker.ts';
import {
  badValue,
  messageOf,
  quoted,
  RETRY_LATER_MS,
  type RequestError,
  RequestErrorCode,
  refusedForNow,
} from '../contract/errors.ts';
import { BUNDLE_VERSION } from '../contract/messages/bundle.ts';
import type { NamedVersion, WorkerPresence } from '../contract/messages/presence.ts';
import {
  BUCKETS,
  type BucketRange,
  bucketOf,
  isMeant,
  randomBucket,
  versionAt,
} from '../contract/rollout.ts';
import type { Model, ModelVersion } from '../models/models.ts';
import type { Logger } from '../process/log.ts';
import type { LiveWorkers } from './presence.ts';
import type { Rollouts } from './rollouts.ts';

export const VersionState = {
  Served: 'SERVED',
  Waiting: 'WAITING',
  Refused: 'REFUSED',
  Leaving: 'LEAVING',
} as const;
export type VersionState = (typeof VersionState)[keyof typeof VersionState];

/** A version and what workers report of it now. */
export interface OfferedVersion {
  readonly record: ModelVersion;
  readonly state: VersionState;
  /** Why a worker refuses it, if a worker does, or why the workers that serve it cannot answer tasks. */
  readonly refusal: string | undefined;
  /** The workers that serve it, and those that finish its queue if its folder is gone. */
  readonly liveWorkers: number;
  /** Tasks that live workers have ended with it in the last minute. */
  readonly finishedLastMinute: number;
  /** What a version that is code runs in, in words, as one of these workers tells. */
  readonly environment: string | undefined;
}

/** The options of a task that decide its version. */
export interface VersionOptions {
  readonly modelVersion?: string | null | undefined;
  readonly affinityKey?: string | null | undefined;
}

export interface ChosenVersion {
  readonly version: string;
  /** Undefined if the task pins its version. */
  readonly bucket: number | undefined;
}

export interface OfferingOptions {
  readonly broker: Pick<Broker, 'ensureVersion'>;
  /** Their versions change while the process runs. The consumers of the present ones exist. */
  readonly models: readonly Model[];
  readonly workers: Pick<LiveWorkers, 'list' | 'onPresence'>;
  readonly rollouts: Pick<Rollouts, 'of'>;
  readonly log: Logger;
}

/** A model's versions as they were a moment ago. */
interface Look {
  /** The list it was made from. */
  readonly from: Model['versions'];
  /** On the clock of `performance.now()`. */
  readonly until: number;
  /** Oldest first. */
  readonly versions: readonly OfferedVersion[];
  readonly available: ReadonlySet<string>;
  readonly present: ReadonlySet<string>;
  /** The id of a live worker that serves the model and cannot read our jobs. */
  readonly tooOld: string | undefined;
}

/** How long a view of a model may be used. Presence comes once a second at most, tasks come by the thousand. */
const LOOK_LASTS_MS = 50;
const ENSURE_RETRY_MS = 1_000;
/** So many seconds without a consumer are worth a warning. */
const LACKING_TRIES = 10;
const UNSERVED_NOTE_INTERVAL_MS = 60_000;
const IS_TOO_OLD = 'of an older Tidings cannot read the jobs of this gateway: upgrade it';
/** Made-up ids must not fill the memory and the log. */
const MOST_NOTED_WORKERS = 1_000;

export class Offering implements Disposable {
  readonly #broker: OfferingOptions['broker'];
  readonly #workers: OfferingOptions['workers'];
  readonly #rollouts: OfferingOptions['rollouts'];
  readonly #log: Logger;
  readonly #looks = new Map<string, Look>();
  /**
   * The last content of each version's folder, by model and version: a version whose folder is gone may still be
   * served.
   */
  readonly #records = new Map<string, Map<string, ModelVersion>>();
  /** The `model/version`s whose consumers exist, and those that a worker has served. */
  readonly #ensured = new Set<string>();
  readonly #served = new Set<string>();
  /** How often the consumers of a `model/version` were looked for in vain. */
  readonly #lackingTries = new Map<string, number>();
  /** By `model/version`: when the log last said that tasks come which a version without a worker was to answer. */
  readonly #notedUnserved = new Map<string, number>();
  /** The ids of the workers of which the log has said that they are too old. */
  readonly #notedTooOld = new Set<string>();
  readonly #listening: Disposable;
  /** Models with a version whose consumer could not be made, until the next try. */
  readonly #lacking = new Set<Model>();
  #retry: NodeJS.Timeout | undefined;

  constructor({ broker, models, workers, rollouts, log }: OfferingOptions) {
    this.#broker = broker;
    this.#workers = workers;
    this.#rollouts = rollouts;
    this.#log = log;
    for (const { manifest, versions } of models) {
      this.#records.set(manifest.name, new Map());
      for (const { version } of versions) this.#ensured.add(nameOf(manifest.name, version));
    }
    for (const model of models) this.#look(model);
    this.#listening = workers.onPresence((presence) => {
      if (readsOurJobs(presence)) this.#remember(presence.models);
      else this.#noteTooOld(presence);
    });
  }

  /** Follows a change of a model. */
  versionsChanged(model: Model): void {
    this.#look(model);
    for (const { version } of model.versions) void this.#ensure(model, version);
  }

  /**
   * The version that is to answer a task.
   *
   * @throws {RequestError} `BAD_USER_INPUT` if it pins a version that is not available, `NO_VERSION`, also while a worker
   *   lives that would take the task off the queue without running it.
   */
  choose(model: Model, { modelVersion, affinityKey }: VersionOptions): ChosenVersion {
    const { tooOld } = this.#look(model);
    if (tooOld !== undefined) throw workerTooOld(model, tooOld);
    if (modelVersion != null) {
      if (!this.offers(model, modelVersion)) throw this.#cannotBePinned(model, modelVersion);
      this.#noteIfUnserved(model, modelVersion);
      return { version: modelVersion, bucket: undefined };
    }
    const bucket = affinityKey == null ? randomBucket() : bucketOf(model.manifest.name, affinityKey);
    const version = this.versionAt(model, bucket);
    this.#noteIfUnserved(model, version);
    if (this.#rollouts.of(model.manifest.name) === undefined) this.#noteIfOlder(model, version);
    return { version, bucket };
  }

  /** The version that answers the tasks of a bucket now. @throws {RequestError} `NO_VERSION`. */
  versionAt(model: Model, bucket: number): string {
    const rollout = this.#rollouts.of(model.manifest.name);
    if (rollout === undefined) return this.defaultVersion(model);
    const { available, present } = this.#look(model);
    const replaced = rollout.weights.filter((weight) =>
      model.versions.some(({ version, sha256 }) => version === weight.version && !isMeant(weight, sha256)),
    );
    const meant = (versions: ReadonlySet<string>) =>
      replaced.length === 0 ? versions : versions.difference(new Set(replaced.map(({ version }) => version)));
    // A version without a share never stands in for others, even while their workers restart.
    return (
      versionAt(rollout.ranges, bucket, meant(available)) ??
      versionAt(rollout.ranges, bucket, meant(present)) ??
      this.defaultVersion(model)
    );
  }

  /**
   * The version that answers if no rollout is set: the newest available one of MODELS_DIR. If none is available, it is the newest
   * that was served before, so that a new, broken version attracts no tasks while workers restart. Else it is the
   * newest one that no worker refuses, or the newest of all.
   *
   * @throws {RequestError} `NO_VERSION`.
   */
  defaultVersion(model: Model): string {
    const best = this.#best(model);
    if (best === undefined) throw noVersion(model);
    return best.record.version;
  }

  /** The version that answers if no rollout is set; undefined if there is none. */
  answering(model: Model): string | undefined {
    return this.#best(model)?.record.version;
  }

  /** The ranges that stand for "no rollout": one version has every bucket. If none answers, its name is empty. */
  defaultRanges(model: Model): readonly BucketRange[] {
    return [[this.answering(model) ?? '', 0, BUCKETS]];
  }

  /** Whether tasks may be pinned to a version. */
  offers(model: Model, version: string): boolean {
    const state = this.versions(model).find(({ record }) => record.version === version)?.state;
    return state === VersionState.Served || state === VersionState.Waiting;
  }

  /** Whether its folder and its consumer are there, and a live worker serves it. */
  isAvailable(model: Model, version: string): boolean {
    return this.#look(model).available.has(version);
  }

  /** The versions whose folders are there, and those without a folder that a worker still serves, oldest first. */
  versions(model: Model): readonly OfferedVersion[] {
    return this.#look(model).versions;
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    clearTimeout(this.#retry);
  }

  #best(model: Model): OfferedVersion | undefined {
    const { versions, available, present } = this.#look(model);
    const { name } = model.manifest;
    const candidates = versions
      .filter(({ record }) => present.has(record.version) && record.registered === undefined)
      .toReversed();
    return (
      candidates.find(({ record }) => available.has(record.version)) ??
      candidates.find(({ record }) => this.#served.has(nameOf(name, record.version))) ??
      candidates.find(({ state }) => state !== VersionState.Refused) ??
      candidates[0]
    );
  }

  /** At each presence, since the versions are looked at only while tasks come. */
  #remember(served: readonly NamedVersion[]): void {
    for (const { model, version } of served) {
      if (this.#records.get(model)?.has(version)) this.#served.add(nameOf(model, version));
    }
  }

  /**
   * Warns of a task whose version has no worker. While workers start that is normal; otherwise the task waits and
   * expires.
   */
  #noteIfUnserved(model: Model, version: string): void {
    if (this.isAvailable(model, version)) return;
    const { name } = model.manifest;
    if (this.#isNoted(name, version)) return;
    this.#log.warn({ model: name, version }, 'tasks wait for a version that no live worker serves');
  }

  /** Warns of a task that an older version answers because no worker serves the newest one, such as after a restart. */
  #noteIfOlder(model: Model, version: string): void {
    const { name } = model.manifest;
    const newest = model.versions.findLast(({ registered }) => registered === undefined)?.version;
    if (newest === undefined || newest === version) return;
    const state = this.versions(model).find(({ record }) => record.version === newest)?.state;
    if (state !== VersionState.Waiting || this.#isNoted(name, newest)) return;
    this.#log.warn({ model: name, version, newest }, 'an older version answers: no worker serves the newest');
  }

  /** Whether the log has told of a version lately. If not, it is to tell now. */
  #isNoted(model: string, version: string): boolean {
    const now = performance.now();
    const noted = this.#notedUnserved.get(nameOf(model, version)) ?? Number.NEGATIVE_INFINITY;
    if (now - noted < UNSERVED_NOTE_INTERVAL_MS) return true;
    this.#notedUnserved.set(nameOf(model, version), now);
    return false;
  }

  #noteTooOld({ id }: WorkerPresence): void {
    if (this.#notedTooOld.has(id) || this.#notedTooOld.size >= MOST_NOTED_WORKERS) return;
    this.#notedTooOld.add(id);
    this.#log.warn({ worker: id }, `a worker ${IS_TOO_OLD}`);
  }

  #look(model: Model): Look {
    const { name } = model.manifest;
    const last = this.#looks.get(name);
    const now = performance.now();
    if (last !== undefined && last.from === model.versions && now < last.until) return last;
    const present = new Set(model.versions.map(({ version }) => version));
    const versions = this.#offered(model, present);
    const served = versions.filter(({ liveWorkers }) => liveWorkers > 0).map(({ record }) => record.version);
    for (const version of served) this.#served.add(nameOf(name, version));
    const available = new Set(
      served.filter((version) => present.has(version) && this.#ensured.has(nameOf(name, version))),
    );
    const tooOld = this.#tooOldFor(name);
    const look = { from: model.versions, until: now + LOOK_LASTS_MS, versions, available, present, tooOld };
    this.#looks.set(name, look);
    return look;
  }

  #tooOldFor(model: string): string | undefined {
    const serves = ({ models }: WorkerPresence) => models.some((served) => served.model === model);
    return this.#workers.list().find((worker) => !readsOurJobs(worker) && serves(worker))?.id;
  }

  #offered({ manifest: { name }, versions }: Model, present: ReadonlySet<string>): readonly OfferedVersion[] {
    const records = this.#records.get(name) ?? new Map<string, ModelVersion>();
    for (const record of versions) records.set(record.version, record);
    const all = this.#workers.list();
    const workers = all.filter(readsOurJobs);
    return [...records.values()]
      .toSorted((a, b) => Number(a.version) - Number(b.version))
      .flatMap((record) => {
        const isPresent = present.has(record.version);
        const isThis = (said: NamedVersion) => said.model === name && said.version === record.version;
        const served = workers.flatMap(({ models }) => models.filter(isThis));
        const leaving = isPresent ? [] : workers.flatMap(({ leaving = [] }) => leaving.filter(isThis));
        const liveWorkers = served.length + leaving.length;
        const refusal =
          all.flatMap(({ refused = [] }) => refused.filter(isThis))[0]?.reason ??
          (liveWorkers > 0 ? undefined : tooOldFor(all, isThis));
        const state = stateOf(isPresent, liveWorkers > 0, refusal !== undefined);
        const finished = served.reduce((sum, { finishedLastMinute = 0 }) => sum + finishedLastMinute, 0);
        const environment = served[0]?.environment;
        return state === undefined
          ? []
          : [{ record, state, refusal, liveWorkers, finishedLastMinute: finished, environment }];
      });
  }

  /**
   * Makes the consumer of a version. The version is not available before; after a failure it is tried again.
   */
  async #ensure(model: Model, version: string): Promise<void> {
    const { name } = model.manifest;
    if (this.#ensured.has(nameOf(name, version))) return;
    try {
      await this.#broker.ensureVersion(name, version);
      this.#ensured.add(nameOf(name, version));
      this.#looks.delete(name);
    } catch (error) {
      const tries = (this.#lackingTries.get(nameOf(name, version)) ?? 0) + 1;
      this.#lackingTries.set(nameOf(name, version), tries);
      // Once. At a broker with roles an admin makes the consumer, which takes a moment.
      if (tries === LACKING_TRIES)
        this.#log.warn(
          { model: name, version, reason: messageOf(error) },
          'a new version has no consumer yet',
        );
      this.#lacking.add(model);
      this.#retry ??= setTimeout(() => this.#ensureLacking(), ENSURE_RETRY_MS).unref();
    }
  }

  #ensureLacking(): void {
    const lacking = [...this.#lacking];
    this.#lacking.clear();
    this.#retry = undefined;
    for (const model of lacking) this.versionsChanged(model);
  }

  #cannotBePinned(model: Model, version: string): RequestError {
    const offered = model.versions.map((record) => record.version).filter((each) => this.offers(model, each));
    const expected = `a version of ${model.manifest.name} that can be had (${offered.join(', ') || 'none now'})`;
    const refusal = this.versions(model).find(({ record }) => record.version === version)?.refusal;
    const why = refusal === undefined ? '' : ` (a worker refuses it: ${refusal})`;
    return badValue('modelVersion', expected, quoted(version), { why });
  }
}

function readsOurJobs({ reads = 1 }: WorkerPresence): boolean {
  return reads >= BUNDLE_VERSION;
}

/** Why a version has no worker although an older one serves it; undefined if none does. */
function tooOldFor(
  workers: readonly WorkerPresence[],
  isThis: (said: NamedVersion) => boolean,
): string | undefined {
  const older = workers.find((worker) => !readsOurJobs(worker) && worker.models.some(isThis));
  return older && `the worker ${older.id} ${IS_TOO_OLD}`;
}

/** @returns undefined for a version that is gone. */
function stateOf(isPresent: boolean, isServed: boolean, isRefused: boolean): VersionState | undefined {
  if (!isPresent) return isServed ? VersionState.Leaving : undefined;
  if (isServed) return VersionState.Served;
  return isRefused ? VersionState.Refused : VersionState.Waiting;
}

function nameOf(model: string, version: string): string {
  return `${model}/${version}`;
}

/** A worker of 0.2 takes a bundle for no job, and removes it. */
function workerTooOld({ manifest: { name } }: Model, worker: string): RequestError {
  return refusedForNow(
    RequestErrorCode.NoVersion,
    `No task of ${name} is accepted now: the worker ${worker} ${IS_TOO_OLD}, or stop it.`,
    { retryAfterMs: RETRY_LATER_MS },
  );
}

function noVersion(model: Model): RequestError {
  return refusedForNow(RequestErrorCode.NoVersion, whyNoVersion(model), { retryAfterMs: RETRY_LATER_MS });
}

function whyNoVersion({ manifest: { name, training }, versions, unreadable }: Model): string {
  if (versions.length > 0) {
    const known = versions.map(({ version }) => version).join(', ');
    return `No version of ${name} answers yet: those of the registry (${known}) answer once setRollout names them.`;
  }
  if (unreadable.length === 0 && training !== undefined)
    return `The model ${name} has no version yet: trainModel makes one, or registerVersion brings one.`;
  return `The model ${name} has no version now: its folder holds none that can be read. Try again later.`;
}
