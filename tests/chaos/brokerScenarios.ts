/** Scenarios in which brokers, or links to them, fail. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../support/natsCluster.ts';
import { startNats } from '../support/natsServer.ts';
import { startProxy } from '../support/silentProxy.ts';
import { goodTrip, type Scenario, SLOW_WORKER } from './scenario.ts';
import { TestedSystem } from './testedSystem.ts';

export const brokerKill: Scenario = {
  name: 'broker-kill',
  about: 'the broker is killed and restarted, sometimes later, sometimes while a worker dies',
  async run({ oracle, random, seed, tasks, seconds }) {
    await using broker = await startNats();
    await using system = await TestedSystem.start({
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
      if (takesWorker) void system.workers[i % 2]?.replace('SIGKILL');
      await sleep(random.pick([0, 0, 700, 2_500]));
      await broker.restart();
    };
    await system.run({ tasks, seconds, trial: goodTrip }, { count: Math.round(seconds / 3), strike });
  },
};

const REPLICATED = { STREAM_REPLICAS: '3' };

export const clusterLeaderKill: Scenario = {
  name: 'cluster-leader-kill',
  about:
    'of three brokers, the leader of the jobs or of the results is killed and comes back, another stutters',
  async run({ oracle, random, seed, tasks, seconds }) {
    await using broker = await startCluster();
    const replicas = [REPLICATED, REPLICATED];
    await using system = await TestedSystem.start({
      oracle,
      random,
      seed,
      broker,
      gateways: replicas,
      workers: replicas.map((env) => ({ ...SLOW_WORKER, ...env })),
    });
    const strike = async (i: number) => {
      const leader = await broker.leaderOf(i % 2 === 0 ? 'JOBS_trip-duration' : 'ENDS');
      oracle.struck(1);
      await leader.kill();
      await sleep(random.pick([0, 1_000]));
      await leader.restart();
      const follower = broker.servers.find(({ pid }) => pid !== leader.pid);
      if (follower === undefined) return;
      oracle.struck(0);
      await stutter(follower.pid, 2_000);
    };
    const load = { tasks, seconds: seconds * CLUSTER_TIMES, trial: goodTrip };
    await system.run(load, { count: Math.ceil((seconds * CLUSTER_TIMES) / 8), strike });
  },
};

/** Slows a server down as on an overloaded machine: its copies lag behind, but lose nothing. */
async function stutter(pid: number, ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until) {
    process.kill(pid, 'SIGSTOP');
    await sleep(300);
    process.kill(pid, 'SIGCONT');
    await sleep(15);
  }
}

/** The death of a leader causes a gap of some seconds, so scenarios with a cluster get more time. */
const CLUSTER_TIMES = 1.6;

export const silentLink: Scenario = {
  name: 'silent-link',
  about: 'the links of one gateway and one worker to the broker go silent without closing, or are cut',
  async run({ oracle, random, seed, tasks, seconds }) {
    await using broker = await startNats();
    await using toGateway = await startProxy(broker);
    await using toWorker = await startProxy(broker);
    const gateways = [{ NATS_URL: toGateway.url }, {}];
    const workers = [{ ...SLOW_WORKER, NATS_URL: toWorker.url }, SLOW_WORKER];
    await using system = await TestedSystem.start({ oracle, random, seed, broker, gateways, workers });
    const strike = async (i: number) => {
      const link = i % 2 === 0 ? toWorker : toGateway;
      oracle.struck(0);
      if (random.chance(0.25)) return link.cut();
      link.goSilent();
      await sleep(random.between(1_000, 8_000));
      link.resume();
    };
    await system.run({ tasks, seconds, trial: goodTrip }, { count: Math.ceil(seconds / 4), strike });
  },
};
