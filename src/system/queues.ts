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
import { LaneRates } from './laneRates.ts';

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
  /** Undefined before the second look. */
  readonly endedPerSecond: number | undefined;
  /** As that of `LaneRate`, and 0 while no worker serves the version. */
  readonly capacityPerSecond: number | undefined;
  /**
   * In how many seconds the jobs that wait will have been taken, at that capacity: `LONGEST_WAIT_S` at most. Undefined
   * if jobs wait and the capacity is not known, or the model is paused.
   */
  readonly backlogSeconds: number | undefined;
  readonly isPaused: boolean;
  /** The same in messages of the broker. */
  readonly messages: { readonly waiting: number; readonly inHand: number };
}

/** Where no worker takes any, jobs wait until their time is over: this is the longest that a task can ask for. */
const LONGEST_WAIT_S = MAX_TIMEOUT_MS / 1_000;

export class Queues {
  readonly #options: QueuesOptions;
  readonly #models: readonly Model[];
  readonly #measured = new Map<string, Measured<readonly LaneOfQueue[]>>();
  /** By model. */
  readonly #rates = new Map<string, LaneRates>();

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
    const jobsPerBundle = jobsPerBundleIn(state, this.#options.queued.of(model));
    const jobsPerMessage = ({ lane }: LaneState) => (lane === Lane.Batch ? 1 : jobsPerBundle);
    const rates = this.#rates.getOrInsertComputed(model, () => new LaneRates());
    const measured = rates.look(state.lanes, { at: performance.now(), jobsPerMessage });
    return state.lanes
      .map((lane, i) => {
        const factor = jobsPerMessage(lane);
        const waiting = Math.round(lane.waiting * factor);
        const inHand = Math.round(lane.inHand * factor);
        const isServed = this.#isServed(model, lane);
        const capacityPerSecond = isServed ? measured[i]?.capacityPerSecond : 0;
        // Those that a worker had when it went wait for the next one.
        const unstarted = isServed ? waiting : waiting + inHand;
        return {
          model,
          version: lane.version,
          lane: lane.lane,
          waiting,
          inHand,
          endedPerSecond: measured[i]?.endedPerSecond,
          capacityPerSecond,
          backlogSeconds: backlogSeconds(unstarted, lane.isPaused ? undefined : capacityPerSecond),
          isPaused: lane.isPaused,
          messages: { waiting: lane.waiting, inHand: lane.inHand },
        };
      })
      .toSorted((a, b) => Number(a.version) - Number(b.version));
  }

  #isServed(model: string, { version }: LaneState): boolean {
    return this.#options.workers
      .list()
      .some(({ models, leaving = [] }) =>
        [...models, ...leaving].some((each) => each.model === model && each.version === version),
      );
  }
}

function backlogSeconds(waiting: number, perSecond: number | undefined): number | undefined {
  if (waiting === 0) return 0;
  return perSecond === undefined ? undefined : Math.min(waiting / perSecond, LONGEST_WAIT_S);
}

/** @param jobs the unfinished ones of the model: tasks, row batches and chunks. */
function jobsPerBundleIn({ lanes, messages }: QueueState, jobs: number): number {
  const inLanes = (isWanted: (lane: Lane) => boolean) =>
    lanes.reduce((sum, each) => sum + (isWanted(each.lane) ? each.waiting + each.inHand : 0), 0);
  const bundles = inLanes((lane) => lane !== Lane.Batch);
  const chunks = inLanes((lane) => lane === Lane.Batch);
  const rowBatches = Math.max(0, messages - bundles - chunks);
  if (bundles === 0) return 1;
  return Math.min(Math.max((jobs - chunks - rowBatches) / bundles, 1), MAX_BUNDLE_ROWS);
}
