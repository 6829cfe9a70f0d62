/** Rollouts for operators: checks the weights, sets them, and moves tasks that wait for a version without a share. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../broker/broker.ts';
import { badValue, quoted, type RequestErrorCode } from '../contract/errors.ts';
import { BUCKETS, bucketsOf, isMeant, type Weight } from '../contract/rollout.ts';
import { type Model, modelNamed } from '../models/models.ts';
import type { Logger } from '../process/log.ts';
import { type Offering, VersionState } from './offering.ts';
import { QueueMove } from './queueMove.ts';
import type { Rollouts, RolloutWeights } from './rollouts.ts';

export interface RolloutChange {
  readonly model: Model;
  /** Queued tasks that were moved to another version before a worker received them. */
  readonly movedTasks: number;
  /** Moved tasks that workers of the former version may have received: the version that is first answers them. */
  readonly heldTasks: number;
  /** Why the move is incomplete. */
  readonly stoppedBy: RequestErrorCode | undefined;
}

/** A version's share in the rollout in force. */
export interface Share extends Weight {
  /** Whether its folder is there, and still holds the model for which the share was set. */
  readonly isThere: boolean;
}

export interface RolloutServiceOptions {
  readonly broker: Broker;
  readonly offering: Offering;
  readonly rollouts: Rollouts;
  readonly models: readonly Model[];
  readonly log: Logger;
}

export const MAX_PERCENT_DECIMALS = 2;
/** After this time every gateway knows a new rollout, and sends no more tasks to a version without a share. */
const IN_FORCE_AFTER_MS = 1_000;
/** So long a version that seems not to be served may be one of which this gateway does not know all yet. */
const TOLD_WITHIN_MS = 2_500;
const LOOK_AGAIN_MS = 50;

export class RolloutService {
  readonly #broker: Broker;
  readonly #offering: Offering;
  readonly #rollouts: Rollouts;
  readonly #models: readonly Model[];
  readonly #log: Logger;

  constructor({ broker, offering, rollouts, models, log }: RolloutServiceOptions) {
    this.#broker = broker;
    this.#offering = offering;
    this.#rollouts = rollouts;
    this.#models = models;
    this.#log = log;
  }

