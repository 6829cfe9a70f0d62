/**
 * The unfinished tasks that this gateway follows, and those that have just ended.
 *
 * Two kinds. *Own* tasks were accepted here: their final states arrive on one subscription for all, so a watcher costs
 * no question to the broker. *Foreign* tasks were accepted by another gateway, or by this one before a restart: each is
 * followed by a subscription of its own while it is watched.
 *
 * An end is received at most once, from the republish of the stream of ends. After a reconnect any end may have been
 * missed: tasks that are not watched are forgotten, and read when a client asks for them. `ForgottenUses` keeps what they
 * use of quotas. `WatchedTasks` reads the others.
 */
import type { Broker, Listening } from '../broker/broker.ts';
import { gatewayBusy } from '../contract/errors.ts';
import type { JobHeader } from '../contract/messages/job.ts';
import { chunkCountOf } from '../contract/rowBatchShape.ts';
import type { FinishedTask, Task } from '../contract/task.ts';
import { parseTaskId, type TaskAddress } from '../contract/taskId.ts';
import { ForgottenUses } from './forgottenUses.ts';
import type { OpenTask } from './openTask.ts';
import { RecentTasks } from './recentTasks.ts';
import type { TaskEvents } from './taskEvents.ts';
import { type DatedTask, queuedTask } from './taskMapping.ts';
import type { TaskUse } from './taskUse.ts';

export interface OpenTasksOptions {
  readonly broker: Pick<Broker, 'ends' | 'notices' | 'onConnectionChange' | 'connected' | 'now'>;
  readonly home: string;
  /** The most tasks that are followed. */
  readonly limit: number;
  readonly events: Pick<TaskEvents, 'emit'>;
}

/** An own task that is not watched is forgotten so long after its deadline: its end is in the stream. */
const FORGET_AFTER_MS = 5_000;
const CLEANUP_MS = 5_000;
/** Finished tasks are kept for one to two times as long. */
const RECENT_TURN_MS = 30_000;
/** The share of a new end in the mean of `messagesPerEnd`. */
const NEWEST = 1 / 1_000;

export class OpenTasks implements Disposable {
  readonly #options: OpenTasksOptions;
  readonly #open = new Map<string, OpenTask>();
  /** By model: the own jobs among them. A row batch counts with its chunks. */
  readonly #ownJobs = new Map<string, number>();
  readonly #recent = new RecentTasks();
  readonly #forgotten: ForgottenUses;
  readonly #listening = new DisposableStack();
  #endedCount = 0;
  #messagesPerEnd = 1;

  constructor(options: OpenTasksOptions) {
    const { broker, home } = options;
    this.#options = options;
    this.#forgotten = new ForgottenUses(options);
    this.#listening.use(broker.ends.listen(home, (tasks) => this.#endOwn(tasks)));
    this.#listening.use(broker.notices.answerPresentState(home, (id) => this.#open.get(id)?.task));
    this.#listening.use(broker.onConnectionChange((connected) => connected && this.#forgetUnwatched()));
    const turning = setInterval(() => this.#recent.forgetOlder(), RECENT_TURN_MS).unref();
    const cleaning = setInterval(() => this.#forgetOverdue(), CLEANUP_MS).unref();
    this.#listening.defer(() => {
      for (const timer of [turning, cleaning]) clearInterval(timer);
    });
  }

  /** The number of unfinished tasks that are followed. */
  get size(): number {
    return this.#open.size;
  }

  /** The number of tasks, since the start, whose end was received or read while they were followed. */
  get endedCount(): number {
    return this.#endedCount;
  }

  /** 1 divided by how many ends share a message, on the average of the last ones. */
  get messagesPerEnd(): number {
    return this.#messagesPerEnd;
  }

  /** The unfinished jobs of a model that this gateway has accepted. */
  ownJobs(model: string): number {
    return this.#ownJobs.get(model) ?? 0;
  }

