/**
 * The rollouts in force as this gateway knows them, at most one a model. The broker stores them. The gateway reads them
 * before it accepts the first task, and again after each notice of a change, after a reconnect, and every 5 s while tasks
 * come. While the broker is away, the last known ones stay in force.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, StoredRollout } from '../broker/broker.ts';
import { brokerUnavailable, messageOf, RequestError, RequestErrorCode } from '../contract/errors.ts';
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { RolloutRecord } from '../contract/messages/rolloutRecord.ts';
import { type BucketRange, movedRanges, nextShadow, type Rollout, type Weight } from '../contract/rollout.ts';
import type { Model } from '../models/models.ts';
import type { Logger } from '../process/log.ts';

export interface RolloutsOptions {
  readonly broker: Pick<Broker, 'rollouts' | 'now' | 'onConnectionChange'>;
  readonly models: readonly Model[];
  readonly log: Logger;
}

/** The weights that an operator sets: shares of the tasks, and the chances of a task to be tried on a shadow. */
export interface RolloutWeights {
  readonly weights: readonly Weight[];
  readonly shadow: readonly Weight[];
}

/** A rollout that is used was read within this time, or is read then: the notice of a change may have been lost. */
const READ_INTERVAL_MS = 5_000;
const FIRST_READ_RETRY_MS = 250;
/** How often setting a rollout is tried again because another one was stored meanwhile. */
const STORE_ATTEMPTS = 5;

export class Rollouts implements Disposable {
  readonly #broker: RolloutsOptions['broker'];
  readonly #log: Logger;
  readonly #stored = new Map<string, StoredRollout>();
  /** When the last read of each model began, on the clock of `performance.now()`. */
  readonly #readAt = new Map<string, number>();
  /** The reads under way, one a model. A request during a read leads to another read after it. */
  readonly #reading = new Map<string, { promise: Promise<void>; again: boolean }>();
  readonly #listening = new DisposableStack();

  private constructor({ broker, models, log }: RolloutsOptions) {
    this.#broker = broker;
    this.#log = log;
    const names = models.map(({ manifest }) => manifest.name);
    const readAll = () => {
      for (const name of names) this.#readSoon(name);
    };
    this.#listening.use(broker.rollouts.listen((model) => names.includes(model) && this.#readSoon(model)));
    this.#listening.use(broker.onConnectionChange((connected) => connected && readAll()));
  }

  /** Resolves once the rollout of each model is known. @param signal ends the wait. */
  static async open(options: RolloutsOptions, signal: AbortSignal): Promise<Rollouts> {
    const rollouts = new Rollouts(options);
    for (const { manifest } of options.models) await rollouts.#readPatiently(manifest.name, signal);
    return rollouts;
  }

  /** @returns undefined if none is set for the model. */
  of(model: string): Rollout | undefined {
    const readAt = this.#readAt.get(model) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - readAt > READ_INTERVAL_MS) this.#readSoon(model);
    const record = this.#stored.get(model)?.record;
    return record === undefined || record.weights.length === 0 ? undefined : record;
  }

  /**
   * Sets the rollout of a model, and moves as few buckets as possible.
   *
   * @param weights checked already; an empty list ends the rollout.
   * @param shadow weights of the shadow versions; checked already.
   * @param before the owners of the buckets if no rollout is set.
   * @throws {RequestError} `BROKER_UNAVAILABLE` (it may have been stored all the same), `ROLLOUT_CONFLICT`.
   */
  async set(
    model: string,
    { weights, shadow }: RolloutWeights,
    before: readonly BucketRange[],
  ): Promise<RolloutRecord> {
    for (let attempt = 1; attempt <= STORE_ATTEMPTS; attempt++) {
      const stored = await this.#broker.rollouts.read(model);
      const ranges = stored.record?.ranges ?? [];
      const setAt = this.#broker.now();
      const record: RolloutRecord = {
        v: MESSAGE_VERSION,
        weights,
        ranges: weights.length === 0 ? [] : movedRanges(ranges.length === 0 ? before : ranges, weights),
        shadow: nextShadow(stored.record?.shadow, shadow, setAt),
        setAt,
      };
      const outcome = await this.#broker.rollouts.store(model, record, stored);
      if (outcome.type === 'stored') {
        await this.#read(model);
        this.#log.info({ model, weights, shadow, before: stored.record?.weights ?? [] }, 'rollout set');
        return record;
      }
      if (outcome.type !== 'changed' && outcome.type !== 'alreadyThere')
        throw brokerUnavailable(outcome.reason);
    }
    throw new RequestError(
      RequestErrorCode.RolloutConflict,
      `The rollout of ${model} is being set by others at the same time. Look at it, and try again.`,
    );
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  async #readPatiently(model: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        return await this.#read(model);
      } catch (error) {
        if (signal.aborted) throw error;
        this.#log.warn({ model, reason: messageOf(error) }, 'waiting for the rollout of a model');
        await sleep(FIRST_READ_RETRY_MS);
      }
    }
  }

  #readSoon(model: string): void {
    this.#read(model).catch((error: unknown) => {
      this.#log.debug({ model, reason: messageOf(error) }, 'a rollout could not be read: the last one holds');
    });
  }

  /**
   * Resolves once a read that began after this call is done. Reads never overlap: an older answer could replace a
   * newer.
   */
  #read(model: string): Promise<void> {
    const under = this.#reading.get(model);
    if (under !== undefined) {
      under.again = true;
      return under.promise;
    }
    const reading = { again: false, promise: Promise.resolve() };
    const readOn = async () => {
      try {
        do {
          reading.again = false;
          this.#readAt.set(model, performance.now());
          this.#learn(model, await this.#broker.rollouts.read(model));
        } while (reading.again);
      } finally {
        // In the same step as the last look at `again`: later callers begin another read.
        this.#reading.delete(model);
      }
    };
    this.#reading.set(model, reading);
    reading.promise = readOn();
    return reading.promise;
  }

  #learn(model: string, stored: StoredRollout): void {
    const known = this.#stored.get(model);
    if (known !== undefined && isSame(known, stored)) return;
    if (stored.problem !== undefined) {
      // A newer gateway may have written it. Until this one can read it, the former rollout stays in force.
      this.#stored.set(model, { ...stored, record: known?.record });
      this.#log.error({ model, reason: stored.problem }, 'the rollout of a model cannot be read');
      return;
    }
    this.#stored.set(model, stored);
    if (known !== undefined || stored.record !== undefined)
      this.#log.info({ model, weights: stored.record?.weights ?? [] }, 'rollout in force');
  }
}

/** A broker that has lost its data counts revisions from the beginning. */
function isSame(known: StoredRollout, stored: StoredRollout): boolean {
  if (known.revision !== stored.revision || known.problem !== stored.problem) return false;
  return stored.problem !== undefined || known.record?.setAt === stored.record?.setAt;
}
