/** Scenarios with tasks that end without a prediction, and with races between ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DEADLY_MILES } from '../support/badTrips.js';
import { startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import type { Random } from './random.ts';
import { goodTrip, type Scenario, SLOW_WORKER, withImports } from './scenario.ts';
import { NO_FAULTS, TestedSystem } from './testedSystem.ts';

export const poison: Scenario = {
  name: 'poison',
  about: 'trips that kill the session in which they run, while workers are killed too',
  async run({ oracle, random, seed, tasks, seconds }) {
    const worker = withImports(['../support/badTrips.js']);
    await using system = await TestedSystem.start({ oracle, random, seed, workers: [worker, worker] });
    const poisonous = Math.ceil(seconds / 3);
    const every = Math.floor(tasks / poisonous);
    const trial = (i: number) =>
      i % every === every >> 1
        ? { input: { ...tripNumber(i), tripDistanceMiles: DEADLY_MILES }, expectation: 'crashes' as const }
        : goodTrip(i);
    const strike = async (i: number) => {
      oracle.struck(1);
      void system.workers[i % 2]?.replace('SIGKILL');
    };
    await system.run({ tasks, seconds, trial }, { count: Math.round(seconds / 4), strike });
  },
};

export const cancelRace: Scenario = {
  name: 'cancel-race',
  about: 'every task is canceled at about the time when it ends',
  async run({ oracle, random, seed, tasks, seconds }) {
    await using system = await TestedSystem.start({ oracle, random, seed, workers: [SLOW_WORKER] });
    const strike = async () => {
      oracle.struck(1);
      void system.workers[0]?.replace('SIGKILL');
    };
    const load = {
      tasks,
      seconds,
      trial: (i: number, trips: Random) => ({
        input: tripNumber(i),
        expectation: 'succeeds or is canceled' as const,
        cancelAfterMs: trips.between(0, 90),
      }),
    };
    await system.run(load, { count: Math.round(seconds / 5), strike });
  },
};

export const requestId: Scenario = {
  name: 'request-id',
  about:
    'three clients submit each trip with the same requestId on both gateways, while the broker is killed',
  async run({ oracle, random, seed, tasks, seconds }) {
    await using broker = await startNats();
    await using system = await TestedSystem.start({ oracle, random, seed, broker });
    const strike = async () => {
      oracle.struck(1);
      await broker.kill();
      await sleep(random.pick([0, 0, 1_000]));
      await broker.restart();
    };
    const trial = (i: number) => ({ ...goodTrip(i), rivals: 2 });
    await system.run({ tasks, seconds, trial }, { count: Math.round(seconds / 3), strike });
  },
};

/** In milliseconds. */
const SKEW = 300_000;

export const clockSkew: Scenario = {
  name: 'clock-skew',
  about:
    'clocks are 5 minutes apart: tasks expire in time without a worker, and with one do not expire early',
  async run({ oracle, random, seed, tasks, seconds }) {
    await using broker = await startNats();
    const skewed = (ms: number) => withImports(['../support/clockSkew.js'], { CLOCK_SKEW_MS: String(ms) });
    const gateways = [skewed(SKEW), skewed(-SKEW)];
    {
      await using system = await TestedSystem.start({
        oracle,
        random,
        seed: `${seed} idle`,
        broker,
        gateways,
        workers: [],
      });
      const trial = (i: number, trips: Random) => ({
        input: tripNumber(i),
        expectation: 'expires' as const,
        timeoutMs: 1_500,
        unwatched: trips.chance(0.3),
      });
      await system.run({ tasks: tasks / 4, seconds: 3, lanes: 400, trial }, NO_FAULTS);
    }
    const workers = [skewed(-SKEW), skewed(SKEW)];
    await using system = await TestedSystem.start({ oracle, random, seed, broker, gateways, workers });
    const strike = async (i: number) => {
      oracle.struck(1);
      void system.workers[i % 2]?.replace('SIGKILL');
    };
    const trial = (i: number) => ({ ...goodTrip(i), timeoutMs: 20_000 });
    await system.run({ tasks: (tasks * 3) / 4, seconds: seconds / 2, trial }, { count: 2, strike });
  },
};
