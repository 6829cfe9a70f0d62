/**
 * Nudges workers on behalf of tasks that do not run. A worker without jobs has one long request for jobs at the broker.
 * The broker may lose it, for example with the leader of a stream, and the worker would notice that a minute later.
 *
 * Each task of this gateway is looked at once, one to two seconds after it was accepted. If it still waits, the workers
 * of its lane are nudged, and again every second until it runs. One task stands for all of a lane. The timer runs only
 * while there are tasks to look at.
 */
import type { Broker } from '../broker/broker.ts';
import { Lane } from '../contract/subjects.ts';
import { TaskState } from '../contract/task.ts';
import type { OpenTasks } from './openTasks.ts';
import type { TaskEvents } from './taskEvents.ts';

export interface NudgesOptions {
  readonly broker: Pick<Broker, 'notices'>;
  readonly open: Pick<OpenTasks, 'followed'>;
  readonly events: Pick<TaskEvents, 'on'>;
}

interface AcceptedTask {
  readonly taskId: string;
  readonly lane: Lane;
}

const LOOK_INTERVAL_MS = 1_000;

export class Nudges implements Disposable {
  readonly #options: NudgesOptions;
  readonly #listening: Disposable;
  /** Accepted since the last look, and in the time between the two looks before. */
  #newest: AcceptedTask[] = [];
  #older: AcceptedTask[] = [];
  /** By lane, a task that waited at the last look. */
  #waiting = new Map<string, AcceptedTask>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: NudgesOptions) {
    this.#options = options;
    this.#listening = options.events.on('accepted', (job) => {
      const lane = 'batch' in job ? Lane.Batch : (job.lane ?? Lane.Interactive);
      this.#newest.push({ taskId: job.taskId, lane });
      this.#timer ??= setInterval(() => this.#look(), LOOK_INTERVAL_MS).unref();
    });
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    clearInterval(this.#timer);
  }

  #look(): void {
    const { broker, open } = this.#options;
    const candidates = [...this.#waiting.values(), ...this.#older];
    this.#older = this.#newest;
    this.#newest = [];
    this.#waiting = new Map();
    for (const accepted of candidates) {
      const task = open.followed(accepted.taskId)?.task;
      if (task?.state !== TaskState.Queued) continue;
      // The version may be another one than at first.
      const lane = { model: task.model, version: task.modelVersion, lane: accepted.lane };
      const name = Object.values(lane).join('/');
      if (!this.#waiting.has(name)) broker.notices.nudge(lane);
      // The newest one stands for the lane, since it probably runs last.
      this.#waiting.set(name, accepted);
    }
    if (this.#waiting.size > 0 || this.#older.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
