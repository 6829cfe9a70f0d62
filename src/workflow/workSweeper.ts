/**
 * Ends work whose time is over, and mends its queue: takes off it what has ended, and queues the next step of work that
 * has none there. Every gateway sweeps, without an election: each of these writes is done once, however many try.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Broker, parseWorkSubject, type StoredJob, type WorkSubject } from '../broker/broker.ts';
import { endWork, expiredWork } from '../broker/endWork.ts';
import { messageOf } from '../contract/errors.ts';
import { taskFields } from '../contract/trace.ts';
import { WORK_TIMEOUT_MS } from '../contract/work.ts';
import type { WorkAddress } from '../contract/workId.ts';
import type { Logger } from '../process/log.ts';
import { firstTry } from '../tasks/storing.ts';
import type { WorkQueue } from './workQueue.ts';

export interface WorkSweeperOptions {
  readonly broker: Pick<Broker, 'work' | 'now' | 'connected'>;
  readonly queue: Pick<WorkQueue, 'storeNextStep'>;
  readonly log: Logger;
}

const SWEEP_INTERVAL_MS = 2_000;
/** How often the queue is mended: it takes a look at each message. */
const MEND_INTERVAL_MS = 30_000;
/** What is younger may be in the hands of a gateway that accepts it. */
const MENDABLE_AFTER_MS = 30_000;

export class WorkSweeper implements AsyncDisposable {
  readonly #options: WorkSweeperOptions;
  readonly #stop = new AbortController();
  readonly #sweeping: Promise<void>;
  #mendedAt = Number.NEGATIVE_INFINITY;

  constructor(options: WorkSweeperOptions) {
    this.#options = options;
    this.#sweeping = this.#sweepOn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#sweeping;
  }

  async #sweepOn(): Promise<void> {
    const { broker, log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        if (broker.connected) await this.#sweep();
      } catch (error) {
        log.warn({ reason: messageOf(error) }, 'work could not be swept, trying again');
      }
      await sleep(SWEEP_INTERVAL_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #sweep(): Promise<void> {
    const { broker } = this.#options;
    const subjects = await broker.work.queuedSubjects();
    if (subjects.length === 0) return;
    const places = subjects.flatMap((subject) => parseWorkSubject(subject) ?? []);
    const nowSecond = broker.now() / 1000;
    for (const { address, step } of places)
      if (step === undefined && address.deadlineSecond <= nowSecond)
        await this.#each(address, () => this.#expire(address));
    const now = performance.now();
    if (now - this.#mendedAt < MEND_INTERVAL_MS) return;
    this.#mendedAt = now;
    await this.#mend(places);
  }

  async #mend(places: readonly WorkSubject[]): Promise<void> {
    const { work } = this.#options.broker;
    const idsOf = (some: readonly WorkSubject[]) => new Set(some.map(({ address }) => address.id));
    const whole = idsOf(places.filter(({ step }) => step === undefined));
    const stepped = idsOf(places.filter(({ step }) => step !== undefined));
    for (let sequence = 1; !this.#stop.signal.aborted; ) {
      const message = await work.nextQueued(sequence);
      if (message === undefined) return;
      sequence = message.sequence + 1;
      const { address, step } = parseWorkSubject(message.subject) ?? {};
      if (address === undefined) await this.#removeTooOld(message);
      // A step is looked at with its work.
      else if (this.#ageOf(message) > MENDABLE_AFTER_MS && (step === undefined || !whole.has(address.id)))
        await this.#each(address, () => this.#mendOne(address, message, stepped));
    }
  }

  /** @param stepped ids of the work that has a step on the queue. */
  async #mendOne(address: WorkAddress, message: StoredJob, stepped: ReadonlySet<string>): Promise<void> {
    const { broker, queue } = this.#options;
    const { work } = broker;
    if ((await work.readEnd(address)) !== undefined) return work.remove(address);
    const job = await work.readJob(address);
    if (job === undefined) return this.#removeTooOld(message);
    // No process of ours has made such a deadline.
    if (this.#isTooOld(message)) return this.#expire(address);
    if (stepped.has(address.id)) return;
    await queue.storeNextStep(address, { job, ...(await work.readSteps(address)) }, firstTry().giveUpAt);
  }

  async #expire(address: WorkAddress): Promise<void> {
    const { broker, log } = this.#options;
    const job = await broker.work.readJob(address);
    if (job === undefined) return;
    const { state } = await endWork(broker, address, job, expiredWork(job));
    log.info({ ...taskFields(address.id, job.trace), state }, 'took overdue work off its queue');
  }

  /** What no process of ours has made, or none can read. It goes when no work can wait for it any more. */
  async #removeTooOld(message: StoredJob): Promise<void> {
    const { subject, sequence } = message;
    if (!this.#isTooOld(message)) return;
    this.#options.log.warn({ subject }, 'removing a message from the queue of work that is no work');
    await this.#options.broker.work.delete(sequence);
  }

  #isTooOld(message: StoredJob): boolean {
    return this.#ageOf(message) > WORK_TIMEOUT_MS.most + MENDABLE_AFTER_MS;
  }

  #ageOf({ storedAt }: StoredJob): number {
    return this.#options.broker.now() - storedAt;
  }

  /** Work that cannot be handled, as of a newer gateway, keeps no other from its turn. */
  async #each({ id }: WorkAddress, handle: () => Promise<void>): Promise<void> {
    try {
      await handle();
    } catch (error) {
      this.#options.log.warn(
        { taskId: id, reason: messageOf(error) },
        'work could not be swept, trying again',
      );
    }
  }
}
