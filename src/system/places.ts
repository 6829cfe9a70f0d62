/**
 * The places of queued tasks in their lanes. The broker is asked only when a client wants to know, and once a second at
 * most for each lane: for the names of its messages, which tell their order, and for how many tasks the first ones have.
 */
import { setImmediate } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Broker } from '../broker/broker.ts';
import { Lane, parseJobSubject } from '../contract/subjects.ts';
import { type Task, TaskState } from '../contract/task.ts';
import { bundleParts, parseTaskId } from '../contract/taskId.ts';
import { Measured } from '../tasks/measured.ts';
import type { LaneOfQueue, Queues } from './queues.ts';

export interface PlacesOptions {
  readonly broker: Pick<Broker, 'now'> & {
    readonly queues: Pick<Broker['queues'], 'subjectsIn' | 'rowsAt'>;
  };
  readonly queues: Pick<Queues, 'lane'>;
}

/** The lane of a task that waits. */
interface Waiting {
  readonly lane: LaneOfQueue;
  readonly bundle: string;
  /** Its number in its bundle. */
  readonly row: number;
}

/** A message of a lane, by its subject. */
interface Message {
  readonly subject: string;
  readonly bundle: string;
  /** When its bundle was opened. */
  readonly opened: string;
  readonly chunk: number;
}

/** A message of a lane that no worker has. */
interface Queued {
  readonly bundle: string;
  readonly jobs: number;
  /** The jobs in the messages before it. */
  readonly before: number;
}

/** The most messages of a lane whose tasks are counted. Each of the others counts as these do on the average. */
const MAX_COUNTED = 100;
/** In a longer lane no places are told: the names of its messages alone would be megabytes. */
const MAX_MESSAGES = 20_000;
const MAX_LANES = 50;
/** The most of its time that a gateway reads a lane, however often clients ask. */
const READ_SHARE = 0.05;
/** So many subjects are parsed before other work has its turn. */
const PARSED_AT_ONCE = 4_000;

export class Places {
  readonly #options: PlacesOptions;
  /** Of those that clients asked for last: versions come and go, and a long lane takes megabytes. */
  readonly #lanes = new LRUCache<string, LanePlaces>({ max: MAX_LANES });

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /**
   * How many jobs wait before a task in its lane, about.
   *
   * @returns undefined if it does not wait, if it is work, or if its lane is too long.
   * @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async position(task: Task): Promise<number | undefined> {
    const waiting = await this.#waiting(task);
    return waiting && this.#before(waiting);
  }

  /**
   * When a task will start, about, in milliseconds since the epoch (broker time).
   *
   * @returns undefined if it does not wait, or if it is not known: its model is paused, no worker takes its tasks, or its rate
   *   was never measured.
   * @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async estimatedStart(task: Task): Promise<number | undefined> {
    const waiting = await this.#waiting(task);
    if (waiting === undefined || waiting.lane.isPaused) return undefined;
    const { capacityPerSecond } = waiting.lane;
    const before = await this.#before(waiting);
    if (before === undefined || !capacityPerSecond) return undefined;
    return this.#options.broker.now() + (before * 1_000) / capacityPerSecond;
  }

  async #waiting({ id, model, modelVersion, state, batch, lane, work }: Task): Promise<Waiting | undefined> {
    const address = parseTaskId(id);
    if (state !== TaskState.Queued || work !== undefined || address === undefined) return undefined;
    const name = batch === undefined ? (lane ?? Lane.Interactive) : Lane.Batch;
    const found = await this.#options.queues.lane(model, modelVersion, name);
    return found && { lane: found, bundle: address.bundle, row: batch === undefined ? address.row : 0 };
  }

  async #before({ lane, bundle, row }: Waiting): Promise<number | undefined> {
    if (lane.messages.waiting > MAX_MESSAGES) return undefined;
    const name = `${lane.model} ${lane.version} ${lane.lane}`;
    const places = this.#lanes.get(name) ?? new LanePlaces(this.#options, lane);
    this.#lanes.set(name, places);
    return places.before(bundle, row);
  }
}

/** The messages that wait in a lane. */
interface Look {
  /** The first message of each bundle. */
  readonly byBundle: ReadonlyMap<string, Queued>;
  readonly last: Queued | undefined;
}

/** The messages of one lane, as they were a second ago, and longer ago if they are many. */
class LanePlaces {
  readonly #options: PlacesOptions;
  readonly #lane: LaneOfQueue;
  readonly #measured = new Measured(() => this.#read(), { share: READ_SHARE });
  /** By subject, of the messages that were there at the last look: a message never changes. */
  #jobs: ReadonlyMap<string, number> = new Map();

  constructor(options: PlacesOptions, lane: LaneOfQueue) {
    this.#options = options;
    this.#lane = lane;
  }

  async before(bundle: string, row: number): Promise<number> {
    const { byBundle, last } = await this.#measured.get();
    const own = byBundle.get(bundle);
    if (own !== undefined) return own.before + row;
    // It has come since, or a worker has it and is about to start it.
    const hasComeSince = last !== undefined && orderOf(bundle) > orderOf(last.bundle);
    return hasComeSince ? last.before + last.jobs + row : 0;
  }

  async #read(): Promise<Look> {
    const { broker, queues } = this.#options;
    const { model, version, lane } = this.#lane;
    const [subjects, state] = await Promise.all([
      broker.queues.subjectsIn({ model, version, lane }),
      queues.lane(model, version, lane),
    ]);
    // Workers have the oldest ones.
    const messages = await messagesOf(subjects);
    const waiting = messages.sort(inOrder).slice(state?.messages.inHand ?? 0);
    const counted = lane === Lane.Batch ? [] : waiting.slice(0, MAX_COUNTED);
    const counts = counted.map(
      async ({ subject }) =>
        [subject, this.#jobs.get(subject) ?? (await broker.queues.rowsAt(model, subject))] as const,
    );
    const jobs = new Map(await Promise.all(counts));
    this.#jobs = jobs;
    const mean = jobs.size === 0 ? 1 : [...jobs.values()].reduce((sum, each) => sum + each) / jobs.size;
    const byBundle = new Map<string, Queued>();
    let before = 0;
    let last: Queued | undefined;
    for (const { subject, bundle } of waiting) {
      last = { bundle, jobs: jobs.get(subject) ?? mean, before: Math.round(before) };
      if (!byBundle.has(bundle)) byBundle.set(bundle, last);
      before += last.jobs;
    }
    return { byBundle, last };
  }
}

async function messagesOf(subjects: readonly string[]): Promise<Message[]> {
  const messages: Message[] = [];
  for (const [at, subject] of subjects.entries()) {
    if (at > 0 && at % PARSED_AT_ONCE === 0) await setImmediate();
    const { bundle, chunk = 0 } = parseJobSubject(subject);
    messages.push({ subject, bundle, opened: orderOf(bundle), chunk });
  }
  return messages;
}

function inOrder(a: Message, b: Message): number {
  if (a.opened !== b.opened) return a.opened < b.opened ? -1 : 1;
  return a.chunk - b.chunk;
}

/** When a bundle was opened. One of 0.2 does not tell, and is older than all others. */
function orderOf(bundle: string): string {
  return bundleParts(bundle)?.opened ?? '';
}
