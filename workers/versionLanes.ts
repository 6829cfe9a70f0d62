/**
 * The lanes of one version in a worker: a source of jobs and a loop for each, all with the same session.
 *
 * A lane has the session for one run at a time, in turns by start-time fair queueing: under pressure `interactive` gets
 * eight times the run time of any other, and what comes into an idle lane waits for one run at most. An idle lane's
 * share is lent. Shadow jobs have the session only while no lane wants it.
 */
import type { Broker } from '../src/broker/broker.ts';
import { LANES, Lane } from '../src/contract/subjects.ts';
import type { Manifest } from '../src/models/manifest.ts';
import type { WorkerOptions } from './assignment.ts';
import { runChunks } from './chunks.ts';
import { ShadowLane } from './shadowLane.ts';
import { type Flow, Slots } from './slots.ts';
import { runWorker } from './worker.ts';

export interface VersionLanesOptions extends Omit<WorkerOptions, 'source'> {
  readonly version: string;
  /** Does work once the worker runs no other shadow, and no task waits for a slot. */
  readonly inShadowSlot: WorkerOptions['inSlot'];
}

type JobConsumer = ReturnType<Broker['consumeJobs']>;

const WEIGHTS: Readonly<Record<Lane, number>> = {
  [Lane.Interactive]: 8,
  [Lane.Bulk]: 1,
  [Lane.Batch]: 1,
};
/** What a lane has in the worker's hands: runs, or chunks, one that goes on and one that gathers. */
const RUNS_HELD = 2;

export class VersionLanes implements AsyncDisposable {
  readonly #sources: readonly JobConsumer[];
  readonly #loops: readonly Promise<void>[];
  readonly #shadow: ShadowLane;

  constructor(options: VersionLanesOptions) {
    const turns = new Slots(1);
    const lanes = LANES.map((lane) => {
      const flow: Flow = { weight: WEIGHTS[lane], virtualTime: 0 };
      const source = consume(lane, options);
      const inSlot: WorkerOptions['inSlot'] = (work) => turns.run(flow, () => options.inSlot(work));
      const run = lane === Lane.Batch ? runChunks : runWorker;
      return { source, loop: run({ ...options, source, inSlot }) };
    });
    this.#sources = lanes.map(({ source }) => source);
    this.#loops = lanes.map(({ loop }) => loop);
    const last: Flow = { weight: 1, virtualTime: 0, lastResort: true };
    // The slot first: who waits for that while he has the session would hold up its lanes.
    const inTurn: WorkerOptions['inSlot'] = (work) => options.inShadowSlot(() => turns.run(last, work));
    this.#shadow = new ShadowLane({ ...options, inTurn });
  }

  /** Resolves once all have ended. @throws what has ended the first of them that failed; the others go on. */
  async ended(): Promise<void> {
    await Promise.all(this.#loops);
  }

  /** Takes no more jobs, hands back what is not running, and resolves once what was run is settled. Throws nothing. */
  async stop(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.stop()));
    await Promise.allSettled(this.#loops);
    this.#shadow.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    for (const source of this.#sources) await source[Symbol.asyncDispose]();
  }
}

function consume(lane: Lane, { broker, manifest, version }: VersionLanesOptions): JobConsumer {
  return broker.consumeJobs({ model: manifest.name, version, lane, maxHeld: creditOf(lane, manifest) });
}

function creditOf(lane: Lane, { batching }: Manifest): number {
  return lane === Lane.Batch ? RUNS_HELD : RUNS_HELD * batching.maxBatchSize;
}
