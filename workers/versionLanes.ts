/**
 * The lanes of one version in a worker: a source of jobs and a loop for each, all with the same session.
 *
 * A run waits for two things: first for the session, which its lanes share, then for a slot of the worker, which all
 * models share. Both are given by start-time fair queueing. Under pressure `interactive` gets eight times the run time
 * of any other lane, and a job that comes into an idle lane waits for one run at most, or for two short ones. An idle
 * lane's share is lent. Shadow jobs have the session only while no lane asks for it, and slots of their own: a slow
 * shadow takes none that a task waits for.
 */
import type { Broker } from '../src/broker/broker.ts';
import { LANES, Lane } from '../src/contract/subjects.ts';
import type { Manifest } from '../src/models/manifest.ts';
import type { WorkerOptions } from './assignment.ts';
import { Batches, type BatchesOptions } from './batches.ts';
import { BundleAssignment } from './bundleAssignment.ts';
import { ChunkAssignment } from './chunkAssignment.ts';
import { runBatches } from './run.ts';
import { ShadowLane, type ShadowLaneOptions } from './shadowLane.ts';
import { type Flow, Slots } from './slots.ts';
import type { VersionSession } from './versionSession.ts';

export interface VersionLanesOptions extends Omit<WorkerOptions, 'source' | 'inSlot'> {
  readonly session: WorkerOptions['session'] & Pick<VersionSession, 'sharedHost'>;
  readonly slots: Slots;
  /** The model's flow in the slots. */
  readonly flow: Flow;
  readonly shadowSlots: Slots;
}

type JobConsumer = ReturnType<Broker['consumeJobs']>;

const WEIGHTS: Readonly<Record<Lane, number>> = {
  [Lane.Interactive]: 8,
  [Lane.Bulk]: 1,
  [Lane.Batch]: 1,
};
/** A lane holds the rows of so many runs, or so many chunks: the present one and the next. */
const RUNS_HELD = 2;

export class VersionLanes implements AsyncDisposable {
  readonly #sources: readonly JobConsumer[];
  readonly #loops: readonly Promise<void>[];
  readonly #shadow: ShadowLane;

  constructor(options: VersionLanesOptions) {
    const { slots, flow: ofModel, shadowSlots } = options;
    const sessionSlot = new Slots(1);
    const lanes = LANES.map((lane) => {
      const flow: Flow = { weight: WEIGHTS[lane], virtualTime: 0 };
      const source = consume(lane, options);
      const isWanted = () => sessionSlot.areWanted || slots.areWanted;
      const inSlot: WorkerOptions['inSlot'] = (work) =>
        sessionSlot.run(flow, () => slots.run(ofModel, () => work(isWanted), options.session.sharedHost));
      return { source, loop: runLane(lane, { ...options, source, inSlot }) };
    });
    this.#sources = lanes.map(({ source }) => source);
    this.#loops = lanes.map(({ loop }) => loop);
    const last: Flow = { weight: 1, virtualTime: 0, lastResort: true };
    const ofVersion: Flow = { weight: 1, virtualTime: 0 };
    // The slot first: a shadow that waited for it with the session in hand would hold up the lanes.
    const inTurn: ShadowLaneOptions['inTurn'] = (work) =>
      shadowSlots.run(ofVersion, async () => {
        await slots.calm();
        await sessionSlot.run(last, work);
      });
    this.#shadow = new ShadowLane({ ...options, inTurn });
  }

  /** Resolves once all lanes have ended. Rejects with the error of the first lane that fails; the others go on. */
  async ended(): Promise<void> {
    await Promise.all(this.#loops);
  }

  /** Takes no more jobs, hands back jobs that do not run, and resolves once all runs are settled. Throws nothing. */
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

/** Runs until the source ends, and then until all that was run is settled. */
async function runLane(lane: Lane, options: WorkerOptions): Promise<void> {
  const batches = new Batches({ ...options, ...rowsOf(lane, options) });
  let lastMs = Number.POSITIVE_INFINITY;
  while (await batches.arrival()) lastMs = await runBatches(batches, lastMs, options);
  await batches.settled();
}

function rowsOf(lane: Lane, options: WorkerOptions): Pick<BatchesOptions, 'maxRows' | 'maxWaitMs' | 'read'> {
  const { maxBatchSize, maxBulkBatchSize, maxWaitMs } = options.manifest.batching;
  return lane === Lane.Batch
    ? { maxRows: maxBulkBatchSize, maxWaitMs: 0, read: (delivery) => new ChunkAssignment(delivery, options) }
    : { maxRows: maxBatchSize, maxWaitMs, read: (delivery) => new BundleAssignment(delivery, options) };
}

function consume(lane: Lane, { broker, manifest, version }: VersionLanesOptions): JobConsumer {
  return broker.consumeJobs({ model: manifest.name, version, lane, maxHeld: creditOf(lane, manifest) });
}

/** In rows; a chunk counts as one. */
function creditOf(lane: Lane, { batching }: Manifest): number {
  return lane === Lane.Batch ? RUNS_HELD : RUNS_HELD * batching.maxBatchSize;
}