  /** @returns the shares, also those of versions that are gone; undefined if no rollout is set for the model. */
  shares({ manifest, versions }: Model): readonly Share[] | undefined {
    return this.#rollouts.of(manifest.name)?.weights.map((weight) => {
      const record = versions.find(({ version }) => version === weight.version);
      return { ...weight, isThere: record !== undefined && isMeant(weight, record.sha256) };
    });
  }

  /** @returns the shadow versions; none if no rollout is set for the model. */
  shadowWeights({ manifest }: Model): readonly Weight[] {
    return this.#rollouts.of(manifest.name)?.shadow?.weights ?? [];
  }

  /** @returns the weights of a model, if a rollout is set for it. */
  present(modelName: string): RolloutWeights | undefined {
    const rollout = this.#rollouts.of(modelName);
    if (rollout === undefined) return undefined;
    const plain = (weights: readonly Weight[]) =>
      weights.map(({ version, percent }) => ({ version, percent }));
    return { weights: plain(rollout.weights), shadow: plain(rollout.shadow?.weights ?? []) };
  }

  /**
   * @param weights the shares. An empty list ends the rollout; then there must be no shadow.
   * @param shadow versions that tasks are also tried on.
   * @param moveQueued moves the tasks that wait for a version without a share, except those that pin it. Any gateway
   *   may repeat it at any time.
   * @throws {RequestError} `BAD_USER_INPUT`, `ROLLOUT_CONFLICT`, `BROKER_UNAVAILABLE`, `NO_VERSION`.
   */
  async set(
    modelName: string,
    { weights, shadow }: RolloutWeights,
    moveQueued: boolean,
  ): Promise<RolloutChange> {
    const model = modelNamed(this.#models, modelName);
    const isNew = (weight: Weight) => weight.percent > 0 && !this.#keepsShare(model, weight);
    await this.#untilServed(model, [...weights.filter(isNew), ...shadow]);
    this.#checkEach(model, 'weights', weights);
    checkSum(weights);
    this.#checkEach(model, 'shadow', shadow);
    if (weights.length === 0 && shadow.length > 0)
      throw badValue('shadow', 'empty where weights are: without them there is no rollout', 'versions');
    const all = weights.find(({ percent }) => percent === 100);
    if (all !== undefined && shadow.some(isOf(all.version)))
      throw badValue('shadow', 'versions other than the one that answers all tasks', quoted(all.version));
    // It may throw, so it is asked before anything changes.
    const withShare = moveQueued ? this.#withShare(model, weights) : undefined;
    const digested = weights.map((weight) => ({ ...weight, digest: this.#digestOf(model, weight) }));
    await this.#rollouts.set(modelName, { weights: digested, shadow }, this.#offering.defaultRanges(model));
    const moved =
      withShare === undefined
        ? { movedTasks: 0, heldTasks: 0, stoppedBy: undefined }
        : await this.#moveQueued(model, withShare);
    return { model, ...moved };
  }

  /** The versions that answer once the weights are in force. @throws {RequestError} `NO_VERSION` if none does. */
  #withShare(model: Model, weights: readonly Weight[]): ReadonlySet<string> {
    if (weights.length === 0) return new Set([this.#offering.defaultVersion(model)]);
    return new Set(weights.filter(({ percent }) => percent > 0).map(({ version }) => version));
  }

  async #moveQueued(model: Model, stays: ReadonlySet<string>): Promise<Omit<RolloutChange, 'model'>> {
    const { name } = model.manifest;
    const move = new QueueMove({
      broker: this.#broker,
      model: name,
      stays,
      versionAt: (bucket) => this.#offering.versionAt(model, bucket),
    });
    const inForce = sleep(IN_FORCE_AFTER_MS);
    await move.run();
    // Moves the tasks that other gateways accepted before they knew the rollout.
    await inForce;
    await move.run();
    const { moved: movedTasks, held: heldTasks, stoppedBy } = move;
    this.#log.info({ model: name, movedTasks, heldTasks, stoppedBy }, 'queued tasks moved');
    return { movedTasks, heldTasks, stoppedBy };
  }

  /** A version may give its first answer before this gateway has heard that it is served, or has found its consumers. */
  async #untilServed(model: Model, weights: readonly Weight[]): Promise<void> {
    const until = performance.now() + TOLD_WITHIN_MS;
    const mayCome = (version: string) =>
      this.#offering
        .versions(model)
        .some(
          ({ record, state }) =>
            record.version === version && (state === VersionState.Waiting || state === VersionState.Served),
        );
    const isAwaited = ({ version }: Weight) =>
      !this.#offering.isAvailable(model, version) && mayCome(version);
    while (weights.some(isAwaited) && performance.now() < until) await sleep(LOOK_AGAIN_MS);
  }

  /** The digest of a version's folder. A version that is gone and keeps its share keeps its digest, too. */
  #digestOf(model: Model, { version }: Weight): string | undefined {
    const record = model.versions.find((present) => present.version === version);
    return record?.sha256 ?? this.#rollouts.of(model.manifest.name)?.weights.find(isOf(version))?.digest;
  }

  /**
   * Whether a version already has this share, and its folder no other model. Then it may keep the share without a
   * folder.
   */
  #keepsShare(model: Model, { version, percent }: Weight): boolean {
    const share = this.#rollouts.of(model.manifest.name)?.weights.find(isOf(version));
    const record = model.versions.find((present) => present.version === version);
    return share?.percent === percent && (record === undefined || isMeant(share, record.sha256));
  }

  /**
   * Checks the rules for shares and shadows: each version exists and is named once, and each percent is possible.
   * Weights that are in force already can always be set again.
   */
  #checkEach(model: Model, argument: 'weights' | 'shadow', weights: readonly Weight[]): void {
    const versions = this.#offering.versions(model);
    const names = weights.map(({ version }) => version);
    for (const [i, weight] of weights.entries()) {
      const { version, percent } = weight;
      const isKept = argument === 'weights' && this.#keepsShare(model, weight);
      const offered = versions.find(({ record }) => record.version === version);
      if (!isKept && (offered === undefined || offered.state === VersionState.Leaving)) {
        const known = versions.filter(({ state }) => state !== VersionState.Leaving);
        const expected = `a version of ${model.manifest.name} (${known.map(({ record }) => record.version).join(', ')})`;
        throw badValue(`${argument}.version`, expected, quoted(version));
      }
      if (names.indexOf(version) !== i)
        throw badValue(`${argument}.version`, 'named once', `${quoted(version)} twice`);
      if (!(percent >= 0 && percent <= 100) || bucketsOf({ version, percent }) === undefined) {
        const expected = `from 0 to 100 with ${MAX_PERCENT_DECIMALS} decimals at most`;
        throw badValue(`${argument}.percent`, expected, `${percent} for version ${version}`);
      }
      if (!isKept && percent > 0 && !this.#offering.isAvailable(model, version)) {
        const why =
          offered?.refusal === undefined
            ? ': a worker may still fetch or load it. Set the rollout once its state is SERVED'
            : ` (a worker refuses it: ${offered.refusal})`;
        const expected = 'of versions that a live worker serves';
        throw badValue(argument, expected, `${percent} % for version ${version}, which none serves${why}`);
      }
    }
  }
}

function isOf(version: string): (weight: Weight) => boolean {
  return (weight) => weight.version === version;
}

function checkSum(weights: readonly Weight[]): void {
  const sum = weights.reduce((buckets, weight) => buckets + (bucketsOf(weight) ?? 0), 0);
  if (weights.length > 0 && sum !== BUCKETS)
    throw badValue('weights', 'percents that sum to 100, or none at all', `${(sum * 100) / BUCKETS}`);
}
