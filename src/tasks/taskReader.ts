/**
 * Reads what is stored of a task. "Unknown" is said only after the leaders of both streams were asked, job first and
 * result second: a job leaves its queue only after its result is stored.
 */
import type { Broker } from '../broker/broker.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import { isFinal, MAX_TIMEOUT_MS, parseTaskId, type TaskAddress } from '../contract/task.ts';
import type { Model } from '../models/models.ts';
import type { Config } from '../process/config.ts';
import { type DatedTask, queuedTask, taskOf } from './openTasks.ts';

export interface TaskReaderOptions {
  readonly broker: Broker;
  readonly home: string;
  readonly models: readonly Model[];
  readonly limits: Pick<Config, 'resultTtlS'>;
}

export class TaskReader {
  readonly #broker: Broker;
  readonly #home: string;
  readonly #modelNames: ReadonlySet<string>;
  readonly #resultTtlMs: number;

  constructor({ broker, home, models, limits }: TaskReaderOptions) {
    this.#broker = broker;
    this.#home = home;
    this.#modelNames = new Set(models.map(({ manifest }) => manifest.name));
    this.#resultTtlMs = limits.resultTtlS * 1000;
  }

  /**
   * The present state, RUNNING included.
   *
   * @throws {RequestError} `TASK_NOT_FOUND`, `RESULT_EXPIRED`, `BROKER_UNAVAILABLE`.
   */
  async present(address: TaskAddress): Promise<DatedTask> {
    const present = await this.stored(address);
    if (present === undefined) throw this.absent(address);
    if (isFinal(present.task) || address.home === this.#home) return present;
    // Whether a queued job runs already is known to the gateway that accepted it.
    const task = (await this.#broker.notices.askPresentState(address, present.task)) ?? present.task;
    return { ...present, task };
  }

  /** What is stored: a queued job counts as QUEUED. @returns undefined if nothing is. */
  async stored(address: TaskAddress): Promise<DatedTask | undefined> {
    const job = await this.#broker.readJob(address);
    // Also where there is a job: it leaves its queue a moment after its task's end is stored, or much later.
    const result = await this.#broker.readResult(address);
    if (result !== undefined) return { task: taskOf(result), deadline: address.deadlineSecond * 1000 };
    return job && { task: queuedTask(job), deadline: job.deadline };
  }

  /** @throws {RequestError} `TASK_NOT_FOUND` for what cannot be an id of a task of ours. */
  address(id: string): TaskAddress {
    const address = parseTaskId(id);
    if (address === undefined || !this.#modelNames.has(address.model)) throw notFound(id);
    return address;
  }

  /** A task that is nowhere: its result was kept and is gone, or there never was one. Its id tells which is possible. */
  absent(address: TaskAddress): RequestError {
    if (!this.mayBeGone(address)) return notFound(address.id);
    return new RequestError(
      RequestErrorCode.ResultExpired,
      `The result of task ${address.id} is gone: results are kept for ${this.#resultTtlMs / 1000} s.`,
    );
  }

  /** Whether a task of that deadline can have ended so early that its result has outlived its life. */
  mayBeGone({ deadlineSecond }: TaskAddress): boolean {
    const earliestEnd = deadlineSecond * 1000 - MAX_TIMEOUT_MS;
    return this.#broker.now() >= earliestEnd + this.#resultTtlMs;
  }
}

function notFound(id: string): RequestError {
  return new RequestError(
    RequestErrorCode.TaskNotFound,
    `There is no task ${JSON.stringify(id.slice(0, 128))}: an id must be one that a mutation returned, without spaces and quotes around it.`,
  );
}
