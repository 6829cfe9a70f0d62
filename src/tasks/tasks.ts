/** Accepted tasks, for their owners: find one, watch it, read its rows, withdraw it. */
import type { Broker } from '../broker/broker.ts';
import { endTask, withdrawnEnd } from '../broker/endTask.ts';
import type { PartialOutput } from '../contract/messages/notices.ts';
import type { Readable, ReadingClient } from '../contract/principal.ts';
import { isFinal, type Task } from '../contract/task.ts';
import type { PartialOutputs } from './partialOutputs.ts';
import { type PageOptions, type RowPage, readPage } from './rowPages.ts';
import { endingOf } from './taskMapping.ts';
import type { TaskReader } from './taskReader.ts';
import type { TaskWatches } from './taskWatches.ts';
import { Turns } from './turns.ts';

export interface TasksOptions {
  readonly broker: Broker;
  readonly reader: TaskReader;
  readonly watches: Pick<TaskWatches, 'watch'>;
  readonly partials: Pick<PartialOutputs, 'of'>;
}

/** Chunks in hand at once: two pages of the largest size (11 MiB). */
const READ_AT_ONCE = 24;
/** Chunks that may wait for that: a hundred times as many pages as one request can hold. */
const MAX_WAITING = 1_000;

export class Tasks {
  readonly #broker: Broker;
  readonly #reader: TaskReader;
  readonly #watches: TasksOptions['watches'];
  readonly #partials: TasksOptions['partials'];
  readonly #chunks = new Turns({
    what: 'chunks of batches to be read',
    atOnce: READ_AT_ONCE,
    waiting: MAX_WAITING,
  });

  constructor({ broker, reader, watches, partials }: TasksOptions) {
    this.#broker = broker;
    this.#reader = reader;
    this.#watches = watches;
    this.#partials = partials;
  }

  /**
   * The present state of a task.
   *
   * @throws {RequestError} `TASK_NOT_FOUND`, `RESULT_EXPIRED`, `BROKER_UNAVAILABLE`.
   */
  find(id: string, readable: Readable): Promise<Task> {
    return this.#reader.find(id, readable);
  }

  /** The same, but never older than an answer of another gateway. */
  findNewest(id: string, readable: Readable): Promise<Task> {
    return this.#reader.findNewest(id, readable);
  }

  /** The final state, once; then the iterator ends. @throws {RequestError} as `find`, and `GATEWAY_BUSY`, `OWNER_QUOTA`. */
  result(id: string, { owner, limitedKey, readable }: ReadingClient): Promise<AsyncIterableIterator<Task>> {
    return this.#watches.watch(id, { owner, limitedKey, readable, finalOnly: true, isPatient: true });
  }

  /** The present state at once, then each change up to the final state. @throws {RequestError} as `result`. */
  updates(id: string, { owner, limitedKey, readable }: ReadingClient): Promise<AsyncIterableIterator<Task>> {
    return this.#watches.watch(id, { owner, limitedKey, readable, finalOnly: false, isPatient: true });
  }

  /** The newest partial output of a task that was found for its owner, if it is watched here and has not ended. */
  partial({ id }: Task): PartialOutput | undefined {
    return this.#partials.of(id);
  }

  /** The results of some rows of a task that was found for its owner, see `readPage`. */
  page(task: Task, options: PageOptions): Promise<RowPage> {
    return readPage({ broker: this.#broker, reading: this.#chunks }, task, options);
  }

  /**
   * Withdraws a task that has not ended.
   *
   * @returns the task as it ended: CANCELED, or as it had ended before.
   * @throws {RequestError} as `find`, and `RESULT_STORE_FULL`.
   */
  async cancel(id: string, readable: Readable): Promise<Task> {
    const task = await this.#reader.find(id, readable);
    if (isFinal(task)) return task;
    const end = await withdrawnEnd(this.#broker, endingOf(task), this.#broker.now());
    return endTask(this.#broker, end, this.#reader.address(id));
  }
}
