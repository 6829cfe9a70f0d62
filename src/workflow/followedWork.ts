/**
 * Work that is watched here: what is told of it is heard, and all of it is read from time to time, since a notice may be
 * lost. Its watches show a change four times a second at most, and its end at once.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Broker } from '../broker/broker.ts';
import { messageOf } from '../contract/errors.ts';
import type { WorkProgress } from '../contract/messages/work.ts';
import { taskFields } from '../contract/trace.ts';
import { STEPS_OF } from '../contract/work.ts';
import type { WorkAddress } from '../contract/workId.ts';
import type { KnownWork, WorkTask } from '../contract/workTask.ts';
import type { Logger } from '../process/log.ts';
import type { TaskWatch } from '../tasks/taskWatch.ts';
import { endedTask, type PresentWork, taskOf, type WorkReader, workNotFound } from './workReader.ts';

export interface FollowedWorkOptions {
  readonly broker: Pick<Broker, 'work' | 'onConnectionChange'>;
  readonly reader: Pick<WorkReader, 'present'>;
  readonly log: Logger;
}

const SHOW_INTERVAL_MS = 250;
/** Trainers store progress every two seconds. */
const READ_INTERVAL_MS = 5_000;

export class FollowedWork implements Disposable {
  readonly #options: FollowedWorkOptions;
  readonly #address: WorkAddress;
  readonly #watches = new Set<TaskWatch>();
  readonly #listening = new DisposableStack();
  #present: PresentWork | undefined;
  /** On the clock of `performance.now()`. */
  #shownAt = Number.NEGATIVE_INFINITY;
  #showing: NodeJS.Timeout | undefined;
  #isReading = false;

  constructor(options: FollowedWorkOptions, address: WorkAddress) {
    this.#options = options;
    this.#address = address;
  }

  /** Subscribes, then reads: what comes between both is heard or read. @throws {RequestError} as `WorkReader.find`. */
  async open(): Promise<void> {
    const { broker } = this.#options;
    const { work } = broker;
    const listening = this.#listening;
    listening.use(broker.onConnectionChange((connected) => connected && void this.#readAgain()));
    listening.use(await work.listenEnd(this.#address, (end) => this.#learn({ end: endedTask(end) })));
    listening.use(await work.listenProgress(this.#address.id, (progress) => this.#hear(progress)));
    await this.#read();
    const timer = setInterval(() => void this.#readAgain(), READ_INTERVAL_MS).unref();
    listening.defer(() => clearInterval(timer));
  }

  /** @throws {RequestError} `TASK_NOT_FOUND` before it is open. */
  get task(): WorkTask {
    if (this.#present === undefined) throw workNotFound(this.#address.id);
    return taskOf(this.#present);
  }

  add(watch: TaskWatch): void {
    this.#watches.add(watch);
    this.#shownAt = performance.now();
    watch.show(this.task);
  }

  drop(watch: TaskWatch): void {
    this.#watches.delete(watch);
  }

  fail(error: Error): void {
    for (const watch of [...this.#watches]) watch.fail(error);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#showing);
    this.#listening[Symbol.dispose]();
  }

  async #readAgain(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      await this.#read();
    } catch (error) {
      const fields = taskFields(this.#address.id, this.task.trace);
      this.#options.log.debug({ ...fields, reason: messageOf(error) }, 'the state of work could not be read');
    } finally {
      this.#isReading = false;
    }
  }

  async #read(): Promise<void> {
    const present = await this.#options.reader.present(this.#address);
    if (present !== undefined) this.#learn(present);
    // Its stream was lost, or it was never there.
    else this.fail(workNotFound(this.#address.id));
  }

  #hear(progress: WorkProgress): void {
    const present = this.#present;
    if (present === undefined || 'end' in present) return;
    const { known } = present;
    const steps = STEPS_OF[this.#address.kind];
    // A step has begun, so those before it are done: what they gave is read first.
    if (steps.indexOf(progress.step) > known.results.length) void this.#readAgain();
    else this.#learn({ known: { ...known, progress } });
  }

  #learn(present: PresentWork): void {
    const before = this.#present;
    if (before !== undefined && 'end' in before) return;
    if (before === undefined || 'end' in present) this.#present = present;
    else this.#present = { known: newest(before.known, present.known) };
    if (this.#watches.size === 0 || isDeepStrictEqual(before, this.#present)) return;
    if ('end' in present) this.#show();
    else {
      const waitMs = this.#shownAt + SHOW_INTERVAL_MS - performance.now();
      this.#showing ??= setTimeout(() => this.#show(), Math.max(0, waitMs));
    }
  }

  #show(): void {
    clearTimeout(this.#showing);
    this.#showing = undefined;
    this.#shownAt = performance.now();
    const { task } = this;
    for (const watch of [...this.#watches]) watch.show(task);
  }
}

/** What was heard may be newer than what is read, and the other way round. */
function newest(before: KnownWork, now: KnownWork): KnownWork {
  return {
    ...now,
    results: before.results.length > now.results.length ? before.results : now.results,
    progress: isNewer(before.progress, now.progress) ? before.progress : now.progress,
  };
}

function isNewer(one: WorkProgress | undefined, other: WorkProgress | undefined): boolean {
  if (one === undefined || other === undefined) return one !== undefined;
  if (one.startedAt !== other.startedAt) return one.startedAt > other.startedAt;
  return (one.progress?.at ?? 0) > (other.progress?.at ?? 0);
}