  /**
   * Follows an own task. Called before its job is published, because its end may come before its acknowledgement.
   *
   * @param use is kept until the task is followed no more.
   * @throws {RequestError} `GATEWAY_BUSY` if too many are followed already.
   */
  add(job: JobHeader, address: TaskAddress, use?: TaskUse): Task {
    // Two requests with one requestId may be trying at the same time.
    const open = this.#open.get(address.id);
    return (open ?? this.#follow(address, { task: queuedTask(job), deadline: job.deadline }, { use })).task;
  }

  /** Tells that the task's job is stored. */
  markStored(id: string): void {
    const open = this.#open.get(id);
    if (open !== undefined) open.accepted = true;
  }

  /**
   * Tells that the task's job was not stored, as far as is known. A watched task stays: its watcher has read that it
   * was.
   */
  remove(id: string): void {
    const open = this.#open.get(id);
    if (open === undefined) this.#forgotten.release(id);
    if (open?.accepted !== false || open.watches.size > 0) return;
    open.use?.undo();
    this.#drop(open);
  }

  /**
   * Follows a task that another gateway accepted, until `forget`.
   *
   * @param news brings its end, and is disposed with it.
   * @throws {RequestError} `GATEWAY_BUSY` if too many are followed already.
   */
  followForeign(address: TaskAddress, present: DatedTask, news: Listening): OpenTask {
    return this.#follow(address, present, { news });
  }

  /** Stops following a foreign task. An own task stays: its end comes anyway. */
  forget(open: OpenTask): void {
    if (open.news === undefined) return;
    open.news[Symbol.dispose]();
    this.#drop(open);
  }

  /** Ends a task, with the end that was received or read. */
  finish(task: FinishedTask): void {
    const open = this.#open.get(task.id);
    const isOwn = (open?.address.home ?? parseTaskId(task.id)?.home) === this.#options.home;
    this.#forgotten.release(task.id);
    // Also of a task that is not followed: a client may be about to ask for it.
    if (isOwn) this.#recent.add(task);
    if (open === undefined) return;
    this.#endedCount++;
    this.#drop(open);
    for (const watch of open.watches) watch.show(task);
    this.#options.events.emit(isOwn ? 'ended' : 'foreignEnded', task);
  }

  /** A task that is followed, accepted or not. */
  followed(id: string): OpenTask | undefined {
    return this.#open.get(id);
  }

  /** A task that has ended lately. */
  ended(id: string): FinishedTask | undefined {
    return this.#recent.get(id);
  }

  /** An accepted task as this gateway knows it, without a question to the broker. */
  known(id: string): Task | undefined {
    const open = this.#open.get(id);
    return open?.accepted ? open.task : this.#recent.get(id);
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  /** The ends of own tasks, as they are stored. Those of a bundle come again with each further end of it. */
  #endOwn(tasks: readonly FinishedTask[]): void {
    // Nearly all are open, and these are few: the many recent ones are looked through for the others only.
    for (const task of tasks)
      if (this.#open.has(task.id) || this.#recent.get(task.id) === undefined) this.finish(task);
    if (tasks.length === 0) return;
    this.#messagesPerEnd += Math.min(1, tasks.length * NEWEST) * (1 / tasks.length - this.#messagesPerEnd);
  }

  #follow(
    address: TaskAddress,
    { task, deadline }: DatedTask,
    { news, use }: { readonly news?: Listening; readonly use?: TaskUse | undefined },
  ): OpenTask {
    const { limit } = this.#options;
    if (this.#open.size >= limit)
      throw gatewayBusy(`This gateway follows ${limit} unfinished tasks already (OPEN_TASKS_MAX).`, limit);
    const open: OpenTask = {
      address,
      deadline,
      task,
      news,
      use,
      accepted: news !== undefined,
      watches: new Set(),
      progress: undefined,
    };
    this.#open.set(address.id, open);
    this.#countOwn(open, 1);
    use?.keep();
    return open;
  }

  #drop(open: OpenTask): void {
    if (this.#takeOut(open)) open.use?.release();
  }

  #takeOut(open: OpenTask): boolean {
    if (!this.#open.delete(open.address.id)) return false;
    this.#countOwn(open, -1);
    return true;
  }

  #countOwn({ news, address, task: { batch } }: OpenTask, sign: 1 | -1): void {
    if (news !== undefined) return;
    const jobs = batch === undefined ? 1 : 1 + chunkCountOf(batch);
    this.#ownJobs.set(address.model, this.ownJobs(address.model) + sign * jobs);
  }

  #forgetUnwatched(): void {
    for (const open of this.#open.values())
      if (open.watches.size === 0 && this.#takeOut(open)) this.#forgotten.add(open);
    void this.#forgotten.readEnds();
  }

  #forgetOverdue(): void {
    const { broker } = this.#options;
    if (!broker.connected) return;
    const latest = broker.now() - FORGET_AFTER_MS;
    for (const open of this.#open.values()) {
      if (open.watches.size === 0 && open.deadline < latest) this.#drop(open);
    }
    this.#forgotten.releaseDueBefore(latest);
  }
}
