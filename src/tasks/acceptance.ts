/** Accepts tasks: a task is accepted once its job is stored, and only then is it returned. */
import type { Task } from '../contract/task.ts';
import type { Admission } from './admission.ts';
import type { OpenTasks } from './openTasks.ts';
import { firstTry, type Try } from './storing.ts';
import type { TaskEvents } from './taskEvents.ts';
import { queuedTask } from './taskMapping.ts';
import type { TaskToAccept } from './taskToAccept.ts';

export interface AcceptanceOptions {
  readonly open: OpenTasks;
  readonly admission: Pick<Admission, 'results'>;
  readonly events: Pick<TaskEvents, 'emit'>;
  readonly home: string;
}

export class Acceptance {
  readonly #options: AcceptanceOptions;

  constructor(options: AcceptanceOptions) {
    this.#options = options;
  }

  /**
   * @returns the task once its job is stored; as it ended, if another try has brought it to its end.
   * @throws {RequestError} `OWNER_QUOTA`, `QUEUE_FULL`, `RESULT_STORE_FULL`, `GATEWAY_BUSY`,
   *   `BROKER_UNAVAILABLE`.
   */
  async accept(task: TaskToAccept, attempt: Try = firstTry()): Promise<Task> {
    const { open, admission, events, home } = this.#options;
    const { job, address } = task;
    admission.results.admit();
    // Of tasks that are submitted in one turn, each is counted before the next is checked: nothing is awaited between.
    const admitted = task.admit();
    if (admitted !== undefined) await admitted;
    if (address.home !== home) return this.#acceptForeign(task, attempt);
    // Of two tries, the other may have brought the task to its end.
    const ended = attempt.again ? open.ended(address.id) : undefined;
    if (ended !== undefined) return ended;
    const followed = open.add(job, address, task.use);
    try {
      await task.store(attempt);
      const end = attempt.again ? await task.earlierEnd() : undefined;
      if (end !== undefined) return end;
    } catch (error) {
      open.remove(address.id);
      throw error;
    }
    open.markStored(address.id);
    events.emit('accepted', job);
    return followed;
  }

  /** A retry of a task that another gateway began: its end is told there, and watchers here follow it as foreign. */
  async #acceptForeign(task: TaskToAccept, attempt: Try): Promise<Task> {
    await task.store(attempt);
    return (await task.earlierEnd()) ?? queuedTask(task.job);
  }
}
