/**
 * Lists tasks, newest first: those that wait or run, and those that have ended as long as their results are kept. Nothing
 * is remembered for it. A page is read from the streams, so every gateway gives the same one, also after a restart.
 *
 * A bundle is read in the order job, ends: a job leaves its queue only after the ends of its tasks are stored, so no task
 * is missed that moves from one to the other meanwhile.
 */
import type { Broker, QueuedPlace } from '../broker/broker.ts';
import { badValue } from '../contract/errors.ts';
import { jobIn, type QueuedBundle } from '../contract/messages/bundle.ts';
import { tasksIn } from '../contract/messages/ends.ts';
import type { JobHeader, RowBatchJob } from '../contract/messages/job.ts';
import type { Owner } from '../contract/owner.ts';
import { ownerIn, type ReadingClient } from '../contract/principal.ts';
import { subjects } from '../contract/subjects.ts';
import { isFinal, MAX_TIMEOUT_MS, type Task, TaskState } from '../contract/task.ts';
import { parseTaskId, slotOf, startOfSlot } from '../contract/taskId.ts';
import type { Model } from '../models/models.ts';
import type { Config } from '../process/config.ts';
import type { OpenTasks } from './openTasks.ts';
import { queuedTask } from './taskMapping.ts';
import { checkCursor, NEWEST, type Place, placeAt, placeOf, placeOfBundle, slotAt } from './taskOrder.ts';
import type { TaskReader } from './taskReader.ts';
import { Turns } from './turns.ts';

export interface TaskFilter {
  readonly states?: readonly TaskState[] | null | undefined;
  readonly model?: string | null | undefined;
  readonly version?: string | null | undefined;
  readonly label?: string | null | undefined;
  /** Submitted at this instant or later: milliseconds since the epoch. */
  readonly since?: number | null | undefined;
}

export interface ListOptions {
  /** Gets the tasks that it may read. */
  readonly client: ReadingClient;
  readonly filter: TaskFilter;
  /** The most tasks of the page. */
  readonly first: number;
  /** The page begins after the task with this cursor. */
  readonly after?: string | null | undefined;
}

