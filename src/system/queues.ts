/**
 * What waits in the queues of models. The broker is asked only when somebody wants to know, once a second and model at
 * most.
 *
 * The broker counts messages, of which each may have many jobs. The gateways tell each other how many jobs are unfinished,
 * so messages become jobs by the mean of a model.
 */
import type { Broker, LaneState, QueueState } from '../broker/broker.ts';
import { Lane } from '../contract/subjects.ts';
import { MAX_TIMEOUT_MS } from '../contract/task.ts';
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
  /**
   * In how many seconds the jobs that wait will have been taken, at that rate: `LONGEST_WAIT_S` at most, and where none
   * ends. Undefined if the rate is not known.
   */
  readonly backlogSeconds: number | undefined;
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
/** Who looks less often gets the rate since the last look, if that was not longer ago. */
const SELDOM_MS = 120_000;
/** That none ends is known once jobs have waited for so long: a single run may take seconds. */
const NONE_AFTER_MS = 10_000;
/** Where none ends, jobs wait until their time is over: this is the longest that a task can ask for. */
const LONGEST_WAIT_S = MAX_TIMEOUT_MS / 1_000;

export class Queues {
  readonly #options: QueuesOptions;
  readonly #models: readonly Model[];
  readonly #measured = new Map<string, Measured<readonly LaneOfQueue[]>>();
  /** By model, oldest first. */
  readonly #looks = new Map<string, readonly Look[]>();

  constructor(options: QueuesOptions) {
    this.#options = options;
    this.#models = options.models;
  }

  /**
   * The lanes of the versions of a model, or of all.
   *
   * @throws {RequestError} `BAD_USER_INPUT` if there is no such model, `BROKER_UNAVAILABLE`.
   */
  async list(modelName?: string): Promise<readonly LaneOfQueue[]> {
    const chosen = modelName === undefined ? this.#models : [modelNamed(this.#models, modelName)];
    return (await Promise.all(chosen.map(({ manifest }) => this.#of(manifest.name)))).flat();
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
    const earlier = this.#earlierLooks(model, now.at);
    this.#looks.set(model, [...earlier, now]);
    const jobsPerMessage = jobsPerMessageIn(state, this.#options.queued.of(model));
    const [first] = earlier;
    return state.lanes
      .map((lane) => {
        const factor = lane.lane === Lane.Batch ? 1 : jobsPerMessage;
        const messagesPerSecond = first && rateBetween(first, now, lane);
        const waiting = Math.round(lane.waiting * factor);
        const endedPerSecond =
          messagesPerSecond === undefined ? this.#endedLastMinute(model, lane) : messagesPerSecond * factor;
        return {
          model,
          version: lane.version,
          lane: lane.lane,
          waiting,
          inHand: Math.round(lane.inHand * factor),
          endedPerSecond,
          backlogSeconds: backlogSeconds(waiting, endedPerSecond),
          isPaused: lane.isPaused,
          messages: { waiting: lane.waiting, inHand: lane.inHand },
        };
      })
      .toSorted((a, b) => Number(a.version) - Number(b.version));
  }

  #earlierLooks(model: string, now: number): readonly Look[] {
    const looks = this.#looks.get(model) ?? [];
    const recent = looks.filter(({ at }) => now - at <= RATE_OVER_MS.most);
    return recent.length > 0 ? recent : looks.slice(-1).filter(({ at }) => now - at <= SELDOM_MS);
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

function backlogSeconds(waiting: number, endedPerSecond: number | undefined): number | undefined {
  if (waiting === 0) return 0;
  return endedPerSecond === undefined ? undefined : Math.min(waiting / endedPerSecond, LONGEST_WAIT_S);
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

/** Messages that left a lane in a second; undefined if the time is too short to tell, or if the lane was made anew. */
function rateBetween(
  first: Look,
  now: Look,
  { version, lane, waiting, left }: LaneState,
): number | undefined {
  const elapsedMs = now.at - first.at;
  const before = first.lanes.find((each) => each.version === version && each.lane === lane);
  if (before === undefined || elapsedMs < RATE_OVER_MS.least || left < before.left) return undefined;
  const haveWaited = before.waiting > 0 && elapsedMs >= NONE_AFTER_MS;
  if (left === before.left && waiting > 0 && !haveWaited) return undefined;
  return ((left - before.left) * 1_000) / elapsedMs;
}
