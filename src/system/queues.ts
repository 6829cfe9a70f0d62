/**
 * What waits in the queues of models. The broker is asked only when somebody wants to know, once a second and model at
 * most.
 *
 * The broker counts messages, of which each may have many jobs. The gateways tell each other how many jobs are unfinished,
 * so messages become jobs by the mean of a model.
 */
import type { Broker, LaneState, QueueState } from '../broker/broker.ts';
import { Lane } from '../contract/subjects.ts';
import { MAX_BUNDLE_ROWS } from '../contract/taskId.ts';
import { type Model, modelNamed } from '../models/models.ts';
import type { LiveWorkers } from '../rollout/presence.ts';
import { Measured } from '../tasks/measured.ts';
import type { QueuedJobs } from '../tasks/queuedJobs.ts';

export interface QueuesOptions {
  readonly broker: { readonly queues: Pick<Broker['queues'], 'read'> };
  readonly models: readonly Model[];
  readonly queued: Pick<QueuedJobs, 'of'>;
  readonly workers: Pick<LiveWorkers, 'list'>;
}

/** A lane of a version, counted in jobs: tasks, and chunks of row batches. */
export interface LaneOfQueue {
  readonly model: string;
  readonly version: string;
  readonly lane: Lane;
  readonly waiting: number;
  readonly inHand: number;
  /** Undefined if it is not known. */
  readonly endedPerSecond: number | undefined;
  readonly isPaused: boolean;
  /** The same in messages of the broker. */
  readonly messages: { readonly waiting: number; readonly inHand: number };
}

/** A queue, and when it was read, on the clock of `performance.now()`. */
interface Look extends QueueState {
  readonly at: number;
}

/** A rate is taken between two looks that are so far apart. */
const RATE_OVER_MS = { least: 900, most: 15_000 };

export class Queues {
  readonly #options: QueuesOptions;
  readonly #models: ReadonlyMap<string, Model>;
  readonly #measured = new Map<string, Measured<readonly LaneOfQueue[]>>();
  /** By model, oldest first. */
  readonly #looks = new Map<string, readonly Look[]>();

  constructor(options: QueuesOptions) {
    this.#options = options;
    this.#models = new Map(options.models.map((model) => [model.manifest.name, model]));
  }

  /**
   * The lanes of the versions of a model, or of all.
   *
   * @throws {RequestError} `BAD_USER_INPUT` if there is no such model, `BROKER_UNAVAILABLE`.
   */
  async list(modelName?: string): Promise<readonly LaneOfQueue[]> {
    const names =
      modelName === undefined
        ? [...this.#models.keys()]
        : [modelNamed(this.#models, modelName).manifest.name];
    return (await Promise.all(names.map((name) => this.#of(name)))).flat();
  }

  /** @returns undefined if the broker has no such lane. @throws {RequestError} `BROKER_UNAVAILABLE`. */
  async lane(model: string, version: string, lane: Lane): Promise<LaneOfQueue | undefined> {
    return (await this.#of(model)).find((each) => each.version === version && each.lane === lane);
  }

  /** The next look asks the broker. */
  forget(model: string): void {
    this.#measured.delete(model);
  }

  #of(model: string): Promise<readonly LaneOfQueue[]> {
    const measured = this.#measured.get(model) ?? new Measured(() => this.#look(model));
    this.#measured.set(model, measured);
    return measured.get();
  }

  async #look(model: string): Promise<readonly LaneOfQueue[]> {
    const state = await this.#options.broker.queues.read(model);
    const now: Look = { ...state, at: performance.now() };
    const earlier = (this.#looks.get(model) ?? []).filter(({ at }) => now.at - at <= RATE_OVER_MS.most);
    this.#looks.set(model, [...earlier, now]);
    const jobsPerMessage = jobsPerMessageIn(state, this.#options.queued.of(model));
    const [first] = earlier;
    return state.lanes
      .map((lane) => {
        const factor = lane.lane === Lane.Batch ? 1 : jobsPerMessage;
        const messagesPerSecond = first && rateBetween(first, now, lane);
        return {
          model,
          version: lane.version,
          lane: lane.lane,
          waiting: Math.round(lane.waiting * factor),
          inHand: Math.round(lane.inHand * factor),
          endedPerSecond:
            messagesPerSecond === undefined ? this.#endedLastMinute(model, lane) : messagesPerSecond * factor,
          isPaused: lane.isPaused,
          messages: { waiting: lane.waiting, inHand: lane.inHand },
        };
      })
      .toSorted((a, b) => Number(a.version) - Number(b.version));
  }

  /** What workers tell of the last minute. Only of single tasks, which mostly have one lane. */
  #endedLastMinute(model: string, { version, lane }: LaneState): number | undefined {
    if (lane === Lane.Batch) return undefined;
    const served = this.#options.workers
      .list()
      .flatMap(({ models }) => models.filter((each) => each.model === model && each.version === version));
    const ended = served.reduce((sum, { finishedLastMinute = 0 }) => sum + finishedLastMinute, 0);
    return ended === 0 ? undefined : ended / 60;
  }
}

/** In how many seconds the jobs that wait will have been taken, at the present rate; undefined without one. */
export function backlogSeconds({
  waiting,
  endedPerSecond,
}: Pick<LaneOfQueue, 'waiting' | 'endedPerSecond'>): number | undefined {
  if (waiting === 0) return 0;
  return endedPerSecond ? waiting / endedPerSecond : undefined;
}

/** @param jobs the unfinished ones of the model: tasks, row batches and chunks. */
function jobsPerMessageIn({ lanes, messages }: QueueState, jobs: number): number {
  const inLanes = (isWanted: (lane: Lane) => boolean) =>
    lanes.reduce((sum, each) => sum + (isWanted(each.lane) ? each.waiting + each.inHand : 0), 0);
  const bundles = inLanes((lane) => lane !== Lane.Batch);
  const chunks = inLanes((lane) => lane === Lane.Batch);
  const rowBatches = Math.max(0, messages - bundles - chunks);
  if (bundles === 0) return 1;
  return Math.min(Math.max((jobs - chunks - rowBatches) / bundles, 1), MAX_BUNDLE_ROWS);
}

/** Messages that left a lane in a second; undefined if the time is too short, or if the lane was made anew. */
function rateBetween(first: Look, now: Look, { version, lane, left }: LaneState): number | undefined {
  const elapsedMs = now.at - first.at;
  const before = first.lanes.find((each) => each.version === version && each.lane === lane);
  if (before === undefined || elapsedMs < RATE_OVER_MS.least || left < before.left) return undefined;
  return ((left - before.left) * 1_000) / elapsedMs;
}
