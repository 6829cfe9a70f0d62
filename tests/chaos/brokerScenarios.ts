/** Brokers that die, and links to them that do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startNats } from '../support/natsServer.ts';
import { Line } from './line.ts';
import { goodTrip, type Scenario, SLOW_WORKER } from './scenario.ts';

export const brokerKill: Scenario = {
  name: 'broker-kill',
  about: 'the broker is killed and comes back, sometimes a while later, sometimes as a worker dies',
  async run({ oracle, random, seed, tasks, seconds }) {
    await using broker = await startNats();
    await using line = await Line.start({
      oracle,
      random,
      seed,
      broker,
      workers: [SLOW_WORKER, SLOW_WORKER],
    });
    const strike = async (i: number) => {
      const takesWorker = random.chance(0.5);
      oracle.struck(takesWorker ? 2 : 1);
      await broker.kill();
      if (takesWorker) void line.workers[i % 2]?.replace('SIGKILL');
      await sleep(random.pick([0, 0, 700, 2_500]));
      await broker.restart();
    };
    await line.run({ tasks, seconds, trial: goodTrip }, { count: Math.round(seconds / 3), strike });
  },
};
