/** Scenarios in which queues and stores are full. */
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { residentBytes } from '../support/memory.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import type { Random } from './random.ts';
import { goodTrip, modelsWithBatchesOf, type Scenario, slowWorker } from './scenario.ts';
import { NO_FAULTS, TestedSystem } from './testedSystem.ts';

const MIB = 1024 * 1024;
/** Small batches make a worker slow without making it slow to start. */
const BATCH = 4;
const FLOOD_RUN_MS = 50;
const FLOOD_CAPACITY_PER_S = (BATCH * 1000) / FLOOD_RUN_MS;
/** The growth that a process of 100 to 200 MiB may have from the middle of the flood to its end. */
const GROWTH_LIMIT_BYTES = 128 * MIB;

export const flood: Scenario = {
  name: 'flood',
  about: 'five times as many trips as one worker can run, with a queue for 400',
  async run({ oracle, random, seed, seconds }) {
    await using models = await modelsWithBatchesOf(BATCH);
    const limits = { QUEUE_MAX_JOBS: '400', MODELS_DIR: models.path };
    await using system = await TestedSystem.start({
      oracle,
      random,
      seed,
      gateways: [limits, limits],
      workers: [{ ...slowWorker(FLOOD_RUN_MS), ...limits }],
    });
    const processes = [...system.gateways, ...system.workers];
    const before: number[] = [];
    const weighing = sleep((seconds * 1000) / 2).then(async () => {
      for (const { current } of processes) before.push(await residentBytes(current.pid));
    });
    const tasks = 5 * FLOOD_CAPACITY_PER_S * seconds;
    const trial = (i: number) => ({ ...goodTrip(i), givesUp: true });
    await system.run({ tasks, seconds, lanes: 1_000, trial }, NO_FAULTS);
    await weighing;
    for (const [i, { current }] of processes.entries()) {
      const grownBytes = (await residentBytes(current.pid)) - (before[i] ?? 0);
      if (grownBytes > GROWTH_LIMIT_BYTES) oracle.surprise(`process ${i} grew by ${grownBytes} bytes`);
    }
  },
};

const IDLE_TIMEOUT_MS = 4_000;

export const queueFullNoWorker: Scenario = {
  name: 'queue-full-no-worker',
  about: 'a full queue and no worker for twice the deadline, while gateways are killed: all expire in time',
  async run({ oracle, random, seed, tasks }) {
    const limits = { QUEUE_MAX_JOBS: String(Math.ceil(tasks / 8)) };
    await using system = await TestedSystem.start({
      oracle,
      random,
      seed,
      gateways: [limits, limits],
      workers: [],
    });
    const load = {
      tasks,
      seconds: (2 * IDLE_TIMEOUT_MS) / 1000,
      lanes: tasks,
      trial: (i: number, trips: Random) => ({
        input: tripNumber(i),
        expectation: 'expires' as const,
        timeoutMs: IDLE_TIMEOUT_MS,
        unwatched: trips.chance(0.3),
        givesUp: true,
      }),
    };
    const strike = async (i: number) => {
      oracle.struck(1);
      // The test waits for the new gateway, since one must always run to expire tasks.
      await system.gateways[i % 2]?.replace('SIGKILL');
    };
    await system.run(load, { count: 2, strike });
  },
};

const FULL_FOR_MS = 3_000;

export const resultsFull: Scenario = {
  name: 'results-full',
  about: 'the store of results is full for a while, and meanwhile workers are killed and tasks canceled',
  async run({ oracle, random, seed, tasks, seconds }) {
    const max = Math.ceil(tasks * 1.5) + 1_000;
    await using models = await modelsWithBatchesOf(BATCH);
    const limits = { RESULT_MAX_COUNT: String(max), MODELS_DIR: models.path };
    // The worker is slower than tasks come, so that jobs wait while the store is full.
    const worker = { ...slowWorker(80), ...limits };
    await using system = await TestedSystem.start({
      oracle,
      random,
      seed,
      gateways: [limits, limits],
      workers: [worker, worker],
    });
    await using filler = await fillResults(system.broker, max);
    const strike = async (i: number) => {
      await filler.fill();
      await sleep(random.between(0, FULL_FOR_MS));
      oracle.struck(1);
      await system.workers[i % 2]?.replace('SIGKILL');
      await sleep(random.between(0, FULL_FOR_MS));
      await filler.empty();
    };
    const load = {
      tasks,
      seconds,
      lanes: 1_000,
      trial: (i: number, trips: Random) =>
        trips.chance(0.15)
          ? {
              input: tripNumber(i),
              expectation: 'succeeds or is canceled' as const,
              cancelAfterMs: trips.between(0, FULL_FOR_MS),
            }
          : goodTrip(i),
    };
    await system.run(load, { count: Math.ceil(seconds / 6), strike });
  },
};

/** Fills the store of results with results of a gateway that does not exist, and removes them again. */
async function fillResults(broker: { readonly url: string }, max: number) {
  const connection = await connect({ servers: broker.url });
  const { streams } = await jetstreamManager(connection);
  let number = 0;
  return {
    async fill() {
      for (;;) {
        const { messages } = (await streams.info('ENDS')).state;
        if (messages >= max) return;
        await Promise.all(
          Array.from({ length: Math.min(200, max - messages) }, () =>
            connection.request(`ends.filler.0.ffffffff.filler_${number++}`, '{}', { timeout: 10_000 }),
          ),
        );
      }
    },
    empty: () => streams.purge('ENDS', { filter: 'ends.filler.0.ffffffff.*' }),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
