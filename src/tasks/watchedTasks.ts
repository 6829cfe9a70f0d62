/**
 * Looks after the watched tasks. An end whose notice was lost is read: at once after a reconnect, and less and less
 * often while a task waits. A task whose deadline passes is expired from here, without waiting for the sweeper. New
 * progress of a row batch is shown.
 */
import type { Broker } from '../broker/broker.ts';
import { type EndingBroker, endTask, overdueEnd } from '../broker/endTask.ts';
import { messageOf } from '../contract/errors.ts';
import type { FinishedTask } from '../contract/task.ts';
import { taskFields } from '../contract/trace.ts';
import type { Logger } from '../process/log.ts';
import { type OpenTask, show } from './openTask.ts';
import type { OpenTasks } from './openTasks.ts';
import { endingOf } from './taskMapping.ts';

export interface WatchedTasksOptions {
  readonly broker: EndingBroker & Pick<Broker, 'chunks' | 'onConnectionChange' | 'connected' | 'now'>;
  readonly open: Pick<OpenTasks, 'finish'>;
  readonly log: Logger;
}

interface Check {
  /** On the clock of `performance.now()`. */
  nextAt: number;
  intervalMs: number;
}

const TICK_MS = 100;
const FIRST_CHECK_MS = 2_000;
const LONGEST_CHECK_INTERVAL_MS = 30_000;
/** A check that failed is made again after this time. */
const RETRY_CHECK_MS = 1_000;
const CHECKS_AT_ONCE = 512;

export class WatchedTasks implements Disposable {
  readonly #options: WatchedTasksOptions;
  readonly #checks = new Map<OpenTask, Check>();
  readonly #listening: Disposable;
  #checking = 0;
  /** While a task is watched. */
  #ticking: NodeJS.Timeout | undefined;

  constructor(options: WatchedTasksOptions) {
    this.#options = options;
    this.#listening = options.broker.onConnectionChange((connected) => connected && this.#checkAllSoon());
  }

  /** A task is watched from now on. */
  add(open: OpenTask): void {
    if (this.#checks.has(open)) return;
    const waitMs = this.#untilNext(open, FIRST_CHECK_MS, this.#options.broker.now());
    this.#checks.set(open, { nextAt: performance.now() + waitMs, intervalMs: FIRST_CHECK_MS });
    this.#ticking ??= setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** The task has ended, or is not watched any more. */
  drop(open: OpenTask): void {
    this.#checks.delete(open);
  }

  [Symbol.iterator](): IterableIterator<OpenTask> {
    return this.#checks.keys();
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    clearInterval(this.#ticking);
  }

  #checkAllSoon(): void {
    for (const check of this.#checks.values()) check.nextAt = 0;
  }

  #tick(): void {
    const { broker } = this.#options;
    if (this.#checks.size === 0) {
      clearInterval(this.#ticking);
      this.#ticking = undefined;
    }
    if (!broker.connected) return;
    const brokerNow = broker.now();
    const now = performance.now();
    for (const [open, check] of this.#checks) {
      if (open.progress?.takeNews(now)) show(open);
      if (this.#checking >= CHECKS_AT_ONCE) break;
      if (now >= check.nextAt) void this.#check(open, check, brokerNow);
    }
  }

  /** Looks at the stored state of a task; an overdue one is expired unless it has ended otherwise. */
  async #check(open: OpenTask, check: Check, brokerNow: number): Promise<void> {
    const { broker, open: tasks, log } = this.#options;
    this.#checking++;
    check.intervalMs = Math.min(check.intervalMs * 2, LONGEST_CHECK_INTERVAL_MS);
    check.nextAt = performance.now() + this.#untilNext(open, check.intervalMs, brokerNow);
    try {
      const isOverdue = brokerNow >= open.deadline;
      const end = isOverdue
        ? await this.#endOverdue(open, brokerNow)
        : await broker.ends.peekTask(open.address, open.task.owner);
      if (end !== undefined) tasks.finish(end);
    } catch (error) {
      const { id, trace } = open.task;
      log.debug(
        { ...taskFields(id, trace), reason: messageOf(error) },
        'the state of a task could not be read',
      );
    } finally {
      this.#checking--;
    }
  }

  async #endOverdue({ address, deadline, task }: OpenTask, brokerNow: number): Promise<FinishedTask> {
    const { broker } = this.#options;
    const end = await overdueEnd(broker, { ...endingOf(task), deadline }, brokerNow);
    return endTask(broker, end, address);
  }

  /** Milliseconds; the deadline itself is one of the checks. */
  #untilNext({ deadline }: OpenTask, intervalMs: number, brokerNow: number): number {
    return brokerNow < deadline ? Math.min(intervalMs, deadline - brokerNow) : RETRY_CHECK_MS;
  }
}
