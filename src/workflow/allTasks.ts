/** Tasks of all kinds. Their ids tell which are work. */
import type { PartialOutput } from '../contract/messages/notices.ts';
import type { Readable, ReadingClient } from '../contract/principal.ts';
import type { Task } from '../contract/task.ts';
import { looksLikeWork } from '../contract/workId.ts';
import type { PageOptions, RowPage } from '../tasks/rowPages.ts';
import type { Tasks } from '../tasks/tasks.ts';
import type { WorkTasks } from './workTasks.ts';

export interface AllTasksOptions {
  readonly predictions: Tasks;
  readonly work: WorkTasks;
}

export class AllTasks {
  readonly #predictions: Tasks;
  readonly #work: WorkTasks;

  constructor({ predictions, work }: AllTasksOptions) {
    this.#predictions = predictions;
    this.#work = work;
  }

  find(id: string, readable: Readable): Promise<Task> {
    return this.#of(id).find(id, readable);
  }

  result(id: string, client: ReadingClient): Promise<AsyncIterableIterator<Task>> {
    return this.#of(id).result(id, client);
  }

  updates(id: string, client: ReadingClient): Promise<AsyncIterableIterator<Task>> {
    return this.#of(id).updates(id, client);
  }

  cancel(id: string, readable: Readable): Promise<Task> {
    return this.#of(id).cancel(id, readable);
  }

  /** Of predictions only. */
  partial(task: Task): PartialOutput | undefined {
    return this.#predictions.partial(task);
  }

  /** Of row batches only. */
  page(task: Task, options: PageOptions): Promise<RowPage> {
    return this.#predictions.page(task, options);
  }

  #of(id: string): Pick<Tasks, 'find' | 'result' | 'updates' | 'cancel'> {
    return looksLikeWork(id) ? this.#work : this.#predictions;
  }
}