export interface TaskPage {
  readonly tasks: readonly Task[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /**
   * Where the next page begins. It may be behind the last task: the tasks in between do not pass the filter. Undefined
   * if the list is empty.
   */
  readonly endCursor: string | undefined;
}

export interface TaskListOptions {
  readonly broker: Pick<Broker, 'index' | 'now'>;
  readonly open: Pick<OpenTasks, 'known'>;
  readonly reader: Pick<TaskReader, 'running'>;
  readonly models: readonly Model[];
  readonly limits: Pick<Config, 'resultTtlS'>;
}

export const MAX_PAGE_TASKS = 100;
/** The most slots and bundles that are asked for one page. */
const MAX_QUESTIONS = 2_048;
/** Bundles that are read at once. */
const BUNDLES_AT_ONCE = 16;
/** Slots whose bundles are looked up at once. */
const MAX_SLOTS_AT_ONCE = 32;
/** Pages that are read at once. Each may hold 100,000 subjects of a queue. */
const PAGES_AT_ONCE = 2;
const PAGES_WAITING = 500;
/** A bundle is open for so long at most: its last task was submitted so long after it was opened. */
const LONGEST_OPEN_MS = 5_000;

/** A part of the way back through the bundles. */
interface Step {
  readonly bundles: readonly ListedBundle[];
  /** Slots that were looked up. */
  readonly slots: number;
  /** All bundles from this place on have been given. */
  readonly until: Place;
}

/** A bundle whose tasks may be on the page. */
interface ListedBundle {
  readonly place: Place;
  readonly queued: QueuedPlace[];
  /** The subject of its ends, if it may have some. */
  readonly ends: string;
}

export class TaskList {
  readonly #options: TaskListOptions;
  readonly #turns = new Turns({
    what: 'pages of tasks',
    atOnce: PAGES_AT_ONCE,
    waiting: PAGES_WAITING,
  });

  constructor(options: TaskListOptions) {
    this.#options = options;
  }

  /** @throws {RequestError} `BAD_USER_INPUT`, `GATEWAY_BUSY`, `BROKER_UNAVAILABLE`. */
  async page(options: ListOptions): Promise<TaskPage> {
    const { first, after } = options;
    if (first < 1 || first > MAX_PAGE_TASKS)
      throw badValue('first', `from 1 to ${MAX_PAGE_TASKS}`, String(first));
    const before = after == null ? NEWEST : checkCursor(after);
    return this.#turns.take(options.client.owner, 1, () => this.#read(before, options));
  }

  async #read(before: Place, { client, filter, first, after }: ListOptions): Promise<TaskPage> {
    const owner = ownerIn(client.readable);
    const hasPreviousPage = after != null;
    const tasks: Task[] = [];
    let questions = 0;
    for await (const { bundles, slots, until } of this.#bundlesBefore(before, owner, filter)) {
      const read = await Promise.all(bundles.map((bundle) => this.#tasksOf(bundle, owner)));
      for (const task of read.flat()) {
        if (placeOf(task) >= before || !passes(filter, task)) continue;
        const last = tasks.at(-1);
        if (tasks.length === first && last !== undefined)
          return { tasks, hasNextPage: true, hasPreviousPage, endCursor: cursorOf(last) };
        tasks.push(task);
      }
      questions += slots + bundles.length;
      if (questions >= MAX_QUESTIONS) return { tasks, hasNextPage: true, hasPreviousPage, endCursor: until };
    }
    const last = tasks.at(-1);
    const endCursor = last === undefined ? (after ?? undefined) : cursorOf(last);
    return { tasks, hasNextPage: false, hasPreviousPage, endCursor };
  }

  /** The bundles that have tasks before a place, newest first. */
  async *#bundlesBefore(before: Place, owner: Owner | undefined, filter: TaskFilter): AsyncGenerator<Step> {
    const { broker } = this.#options;
    const queued = await this.#queued(owner, filter);
    const oldest = this.#oldestSlot(filter);
    // Gateways' estimates of broker time differ a little.
    let slot = Math.min(slotAt(before), slotOf(broker.now()) + 1);
    // Of an owner with many tasks, the first slot has a page. Of one with few, the others cost little.
    for (let atOnce = 1; slot >= oldest; atOnce = Math.min(atOnce * 2, MAX_SLOTS_AT_ONCE)) {
      const slots = range(Math.max(oldest, slot - atOnce + 1), slot);
      const ended = await Promise.all(slots.map((each) => broker.index.ended(each, owner)));
      const waiting = queued.filter(({ place }) => slots.includes(slotAt(place)));
      const bundles = merge(ended.flat(), waiting).filter(({ place }) => place < before);
      for (let from = 0; from < bundles.length; from += BUNDLES_AT_ONCE) {
        const some = bundles.slice(from, from + BUNDLES_AT_ONCE);
        yield { bundles: some, slots: 0, until: some.at(-1)?.place ?? before };
      }
      slot -= slots.length;
      yield { bundles: [], slots: slots.length, until: placeAt(startOfSlot(slot + 1)) };
    }
  }

  async #queued(owner: Owner | undefined, { model, states }: TaskFilter): Promise<readonly ListedBundle[]> {
    const { broker, models } = this.#options;
    if (states != null && !states.includes(TaskState.Queued) && !states.includes(TaskState.Running))
      return [];
    const names = models.flatMap(({ manifest: { name } }) => (model == null || model === name ? [name] : []));
    const found = (await Promise.all(names.map((name) => broker.index.queued(name, owner)))).flat();
    const bundles = new Map<Place, ListedBundle>();
    for (const queued of found) {
      const place = placeOfBundle(queued.address);
      if (place === undefined) continue;
      const bundle = bundles.get(place) ?? { place, queued: [], ends: subjects.ends(queued.address, owner) };
      // Of a bundle that was divided by a rollout, several messages may wait.
      bundle.queued.push(queued);
      bundles.set(place, bundle);
    }
    return [...bundles.values()];
  }

  /** A task has its end at its deadline, and that is kept for the life of results. */
  #oldestSlot({ since }: TaskFilter): number {
    const { broker, limits } = this.#options;
    const kept = broker.now() - limits.resultTtlS * 1000 - MAX_TIMEOUT_MS;
    return slotOf(Math.max(kept, since ?? 0) - LONGEST_OPEN_MS);
  }

  /** The tasks of a bundle, newest first. */
  async #tasksOf({ queued, ends }: ListedBundle, owner: Owner | undefined): Promise<readonly Task[]> {
    const { broker, open, reader, models } = this.#options;
    const jobs = await Promise.all(
      queued.map(({ address, subject }) => broker.index.readQueued(address.model, subject)),
    );
    const stored = await broker.index.readEnds(ends);
    const tasks = new Map<string, Task>();
    for (const header of jobs.flatMap(headersIn)) tasks.set(header.taskId, queuedTask(header));
    for (const task of stored === undefined ? [] : tasksIn(stored)) tasks.set(task.id, task);
    const found = [...tasks.values()].filter(
      (task) =>
        (owner === undefined || task.owner === owner) &&
        models.some(({ manifest }) => manifest.name === task.model),
    );
    const present = await Promise.all(
      found.map((task) => (isFinal(task) ? task : (open.known(task.id) ?? running(reader, task)))),
    );
    return present.sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1));
  }
}

export function cursorOf(task: Task): string {
  return placeOf(task);
}

function running(reader: Pick<TaskReader, 'running'>, task: Task): Promise<Task> | Task {
  const address = parseTaskId(task.id);
  return address === undefined ? task : reader.running(address, task);
}

/** The jobs of a queued message. */
function headersIn(content: QueuedBundle | RowBatchJob | undefined): readonly JobHeader[] {
  if (content === undefined) return [];
  return 'batch' in content ? [content] : content.rows.map((_, i) => jobIn(content, i));
}

/** Bundles that wait, and those that have ends, each once, newest first. */
function merge(ended: readonly string[], queued: readonly ListedBundle[]): readonly ListedBundle[] {
  const bundles = new Map(queued.map((bundle) => [bundle.place, bundle]));
  for (const ends of ended) {
    const place = placeOfBundle({ bundle: ends.slice(ends.lastIndexOf('.') + 1) });
    if (place !== undefined) bundles.set(place, { place, queued: bundles.get(place)?.queued ?? [], ends });
  }
  return [...bundles.values()].sort((a, b) => (a.place < b.place ? 1 : -1));
}

function passes({ states, model, version, label, since }: TaskFilter, task: Task): boolean {
  return (
    (states == null || states.includes(task.state)) &&
    (model == null || task.model === model) &&
    (version == null || task.modelVersion === version) &&
    (label == null || (task.labels?.includes(label) ?? false)) &&
    (since == null || task.submittedAt >= since)
  );
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
