/**
 * Expires queued tasks that are not watched, also those of a gateway that is gone. Every gateway sweeps; there is no
 * election, since to end a task twice does nothing.
 */
import type { Broker, StoredJob } from '../broker/broker.ts';
import { type EndingBroker, endOverdueBundle, endTask, overdueEnd } from '../broker/endTask.ts';
import { decodeStored } from '../broker/storedJob.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import { MalformedMessage } from '../contract/messages/decoder.ts';
import { Lane, parseJobSubject } from '../contract/subjects.ts';
import { MAX_TIMEOUT_MS } from '../contract/task.ts';
import { parseTaskId } from '../contract/taskId.ts';
import type { Model } from '../models/models.ts';
import type { Logger } from '../process/log.ts';
import { type QueueLook, sweepSchedule } from './sweepSchedule.ts';

/** A gateway that watches a task expires it on the millisecond; the sweeper leaves it that long. */
const GRACE_S = 1;
/** After a longer gap (a suspended machine) the queue is asked for its deadlines, as at the start. */
const LONGEST_WALK_S = 600;
/** The oldest job, whatever its subject says, and the tasks that were left are looked at again after so long. */
const LOOK_BACK_INTERVAL_MS = 10_000;
/** Tasks that one sweep expires at a time. */
const CONCURRENCY = 32;
/** Refusals that are no fault of the task: every other task would be refused now, too. */
const HOLDING_UP: ReadonlySet<RequestErrorCode> = new Set([
  RequestErrorCode.BrokerUnavailable,
  RequestErrorCode.ResultStoreFull,
]);

/**
 * How the expiry of a queued message went: the number of tasks that ended with it. `held up`: the broker or its store
 * refuse, for all tasks; `left`: this message alone failed.
 */
type Swept = number | 'left' | 'held up';

/** The part of the broker that the sweeper uses. */
type SweptBroker = EndingBroker &
  Pick<
    Broker,
    'chunks' | 'connected' | 'emptyQueues' | 'now' | 'queuedDeadlines' | 'nextJobDueIn' | 'oldestJob'
  >;

export class Sweeper implements AsyncDisposable {
  readonly #broker: SweptBroker;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  readonly #sweeping: Promise<void>;
  /**
   * Per model the last deadline second of which no job is left; absent until the tasks that were overdue at the start
   * are done.
   */
  readonly #sweptUntil = new Map<string, number>();
  /**
   * Per model and deadline second the sequences of the tasks that were left. They hold up no others, and are tried
   * again.
   */
  readonly #left = new Map<string, Map<number, ReadonlySet<number>>>();
  #lookedBackAt = Number.NEGATIVE_INFINITY;

  constructor({ broker, models, log }: { broker: SweptBroker; models: readonly Model[]; log: Logger }) {
    this.#broker = broker;
    this.#log = log;
    this.#sweeping = this.#sweepOn(models);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#sweeping;
  }

  async #sweepOn(models: readonly Model[]): Promise<void> {
    const { signal } = this.#stop;
    const schedule = sweepSchedule({ broker: this.#broker, models, log: this.#log, signal });
    for await (const look of schedule) await this.#sweep(look);
  }

  async #sweep({ askedAt, empty, filled }: QueueLook): Promise<void> {
    for (const model of empty) this.#sweptUntil.set(model, sweepableAt(askedAt));
    const now = performance.now();
    const looksBack = now - this.#lookedBackAt >= LOOK_BACK_INTERVAL_MS;
    if (looksBack) this.#lookedBackAt = now;
    for (const model of filled) {
      try {
        if (looksBack) await this.#sweepTooOld(model);
        await this.#sweepModel(model, looksBack);
      } catch (error) {
        // Seconds that were not swept stay due: the next sweep takes them up.
        this.#log.warn({ model, err: error }, 'overdue tasks could not be swept, trying again');
      }
    }
  }

