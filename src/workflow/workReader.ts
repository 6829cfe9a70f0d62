/**
 * Finds work for those who may read it. Nothing of it is kept in memory, so every gateway knows the same, also after a
 * restart. The end is read first, then what steps gave, then the job, which leaves its queue only after the end is stored,
 * and before what steps gave is removed. If it has left meanwhile, the end is read once more.
 */
import type { Broker } from '../broker/broker.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { WorkEnd } from '../contract/messages/work.ts';
import { mayRead, type Readable } from '../contract/principal.ts';
import { parseWorkId, type WorkAddress } from '../contract/workId.ts';
import { type KnownWork, trainerClassOf, type WorkTask, workTask } from '../contract/workTask.ts';
import type { Model } from '../models/models.ts';

export interface WorkReaderOptions {
  readonly broker: Pick<Broker, 'work'>;
  readonly models: readonly Model[];
}

/** Work as it is stored: how far it is, or its end. */
export type PresentWork = { readonly known: KnownWork } | { readonly end: WorkTask };

export class WorkReader {
  readonly #broker: WorkReaderOptions['broker'];
  readonly #modelNames: ReadonlySet<string>;

  constructor({ broker, models }: WorkReaderOptions) {
    this.#broker = broker;
    this.#modelNames = new Set(models.map(({ manifest }) => manifest.name));
  }

  /** @throws {RequestError} `TASK_NOT_FOUND`, `BROKER_UNAVAILABLE`, `NEWER_GATEWAY_NEEDED`. */
  async find(id: string, readable: Readable): Promise<WorkTask> {
    const task = await this.read(this.address(id));
    if (task === undefined || !mayRead(readable, task.owner)) throw workNotFound(id);
    return task;
  }

  /** @throws {RequestError} `TASK_NOT_FOUND` for a text that cannot be an id of work of ours. */
  address(id: string): WorkAddress {
    const address = this.parse(id);
    if (address === undefined) throw workNotFound(id);
    return address;
  }

  /** @returns undefined if a text cannot be the id of work, or if this gateway does not serve its model. */
  parse(id: string): WorkAddress | undefined {
    const address = parseWorkId(id);
    return address && this.#modelNames.has(address.model) ? address : undefined;
  }

  /** @returns undefined if there is none. @throws {RequestError} as `present`. */
  async read(address: WorkAddress): Promise<WorkTask | undefined> {
    const present = await this.present(address);
    return present && taskOf(present);
  }

  /** @returns undefined if there is none. @throws {RequestError} `BROKER_UNAVAILABLE`, `NEWER_GATEWAY_NEEDED`. */
  async present(address: WorkAddress): Promise<PresentWork | undefined> {
    const { work } = this.#broker;
    const end = await work.readEnd(address);
    if (end !== undefined) return { end: endedTask(end) };
    const steps = await work.readSteps(address);
    const job = await work.readJob(address);
    if (job === undefined) {
      const lateEnd = await work.readEnd(address);
      return lateEnd && { end: endedTask(lateEnd) };
    }
    const hasBegun = steps.progress !== undefined || steps.results.length > 0;
    const isWithoutTrainer = !hasBegun && !(await work.hasTrainers(trainerClassOf(job)));
    return { known: { job, ...steps, isWithoutTrainer } };
  }
}

export function taskOf(present: PresentWork): WorkTask {
  return 'end' in present ? present.end : workTask(present.known);
}

export function endedTask({ v: _, ...task }: WorkEnd): WorkTask {
  return task;
}

export function workNotFound(id: string): RequestError {
  return new RequestError(
    RequestErrorCode.TaskNotFound,
    `There is no task ${JSON.stringify(id.slice(0, 128))}: an id must be one that a mutation returned, without spaces and quotes around it.`,
  );
}
