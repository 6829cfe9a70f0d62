/**
 * Finds tasks for their owners: in this gateway's memory, or else in the streams. "Unknown" is said only after the
 * leaders of both streams were asked, job first and result second: a job leaves its queue only after its result is
 * stored. A task of another owner is answered as one that there never was. Its id tells that it is of another one, so
 * the broker is not asked, and the time of the answer tells nothing either.
 */
import type { Broker } from '../broker/broker.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { Owner } from '../contract/owner.ts';
import { mayRead, ownerIn, type Readable } from '../contract/principal.ts';
import { isFinal, MAX_TIMEOUT_MS, type Task } from '../contract/task.ts';
import { bundleParts, ownerTag, parseTaskId, type TaskAddress } from '../contract/taskId.ts';
import type { Model } from '../models/models.ts';
import type { Config } from '../process/config.ts';
import type { OpenTasks } from './openTasks.ts';
import { type DatedTask, queuedTask } from './taskMapping.ts';

export interface TaskReaderOptions {
  readonly broker: Pick<Broker, 'readJob' | 'ends' | 'notices' | 'now'>;
  readonly open: Pick<OpenTasks, 'known'>;
  readonly home: string;
  readonly models: readonly Model[];
  readonly limits: Pick<Config, 'resultTtlS'>;
}

export class TaskReader {
  readonly #options: TaskReaderOptions;
  readonly #modelNames: ReadonlySet<string>;
  readonly #resultTtlMs: number;

  constructor(options: TaskReaderOptions) {
    this.#options = options;
    this.#modelNames = new Set(options.models.map(({ manifest }) => manifest.name));
    this.#resultTtlMs = options.limits.resultTtlS * 1000;
  }

  /**
   * The present state of a task, as this gateway knows it.
   *
   * @throws {RequestError} `TASK_NOT_FOUND`, `RESULT_EXPIRED`, `BROKER_UNAVAILABLE`.
   */
  async find(id: string, readable: Readable): Promise<Task> {
    return this.known(id, readable) ?? (await this.present(this.address(id), readable)).task;
  }

  /**
   * The same, but never older than an answer of another gateway: a task that is not final here is read from the
   * streams.
   */
  async findNewest(id: string, readable: Readable): Promise<Task> {
    const known = this.known(id, readable);
    return known !== undefined && isFinal(known)
      ? known
      : (await this.present(this.address(id), readable)).task;
  }

  /**
   * An accepted task as this gateway knows it, without a question to the broker.
   *
   * @returns undefined also for a task of another owner.
   */
  known(id: string, readable: Readable): Task | undefined {
    const task = this.#options.open.known(id);
    return task !== undefined && mayRead(readable, task.owner) ? task : undefined;
  }

  /**
   * The present state as it is stored, RUNNING included.
   *
   * @throws {RequestError} `TASK_NOT_FOUND`, `RESULT_EXPIRED`, `BROKER_UNAVAILABLE`.
   */
  async present(address: TaskAddress, readable: Readable): Promise<DatedTask> {
    const owner = ownerIn(readable);
    if (owner !== undefined && !mayBeOf(owner, address)) throw this.#absent(address);
    const present = await this.stored(address, owner);
    if (present === undefined || !mayRead(readable, present.task.owner)) throw this.#absent(address);
    if (isFinal(present.task)) return present;
    return { ...present, task: await this.running(address, present.task) };
  }

  /** A queued task as it is: whether its job runs already is known to the gateway that accepted it. */
  async running(address: TaskAddress, queued: Task): Promise<Task> {
    const { broker, home } = this.#options;
    if (address.home === home) return queued;
    return (await broker.notices.askPresentState(address, queued)) ?? queued;
  }

  /**
   * The stored state of a task: a queued job counts as QUEUED.
   *
   * @param owner undefined: any.
   * @returns undefined if there is none.
   */
  async stored(address: TaskAddress, owner: Owner | undefined): Promise<DatedTask | undefined> {
    const { broker } = this.#options;
    const job = await broker.readJob(address);
    // Also where there is a job: it leaves its queue a moment after its task's end is stored, or much later.
    const end = await broker.ends.readTask(address, owner);
    if (end !== undefined) return { task: end, deadline: address.deadlineSecond * 1000 };
    return job && { task: queuedTask(job), deadline: job.deadline };
  }

  /** @throws {RequestError} `TASK_NOT_FOUND` for a text that cannot be an id of a task of ours. */
  address(id: string): TaskAddress {
    const address = parseTaskId(id);
    if (address === undefined || !this.#modelNames.has(address.model)) throw notFound(id);
    return address;
  }

  /** Whether a task of that deadline can have ended so early that its result has outlived its life. */
  mayBeGone({ deadlineSecond }: TaskAddress): boolean {
    const earliestEnd = deadlineSecond * 1000 - MAX_TIMEOUT_MS;
    return this.#options.broker.now() >= earliestEnd + this.#resultTtlMs;
  }

  /**
   * A task that is nowhere: its result was kept and is gone, or there never was one. Its id tells which is possible.
   */
  #absent(address: TaskAddress): RequestError {
    if (!this.mayBeGone(address)) return notFound(address.id);
    return new RequestError(
      RequestErrorCode.ResultExpired,
      `The result of task ${address.id} is gone: results are kept for ${this.#resultTtlMs / 1000} s.`,
    );
  }
}

/** Whether the id has the digits of an owner. Ids of 0.2 have none. Of other owners, one in 65,536 has the same. */
function mayBeOf(owner: Owner, { bundle }: TaskAddress): boolean {
  const parts = bundleParts(bundle);
  return parts === undefined || parts.tag === ownerTag(owner);
}

function notFound(id: string): RequestError {
  return new RequestError(
    RequestErrorCode.TaskNotFound,
    `There is no task ${JSON.stringify(id.slice(0, 128))}: an id must be one that a mutation returned, without spaces and quotes around it.`,
  );
}
