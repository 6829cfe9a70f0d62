/** Tasks that end otherwise than by a prediction, and the races for it. */
import { DEADLY_MILES } from '../support/badTrips.js';
import { tripNumber } from '../support/predictDirectly.ts';
import { Line } from './line.ts';
import { goodTrip, type Scenario, SLOW_WORKER, withSessions } from './scenario.ts';

export const poison: Scenario = {
  name: 'poison',
  about: 'trips that kill the session in which they run, while workers are killed too',
  async run({ oracle, random, seed, tasks, seconds }) {
    const worker = withSessions(['../support/badTrips.js']);
    await using line = await Line.start({ oracle, random, seed, workers: [worker, worker] });
    const poisonous = Math.ceil(seconds / 3);
    const every = Math.floor(tasks / poisonous);
    const trial = (i: number) =>
      i % every === every >> 1
        ? { input: { ...tripNumber(i), tripDistanceMiles: DEADLY_MILES }, expectation: 'crashes' as const }
        : goodTrip(i);
    const strike = async (i: number) => {
      oracle.struck(1);
      void line.workers[i % 2]?.replace('SIGKILL');
    };
    await line.run({ tasks, seconds, trial }, { count: Math.round(seconds / 4), strike });
  },
};

export const cancelRace: Scenario = {
  name: 'cancel-race',
  about: 'every task is canceled at about the time at which it ends',
  async run({ oracle, random, seed, tasks, seconds }) {
    await using line = await Line.start({ oracle, random, seed, workers: [SLOW_WORKER] });
    const strike = async () => {
      oracle.struck(1);
      void line.workers[0]?.replace('SIGKILL');
    };
    const load = {
      tasks,
      seconds,
      trial: (i: number, trips: typeof random) => ({
        input: tripNumber(i),
        expectation: 'succeeds or is canceled' as const,
        cancelAfterMs: trips.between(0, 90),
      }),
    };
    await line.run(load, { count: Math.round(seconds / 5), strike });
  },
};
