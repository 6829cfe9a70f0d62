/** Lists trainings, newest first: those that wait or run, and those whose end is kept. Their ids tell their order. */
import { type Broker, parseWorkSubject } from '../broker/broker.ts';
import { badValue, quoted } from '../contract/errors.ts';
import type { ReadingClient } from '../contract/principal.ts';
import type { Task } from '../contract/task.ts';
import { WorkKind } from '../contract/work.ts';
import type { WorkAddress } from '../contract/workId.ts';
import type { WorkTask } from '../contract/workTask.ts';
import type { TaskPage } from '../tasks/taskList.ts';
import { Turns } from '../tasks/turns.ts';
import type { WorkReader } from './workReader.ts';

export interface TrainingListOptions {
  readonly broker: Pick<Broker, 'work'>;
  readonly reader: WorkReader;
}

export interface TrainingPageOptions {
  /** It may read all tasks. */
  readonly client: Pick<ReadingClient, 'owner'>;
  readonly model?: string | null | undefined;
  /** The most trainings of the page. */
  readonly first: number;
  /** The page begins after the training with this cursor. */
  readonly after?: string | null | undefined;
}

export const MAX_TRAININGS_PAGE = 100;
/** What follows the deadline in an id: the instant of its acceptance, and its secret. Later ones come behind. */
const PLACE = /t[0-9a-f]{36}$/;
const CURSOR = new RegExp(`^${PLACE.source}`);

export class TrainingList {
  readonly #options: TrainingListOptions;
  /** A page has up to 20,000 subjects in hand. */
  readonly #turns = new Turns({ what: 'pages of trainings', atOnce: 2, waiting: 500 });

  constructor(options: TrainingListOptions) {
    this.#options = options;
  }

  /** @throws {RequestError} `BAD_USER_INPUT`, `GATEWAY_BUSY`, `BROKER_UNAVAILABLE`. */
  async page(options: TrainingPageOptions): Promise<TaskPage> {
    const { client, first, after } = options;
    if (first < 1 || first > MAX_TRAININGS_PAGE)
      throw badValue('first', `from 1 to ${MAX_TRAININGS_PAGE}`, String(first));
    if (after != null && !CURSOR.test(after))
      throw badValue('after', 'a cursor of an earlier page', quoted(after));
    return this.#turns.take(client.owner, 1, () => this.#read(options));
  }

  async #read({ model, first, after }: TrainingPageOptions): Promise<TaskPage> {
    const { reader } = this.#options;
    const addresses = (await this.#addresses(model ?? undefined)).filter(
      ({ id }) => after == null || placeIn(id) < after,
    );
    const tasks: WorkTask[] = [];
    let last: WorkAddress | undefined;
    for (const address of addresses.slice(0, first)) {
      last = address;
      const task = await reader.read(address);
      if (task !== undefined) tasks.push(task);
    }
    return {
      tasks,
      hasNextPage: last !== undefined && last !== addresses.at(-1),
      hasPreviousPage: after != null,
      endCursor: last === undefined ? (after ?? undefined) : placeIn(last.id),
    };
  }

  /** Newest first. */
  async #addresses(model: string | undefined): Promise<readonly WorkAddress[]> {
    const { reader, broker } = this.#options;
    const { work } = broker;
    const [queued, ended] = await Promise.all([work.queuedSubjects(), work.endedIds(model)]);
    const waiting = queued.flatMap((subject) => parseWorkSubject(subject)?.address.id ?? []);
    return [...new Set([...waiting, ...ended])]
      .flatMap((id) => reader.parse(id) ?? [])
      .filter(
        (address) => address.kind === WorkKind.Training && (model === undefined || address.model === model),
      )
      .sort((a, b) => (placeIn(a.id) < placeIn(b.id) ? 1 : -1));
  }
}

export function trainingCursor({ id }: Task): string {
  return placeIn(id);
}

function placeIn(id: string): string {
  return PLACE.exec(id)?.[0] ?? '';
}
