/** Accepted work, for those who may read it: find it, watch it, cancel it. */
import type { Broker } from '../broker/broker.ts';
import { endWork } from '../broker/endWork.ts';
import type { Readable, ReadingClient } from '../contract/principal.ts';
import { mayRead } from '../contract/principal.ts';
import { type Task, TaskState } from '../contract/task.ts';
import { endedTask, type WorkReader, workNotFound } from './workReader.ts';
import type { WorkWatches } from './workWatches.ts';

export interface WorkTasksOptions {
  readonly broker: Pick<Broker, 'work' | 'now'>;
  readonly reader: WorkReader;
  readonly watches: WorkWatches;
}

export class WorkTasks {
  readonly #options: WorkTasksOptions;

  constructor(options: WorkTasksOptions) {
    this.#options = options;
  }

  /** The present state. @throws {RequestError} `TASK_NOT_FOUND`, `BROKER_UNAVAILABLE`, `NEWER_GATEWAY_NEEDED`. */
  find(id: string, readable: Readable): Promise<Task> {
    return this.#options.reader.find(id, readable);
  }

  /** The final state, once. @throws {RequestError} as `find`, and `GATEWAY_BUSY`, `OWNER_QUOTA`. */
  result(id: string, { owner, limitedKey, readable }: ReadingClient): Promise<AsyncIterableIterator<Task>> {
    return this.#options.watches.watch(id, { owner, limitedKey, readable, finalOnly: true, isPatient: true });
  }

  /** The present state at once, then changes up to the final state. @throws {RequestError} as `result`. */
  updates(id: string, { owner, limitedKey, readable }: ReadingClient): Promise<AsyncIterableIterator<Task>> {
    return this.#options.watches.watch(id, {
      owner,
      limitedKey,
      readable,
      finalOnly: false,
      isPatient: true,
    });
  }

  /** @returns the work as it ended: CANCELED, or as it had ended before. @throws {RequestError} as `find`. */
  async cancel(id: string, readable: Readable): Promise<Task> {
    const { broker, reader } = this.#options;
    const address = reader.address(id);
    const present = await reader.present(address);
    const owner = present && ('end' in present ? present.end.owner : present.known.job.owner);
    if (present === undefined || owner === undefined || !mayRead(readable, owner)) throw workNotFound(id);
    if ('end' in present) return present.end;
    return endedTask(await endWork(broker, address, present.known.job, { state: TaskState.Canceled }));
  }
}
