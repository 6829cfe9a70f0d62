/**
 * The progress of one try of a step: told to gateways ten times a second at most, and stored every two seconds, also
 * while nothing changes. What is stored shows other trainers that this one lives, counts the tries, and says where the
 * next one begins.
 *
 * A trainer that was away for long may find that another one has begun a later try. Then it gives up its own: what it
 * stores must not replace what the other one has stored.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../../src/broker/broker.ts';
import { brokerUnavailable, messageOf } from '../../src/contract/errors.ts';
import { MESSAGE_VERSION } from '../../src/contract/messages/decoder.ts';
import type { StepJob, WorkProgress } from '../../src/contract/messages/work.ts';
import { type ArtifactFile, type Progress, STEP_NAMES } from '../../src/contract/work.ts';
import type { Logger } from '../../src/process/log.ts';

export interface TryOptions {
  readonly broker: Pick<Broker, 'work' | 'now'>;
  readonly job: Pick<StepJob, 'taskId' | 'step'>;
  readonly trainer: string;
  /** Its lines name the task. */
  readonly log: Logger;
  /** Aborted when the trainer stops. */
  readonly signal: AbortSignal;
  /** Called when another trainer has begun a later try. */
  readonly onOvertaken: () => void;
}

const TELL_EVERY_MS = 100;
const STORE_EVERY_MS = 2_000;
/** A trainer that lives stores its progress within this time. */
const ALIVE_WITHIN_MS = 2_500;
const WRITE_TRIES = 3;

/** Another trainer works on the step. */
export class Overtaken extends Error {}

export class TryProgress implements AsyncDisposable {
  readonly #options: TryOptions;
  #present: WorkProgress;
  /** The first progress of this try, and when it was told by `performance.now()`: the speed is measured from there. */
  #first: { readonly done: number; readonly at: number } | undefined;
  #telling: NodeJS.Timeout | undefined;
  #toldAt = 0;
  readonly #storing: NodeJS.Timeout;
  /** Writes, one after another. */
  #written: Promise<void> = Promise.resolve();

  private constructor(options: TryOptions, present: WorkProgress) {
    this.#options = options;
    this.#present = present;
    this.#storing = setInterval(() => void this.#storeNow(), STORE_EVERY_MS);
  }

  /**
   * Counts a try, before it is begun.
   *
   * @returns undefined if as many tries as allowed were begun before.
   * @throws {Overtaken} if another trainer works on the step. @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  static async begin(options: TryOptions, maxAttempts: number): Promise<TryProgress | undefined> {
    const { broker, job, trainer } = options;
    const last = await lastOf(options);
    const before = last?.progress?.step === job.step ? last.progress : undefined;
    if (before !== undefined && before.trainer !== trainer) await requireLoss(options, last?.sequence);
    if (before !== undefined && before.attempts >= maxAttempts) return undefined;
    const progress: WorkProgress = {
      v: MESSAGE_VERSION,
      ...{ taskId: job.taskId, step: job.step, trainer },
      attempts: (before?.attempts ?? 0) + 1,
      startedAt: broker.now(),
      ...(before?.checkpoint && { checkpoint: before.checkpoint }),
      ...(before?.progress && { progress: before.progress }),
    };
    const outcome = await broker.work.storeProgress(progress, last?.sequence ?? 0);
    if (outcome.type === 'alreadyThere' || outcome.type === 'changed')
      throw new Overtaken('another trainer has begun a try at the same time');
    if (outcome.type !== 'stored') throw brokerUnavailable(outcome.reason);
    broker.work.tellProgress(progress);
    return new TryProgress(options, progress);
  }

  get attempts(): number {
    return this.#present.attempts;
  }

  /** Where the try before this one had come to. */
  get checkpoint(): ArtifactFile | undefined {
    return this.#present.checkpoint;
  }

  report(progress: Omit<Progress, 'at'>): void {
    const at = this.#options.broker.now();
    this.#first ??= { done: progress.done, at: performance.now() };
    const secondsLeft = progress.secondsLeft ?? this.#secondsLeft(progress);
    this.#present = {
      ...this.#present,
      progress: { ...progress, at, ...(secondsLeft === undefined ? {} : { secondsLeft }) },
    };
    this.#tellSoon();
  }

  /** Tells what the step does now, for people; undefined takes it back. */
  note(note: string | undefined): void {
    this.#present = { ...this.#present, note };
    this.#tellSoon();
  }

  /** Stores where the next try begins. */
  async keep(checkpoint: ArtifactFile): Promise<void> {
    this.#present = { ...this.#present, checkpoint };
    await this.#storeNow();
  }

  /** This try does not count: it was not ended by a fault of its step. */
  async giveBack(): Promise<void> {
    this.#present = { ...this.#present, attempts: this.#present.attempts - 1 };
    await this.#storeNow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#storing);
    clearTimeout(this.#telling);
    await this.#written;
  }

  #tellSoon(): void {
    const wait = this.#toldAt + TELL_EVERY_MS - performance.now();
    this.#telling ??= setTimeout(() => this.#tell(), Math.max(0, wait));
  }

  #tell(): void {
    this.#telling = undefined;
    this.#toldAt = performance.now();
    this.#options.broker.work.tellProgress(this.#present);
  }

  #secondsLeft({ done, of }: Pick<Progress, 'done' | 'of'>): number | undefined {
    const { done: firstDone, at } = this.#first ?? { done, at: 0 };
    if (of === undefined || done <= firstDone) return undefined;
    const seconds = (performance.now() - at) / 1_000;
    return Math.max(0, ((of - done) * seconds) / (done - firstDone));
  }

  #storeNow(): Promise<void> {
    this.#written = this.#written.then(() => this.#store());
    return this.#written;
  }

  async #store(): Promise<void> {
    const { broker, log, onOvertaken } = this.#options;
    try {
      for (let tries = 1; tries <= WRITE_TRIES; tries++) {
        const last = await lastOf(this.#options);
        if (last?.progress !== undefined && this.#isBehind(last.progress)) {
          onOvertaken();
          return;
        }
        const { type } = await broker.work.storeProgress(this.#present, last?.sequence ?? 0);
        if (type !== 'changed' && type !== 'alreadyThere') return;
      }
    } catch (error) {
      // The next one is stored in two seconds.
      log.debug({ reason: messageOf(error) }, 'progress not stored');
    }
  }

  /** Whether another trainer has begun a later try, or the next step. */
  #isBehind(other: WorkProgress): boolean {
    const present = this.#present;
    if (other.step !== present.step) return STEP_NAMES.indexOf(other.step) > STEP_NAMES.indexOf(present.step);
    return other.trainer !== present.trainer && other.startedAt > present.startedAt;
  }
}

/** Waits a moment. @throws {Overtaken} if progress was stored meanwhile: the trainer before this one works on. */
async function requireLoss(options: TryOptions, sequence: number | undefined): Promise<void> {
  await sleep(ALIVE_WITHIN_MS, undefined, { signal: options.signal });
  if ((await lastOf(options))?.sequence !== sequence)
    throw new Overtaken('another trainer still works on the step');
}

function lastOf({ broker, job }: TryOptions) {
  return broker.work.lastProgress(job.taskId);
}