  /**
   * Ends jobs that have waited for longer than any task may, oldest first. A sweep by deadline does not find them:
   * their subjects name no deadline, one long gone, or one that no task can have.
   */
  async #sweepTooOld(model: string): Promise<void> {
    const storedBefore = this.#tooOldBefore();
    for (let sequence = 1; !this.#stop.signal.aborted; ) {
      const job = await this.#broker.oldestJob(model, sequence);
      if (job === undefined || job.storedAt > storedBefore) return;
      await this.#expire(job);
      sequence = job.sequence + 1;
    }
  }

  async #sweepModel(model: string, looksBack: boolean): Promise<void> {
    const until = sweepableAt(this.#broker.now());
    const sweptUntil = this.#sweptUntil.get(model);
    const due =
      sweptUntil === undefined || until - sweptUntil > LONGEST_WALK_S
        ? (await this.#broker.queuedDeadlines(model)).filter((second) => second <= until)
        : range(sweptUntil + 1, until);
    const left = this.#left.get(model) ?? new Map<number, ReadonlySet<number>>();
    this.#left.set(model, left);
    for (const second of new Set([...(looksBack ? left.keys() : []), ...due])) {
      // A second that is held up stays due, and so do the seconds behind it.
      if (this.#stop.signal.aborted || !(await this.#sweepSecond(model, second, left))) return;
    }
    this.#sweptUntil.set(model, Math.max(until, sweptUntil ?? 0));
  }

  /** @returns false if its tasks are held up; otherwise each of them has its final state now, or is left. */
  async #sweepSecond(
    model: string,
    second: number,
    left: Map<number, ReadonlySet<number>>,
  ): Promise<boolean> {
    const running = new Set<Promise<void>>();
    const leftNow = new Set<number>();
    const rowBatches = new Set<string>();
    let count = 0;
    let isHeldUp = false;
    for (let sequence = 1; !this.#stop.signal.aborted && !isHeldUp; ) {
      const job = await this.#broker.nextJobDueIn(model, second, sequence);
      if (job === undefined) break;
      sequence = job.sequence + 1;
      const { bundle, lane } = parseJobSubject(job.subject);
      // A row batch ends with all its chunks. Ending it once per chunk would read all its results each time.
      if (rowBatches.has(bundle)) continue;
      if (lane === Lane.Batch) rowBatches.add(bundle);
      const expiring = this.#expire(job, left.get(second)?.has(job.sequence)).then((swept) => {
        if (swept === 'left') leftNow.add(job.sequence);
        else if (swept === 'held up') isHeldUp = true;
        else count += swept;
        running.delete(expiring);
      });
      running.add(expiring);
      if (running.size >= CONCURRENCY) await Promise.race(running);
    }
    await Promise.all(running);
    if (count > 0)
      this.#log.info({ model, count, deadlineSecond: second }, 'expired tasks that no worker finished');
    if (isHeldUp) return false;
    if (leftNow.size > 0) left.set(second, leftNow);
    else left.delete(second);
    return true;
  }

  /**
   * Throws nothing: it runs beside others.
   *
   * @param isKnown whether it was left before: this is logged once as a warning.
   */
  async #expire(stored: StoredJob, isKnown = false): Promise<Swept> {
    const { model, bundle } = parseJobSubject(stored.subject);
    try {
      return await this.#end(stored);
    } catch (error) {
      const level = isKnown ? 'debug' : 'warn';
      this.#log[level]({ model, bundle, err: error }, 'overdue tasks could not be expired, trying again');
      return error instanceof RequestError && HOLDING_UP.has(error.code) ? 'held up' : 'left';
    }
  }

  /** What was stored before, in broker time, has waited for longer than any task may. */
  #tooOldBefore(): number {
    return this.#broker.now() - MAX_TIMEOUT_MS - GRACE_S * 1000;
  }

  async #end(stored: StoredJob): Promise<number> {
    const job = readable(stored, stored.storedAt <= this.#tooOldBefore());
    if (job === undefined) {
      // Whatever tasks it stood for, it does not name them.
      await this.#broker.deleteJob(parseJobSubject(stored.subject).model, stored.sequence);
      return 0;
    }
    if ('rows' in job) {
      await endOverdueBundle(this.#broker, job, stored.sequence);
      return job.rows.length;
    }
    const address = parseTaskId(job.taskId);
    if (address === undefined) throw new Error('the job of a row batch that was decoded names its task');
    await endTask(this.#broker, await overdueEnd(this.#broker, job, this.#broker.now()), address);
    return 1;
  }
}

/** @param isTooOld whether no task can wait for it any more. */
function readable(stored: StoredJob, isTooOld: boolean): ReturnType<typeof decodeStored> | undefined {
  try {
    return decodeStored(stored);
  } catch (error) {
    // A job that is newer than this gateway stays as long as a task may wait for it: newer gateways sweep, too.
    if (!(error instanceof MalformedMessage) && !isTooOld) throw error;
    return undefined;
  }
}

/** The last deadline second whose tasks may be ended from here. @param now broker time. */
function sweepableAt(now: number): number {
  return Math.floor(now / 1000) - GRACE_S;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}
