/**
 * The unfinished tasks that this gateway follows, and who watches them.
 *
 * Two kinds. *Own* tasks were accepted here: their final states arrive on one subscription for all, so a watcher costs
 * no question to the broker. *Foreign* tasks were accepted by another gateway (or by this one before a restart): each
 * is followed by a subscription of its own as long as somebody watches it, in the order subscribe, flush, read.
 *
 * A final state is heard at most once, from the republish of the results stream. What was missed is read: at once
 * after a reconnect, and now and then for every watched task that has been waiting for long. A watched task whose
 * deadline passes is expired from here, without waiting for the sweeper.
 */

import type { Broker, Listening } from '../broker/broker.ts';
import { type EndingTask, endTask, overdueResult } from '../broker/endTask.ts';
import { gatewayBusy, messageOf, RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { JobHeader } from '../contract/messages/job.ts';
import type { ChunkProgress, MovedNotice, RunningNotice } from '../contract/messages/notices.ts';
import type { Result } from '../contract/messages/result.ts';
import {
  type FinishedTask,
  isFinal,
  parseTaskId,
  type RowBatch,
  type Task,
  type TaskAddress,
  TaskState,
} from '../contract/task.ts';
import type { Logger } from '../process/log.ts';
import { RecentTasks } from './recentTasks.ts';
import { isProgressOf, RowBatchProgress } from './rowBatchProgress.ts';
import type { TaskEvents } from './taskEvents.ts';
import { TaskWatch } from './taskWatch.ts';

/** A task and the instant of its deadline: milliseconds since the epoch, broker time. */
export interface DatedTask {
  readonly task: Task;
  readonly deadline: number;
}

interface OpenTask {
  readonly address: TaskAddress;
  readonly deadline: number;
  readonly watches: Set<TaskWatch>;
  /** What keeps a foreign task's end coming; undefined for an own task. */
  readonly news: Listening | undefined;
  /** False until the job of an own task is known to be stored. */
  accepted: boolean;
  task: Task;
  /** When the stored state is looked at next, on the clock of `performance.now()`. */
  nextCheckAt: number;
  checkIntervalMs: number;
  /** Of a batch that runs. */
  progress: RowBatchProgress | undefined;
}

const TICK_MS = 100;
const FIRST_CHECK_MS = 2_000;
const LONGEST_CHECK_INTERVAL_MS = 30_000;
/** A check that failed is made again after this time. */
const RETRY_CHECK_MS = 1_000;
const CHECKS_AT_ONCE = 512;
/** An own task that nobody watches is forgotten so long after its deadline: its end lies in the stream. */
const FORGET_AFTER_MS = 5_000;
const CLEANUP_MS = 5_000;
/** Finished tasks are kept for one to two times as long. */
const RECENT_TURN_MS = 30_000;

export class OpenTasks implements Disposable {
  readonly #broker: Broker;
  readonly #home: string;
  readonly #limit: number;
  readonly #maxSubscriptions: number;
  readonly #log: Logger;
  readonly #open = new Map<string, OpenTask>();
  readonly #watched = new Set<OpenTask>();
  readonly #recent = new RecentTasks();
  readonly #runningFeeds = new Map<string, { users: number; readonly listening: Listening }>();
  readonly #events: TaskEvents;
  readonly #listening = new DisposableStack();
  #subscriptions = 0;
  #endedCount = 0;
  #checking = 0;
  /** While somebody watches. */
  #ticking: NodeJS.Timeout | undefined;

  /**
   * @param limit of tasks followed.
   * @param maxSubscriptions that are open or being opened.
   */
  constructor({
    broker,
    home,
    limit,
    maxSubscriptions,
    events,
    log,
  }: {
    broker: Broker;
    home: string;
    limit: number;
    maxSubscriptions: number;
    events: TaskEvents;
    log: Logger;
  }) {
    this.#broker = broker;
    this.#home = home;
    this.#limit = limit;
    this.#maxSubscriptions = maxSubscriptions;
    this.#events = events;
    this.#log = log;
    this.#listening.use(broker.listenFinals(home, (result) => this.finish(result)));
    this.#listening.use(broker.notices.listenRunning(home, (notice) => this.#run(notice)));
    this.#listening.use(broker.notices.listenMoved(home, (notice) => this.#move(notice)));
    this.#listening.use(broker.notices.answerPresentState(home, (id) => this.#open.get(id)?.task));
    this.#listening.use(broker.onConnectionChange((connected) => connected && this.#distrustAll()));
    const turning = setInterval(() => this.#recent.forgetOlder(), RECENT_TURN_MS).unref();
    const cleaning = setInterval(() => this.#forgetOverdue(), CLEANUP_MS).unref();
    this.#listening.defer(() => {
      for (const timer of [turning, cleaning, this.#ticking]) clearInterval(timer);
    });
  }

  /** Unfinished tasks that are followed. */
  get size(): number {
    return this.#open.size;
  }

  /** Tasks whose end was heard or read while they were followed, since the start. */
  get endedCount(): number {
    return this.#endedCount;
  }

  /**
   * Follows a task of our own. Called before its job is published: its end may be heard before its acknowledgement.
   *
   * @returns the task as it is: of two requests with one `requestId`, the other may have brought it to its end.
   * @throws {RequestError} `GATEWAY_BUSY` if too many are followed already.
   */
  add(job: JobHeader, address: TaskAddress): Task {
    const ended = this.#recent.get(address.id);
    if (ended !== undefined) return ended;
    // Two requests with one requestId may be trying at the same time.
    const open = this.#open.get(address.id);
    return (open ?? this.#follow(address, { task: queuedTask(job), deadline: job.deadline }, undefined)).task;
  }

  /** The task's job is stored. */
  accept(id: string): void {
    const open = this.#open.get(id);
    if (open !== undefined) open.accepted = true;
  }

  /** The task's job was not stored, as far as is known: but who watches it has read that it was. */
  remove(id: string): void {
    const open = this.#open.get(id);
    if (open?.accepted === false && open.watches.size === 0) this.#open.delete(id);
  }

  /** The end of a task, heard or read. */
  finish(result: Result): void {
    const task = taskOf(result);
    const open = this.#open.get(task.id);
    const home = open?.address.home ?? parseTaskId(task.id)?.home;
    // Also of one that nobody follows: somebody may be about to, who would wait for it in vain.
    if (home === this.#home) this.#recent.add(task);
    if (open === undefined) return;
    this.#endedCount++;
    this.#open.delete(task.id);
    this.#watched.delete(open);
    for (const watch of open.watches) watch.show(task);
    this.#events.emit('ended', task);
  }

  /** What this gateway knows of an accepted task without asking anybody. */
  known(id: string): Task | undefined {
    const open = this.#open.get(id);
    return open?.accepted ? open.task : this.#recent.get(id);
  }

  /**
   * Keeps the place of a watch that is opened later.
   *
   * @returns what gives it back when disposed: in the same step in which the watch is opened, no other can take it.
   * @throws {RequestError} `GATEWAY_BUSY` if there is none.
   */
  reserveWatch(): Disposable {
    this.#takePlace();
    let isKept = true;
    return {
      [Symbol.dispose]: () => {
        if (isKept) this.#subscriptions--;
        isKept = false;
      },
    };
  }

  /**
   * Watches a task from its present state to its end.
   *
   * @param finalOnly shows the final state only.
   * @param readPresent reads the state of a task that this gateway does not follow; throws if there is none.
   * @throws {RequestError} `GATEWAY_BUSY`, and what `readPresent` throws.
   */
  async watch(
    address: TaskAddress,
    { finalOnly, readPresent }: { finalOnly: boolean; readPresent: () => Promise<DatedTask> },
  ): Promise<TaskWatch> {
    this.#takePlace();
    try {
      return await this.#startWatch(address, finalOnly, readPresent);
    } catch (error) {
      this.#subscriptions--;
      throw error;
    }
  }

  #takePlace(): void {
    if (this.#subscriptions >= this.#maxSubscriptions) {
      throw gatewayBusy(
        `This gateway has ${this.#maxSubscriptions} subscriptions open already (MAX_SUBSCRIPTIONS).`,
        this.#maxSubscriptions,
      );
    }
    this.#subscriptions++;
  }

  async #startWatch(
    address: TaskAddress,
    finalOnly: boolean,
    readPresent: () => Promise<DatedTask>,
  ): Promise<TaskWatch> {
    const open = this.#open.get(address.id);
    if (open?.accepted) return this.#addWatch(open, finalOnly);
    const finished = this.#recent.get(address.id);
    if (finished !== undefined) return this.#watchFinished(finished, finalOnly);
    return this.#watchForeign(address, finalOnly, readPresent);
  }

  /** Ends every watch with `SHUTTING_DOWN`: the client shall subscribe again, elsewhere. */
  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    const stopping = new RequestError(
      RequestErrorCode.ShuttingDown,
      'This gateway is shutting down. The task goes on: subscribe again.',
    );
    for (const { watches } of [...this.#watched]) for (const watch of [...watches]) watch.fail(stopping);
  }

  async #watchForeign(
    address: TaskAddress,
    finalOnly: boolean,
    readPresent: () => Promise<DatedTask>,
  ): Promise<TaskWatch> {
    let heard: Result | undefined;
    const news = await this.#broker.listenFinal(address, (result) => {
      heard = result;
      this.finish(result);
    });
    try {
      const present = await readPresent();
      const end = heard === undefined ? present.task : taskOf(heard);
      const openedMeanwhile = this.#open.get(address.id);
      if (!isFinal(end) && openedMeanwhile === undefined) {
        return this.#addWatch(this.#follow(address, present, news), finalOnly);
      }
      news[Symbol.dispose]();
      return openedMeanwhile === undefined
        ? this.#watchFinished(end, finalOnly)
        : this.#addWatch(openedMeanwhile, finalOnly);
    } catch (error) {
      news[Symbol.dispose]();
      throw error;
    }
  }

  #follow(address: TaskAddress, { task, deadline }: DatedTask, news: Listening | undefined): OpenTask {
    if (this.#open.size >= this.#limit) {
      throw gatewayBusy(
        `This gateway follows ${this.#limit} unfinished tasks already (OPEN_TASKS_MAX).`,
        this.#limit,
      );
    }
    const open: OpenTask = {
      address,
      deadline,
      task,
      news,
      accepted: news !== undefined,
      watches: new Set(),
      nextCheckAt: 0,
      checkIntervalMs: FIRST_CHECK_MS,
      progress: undefined,
    };
    this.#open.set(address.id, open);
    return open;
  }

  #addWatch(open: OpenTask, finalOnly: boolean): TaskWatch {
    const hearsRunning = !finalOnly && open.news !== undefined;
    const feed = hearsRunning ? this.#hearRunningOf(open.address.home) : undefined;
    const watch = new TaskWatch({
      finalOnly,
      onClose: () => {
        this.#subscriptions--;
        feed?.[Symbol.dispose]();
        open.watches.delete(watch);
        if (open.watches.size === 0) this.#unwatched(open);
      },
    });
    if (open.watches.size === 0) {
      open.nextCheckAt = performance.now() + untilNextCheck(open, this.#broker.now());
    }
    open.watches.add(watch);
    this.#watched.add(open);
    this.#ticking ??= setInterval(() => this.#tick(), TICK_MS).unref();
    watch.show(open.task);
    return watch;
  }

  #watchFinished(task: Task, finalOnly: boolean): TaskWatch {
    const watch = new TaskWatch({ finalOnly, onClose: () => this.#subscriptions-- });
    watch.show(task);
    return watch;
  }

  #unwatched(open: OpenTask): void {
    this.#watched.delete(open);
    if (open.news === undefined) return;
    open.news[Symbol.dispose]();
    this.#open.delete(open.address.id);
  }

  /** One subscription per foreign gateway, as long as somebody watches the progress of one of its tasks. */
  #hearRunningOf(home: string): Disposable {
    const feed = this.#runningFeeds.get(home) ?? {
      users: 0,
      listening: this.#broker.notices.listenRunning(home, (notice) => this.#run(notice)),
    };
    feed.users++;
    this.#runningFeeds.set(home, feed);
    return {
      [Symbol.dispose]: () => {
        feed.users--;
        if (feed.users > 0) return;
        feed.listening[Symbol.dispose]();
        this.#runningFeeds.delete(home);
      },
    };
  }

  #run({ taskIds, attempts, startedAt, progress }: RunningNotice): void {
    taskIds.forEach((id, i) => {
      const open = this.#open.get(id);
      if (open === undefined) return;
      const state = TaskState.Running;
      const attempt = attempts[i] ?? 1;
      if (open.task.batch !== undefined) {
        // Of a row that is run alone only its task is told.
        if (progress !== undefined && isProgressOf(open.task.batch, progress))
          this.#runBatch(open, open.task.batch, { state, startedAt, attempts: attempt }, progress);
        return;
      }
      open.task = { ...open.task, state, startedAt, attempts: attempt };
      this.#events.emit('started', open.task);
      show(open);
    });
  }

  #move({ taskIds, version }: MovedNotice): void {
    for (const id of taskIds) {
      const open = this.#open.get(id);
      // One that runs may well end on the version it runs on: its result will tell.
      if (open?.task.state !== TaskState.Queued) continue;
      open.task = { ...open.task, modelVersion: version };
      show(open);
    }
  }

  #runBatch(
    open: OpenTask,
    batch: RowBatch,
    running: { state: TaskState; startedAt: number; attempts: number },
    notice: ChunkProgress,
  ): void {
    open.progress ??= new RowBatchProgress();
    const { startedAt = running.startedAt, attempts } = open.task;
    open.task = {
      ...open.task,
      state: running.state,
      startedAt,
      attempts: Math.max(attempts, running.attempts),
      batch: open.progress.hear(batch, notice, this.#broker.now() - startedAt),
    };
    if (open.progress.takeNews(performance.now())) show(open);
  }

  /** Any end may have gone unheard: what is watched is read soon, what is not is forgotten and read when asked for. */
  #distrustAll(): void {
    for (const [id, open] of this.#open) {
      if (open.watches.size === 0) this.#open.delete(id);
      else open.nextCheckAt = 0;
    }
  }

  #tick(): void {
    if (this.#watched.size === 0) {
      clearInterval(this.#ticking);
      this.#ticking = undefined;
    }
    if (!this.#broker.connected) return;
    const brokerNow = this.#broker.now();
    const now = performance.now();
    for (const open of this.#watched) {
      if (open.progress?.takeNews(now)) show(open);
      if (this.#checking >= CHECKS_AT_ONCE) break;
      if (now >= open.nextCheckAt) void this.#check(open, brokerNow);
    }
  }

  /** Looks at the stored state of a watched task; an overdue one is expired unless it has ended otherwise. */
  async #check(open: OpenTask, brokerNow: number): Promise<void> {
    const { address, deadline, task } = open;
    this.#checking++;
    open.checkIntervalMs = Math.min(open.checkIntervalMs * 2, LONGEST_CHECK_INTERVAL_MS);
    open.nextCheckAt = performance.now() + untilNextCheck(open, brokerNow);
    try {
      const final =
        brokerNow >= deadline
          ? await this.#endOverdue(open, brokerNow)
          : await this.#broker.peekResult(address);
      if (final !== undefined) this.finish(final);
    } catch (error) {
      this.#log.debug({ taskId: task.id, reason: messageOf(error) }, 'the state of a task could not be read');
    } finally {
      this.#checking--;
    }
  }

  async #endOverdue({ address, deadline, task }: OpenTask, brokerNow: number): Promise<Result> {
    const end = await overdueResult(this.#broker, { ...endingOf(task), deadline }, brokerNow);
    return endTask(this.#broker, end, address);
  }

  #forgetOverdue(): void {
    if (!this.#broker.connected) return;
    const brokerNow = this.#broker.now();
    for (const [id, { deadline, watches }] of this.#open) {
      if (watches.size === 0 && brokerNow > deadline + FORGET_AFTER_MS) this.#open.delete(id);
    }
  }
}

/** Milliseconds; the deadline itself is one of the checks. */
function untilNextCheck({ deadline, checkIntervalMs }: OpenTask, brokerNow: number): number {
  return brokerNow < deadline ? Math.min(checkIntervalMs, deadline - brokerNow) : RETRY_CHECK_MS;
}

function show({ task, watches }: OpenTask): void {
  for (const watch of watches) watch.show(task);
}

/** The task as it is from its acceptance until a worker takes it. */
export function queuedTask({ taskId, model, version, owner, submittedAt, history, batch }: JobHeader): Task {
  const state = TaskState.Queued;
  const task = { id: taskId, model, modelVersion: version, owner, state, submittedAt, history, attempts: 0 };
  return batch === undefined ? task : { ...task, batch: { ...batch, rowsDone: 0, rowsFailed: 0 } };
}

/** A task as what it takes to end it. */
export function endingOf({ id, modelVersion, ...task }: Task): EndingTask {
  const { model, owner, submittedAt, history, attempts, startedAt, batch } = task;
  return {
    taskId: id,
    model,
    version: modelVersion,
    owner,
    submittedAt,
    history,
    attempts,
    startedAt,
    batch,
  };
}

export function taskOf({ v: _, ...task }: Result): FinishedTask {
  return task;
}
