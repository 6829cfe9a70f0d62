/**
 * What traces cost a task: the same load without a collector, at 1 % of traces, and at all of them. What they add to a task
 * that is not recorded is less than two loads differ, so it is measured by itself.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TaskEvents } from '../../../src/tasks/taskEvents.ts';
import { TaskWatch } from '../../../src/tasks/taskWatch.ts';
import { FollowedStates } from '../../../src/tracing/followedStates.ts';
import { GatewayTracing } from '../../../src/tracing/gatewayTracing.ts';
import { SILENT } from '../../support/models.ts';
import { type Benchmark, type Figure, figure } from '../benchmark.ts';
import { clientsOver, RAMP_MS, underLoad, WARM_UP_MS } from '../closedLoop.ts';
import { ACCEPTED, cpuUs, ENDED } from '../countedTask.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { median } from '../numbers.ts';
import { tripQuestions } from '../questions.ts';
import { cpuPer1000, measureLoad, startSystem } from '../system.ts';

const CLIENTS = 256;
/** The systems take turns, so that other work on the machine reaches all of them. */
const ROUNDS = 5;
const SHARES = ['0.01', '1'];
const UNRECORDED_TASKS = 500_000;

export const tracing: Benchmark = {
  name: 'tracing',
  about: `closed loop, ${CLIENTS} clients as in websocket, without a collector and with one`,
  async prepare(revision, { seconds, connections }) {
    await using started = new AsyncDisposableStack();
    const asked = await tripQuestions();
    const collector = started.use(await startSink());
    const traced = (share: string) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER_ARG: share,
    });
    // Twice, to see how far two runs of the same differ.
    const systems = [
      { name: 'no collector', system: started.use(await startSystem(revision)) },
      { name: 'no collector, again', system: started.use(await startSystem(revision)) },
    ];
    for (const share of SHARES) {
      const system = started.use(await startSystem(revision, { env: traced(share) }));
      systems.push({ name: `${Number(share) * 100} % of traces`, system });
    }
    const clientsOf = (url: string) => async (opened: AsyncDisposableStack) =>
      clientsOver(await GraphQLSocket.openAll(url, connections, opened), CLIENTS, asked);
    for (const { system } of systems) await underLoad(clientsOf(system.url), WARM_UP_MS, async () => {});
    const stopping = started.move();
    return {
      async measure() {
        const rounds: { rate: number; cpu: number }[][] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const measured: { rate: number; cpu: number }[] = [];
          for (const { system } of systems) {
            const taken = await underLoad(clientsOf(system.url), RAMP_MS, (load) =>
              measureLoad(load, system, seconds),
            );
            measured.push({ rate: taken.latencies.length / taken.seconds, cpu: cpuPer1000(taken) });
          }
          rounds.push(measured);
        }
        const unrecordedUs = await unrecordedCost();
        const taskUs = median(rounds.map((round) => round[0]?.cpu ?? Number.NaN)) * 1_000;
        const ofSystems = systems.flatMap(({ name }, i): Figure[] => {
          const ofSystem = rounds.map((round) => round[i] ?? { rate: Number.NaN, cpu: Number.NaN });
          const figures = [figure(`${name}: tasks/s`, 0, median(ofSystem.map(({ rate }) => rate)))];
          const ratios = ofSystem.map(({ cpu }, round) => cpu / (rounds[round]?.[0]?.cpu ?? Number.NaN));
          const budget = i === 2 ? { atMost: 1.03 } : undefined;
          if (i > 0)
            figures.push(figure(`${name}: CPU-s a task, times no collector`, 3, median(ratios), budget));
          return figures;
        });
        return [
          ...ofSystems,
          figure('added to a task that is not recorded, µs of CPU', 2, unrecordedUs),
          figure("share of a task's CPU, %", 2, (100 * unrecordedUs) / taskUs, { atMost: 1 }),
        ];
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

/**
 * @returns the microseconds of CPU that tracing adds in a gateway to a task that is not recorded: at its mutation and its
 *   subscription, its acceptance, and its result on the way to its subscriber.
 */
async function unrecordedCost(): Promise<number> {
  const events = new TaskEvents();
  const config = { tracesSampler: 'parentbased_traceidratio', tracesSamplerArg: 0 } as const;
  await using tracing = new GatewayTracing({ config, id: 'gateway', events, now: Date.now, log: SILENT });
  const watch = () => {
    const states = new TaskWatch({ finalOnly: true, onClose() {} });
    states.show(ENDED);
    return states;
  };
  const untracedUs = await cpuUs(async () => {
    for (let i = 0; i < UNRECORDED_TASKS; i++) for await (const _ of watch());
  });
  const tracedUs = await cpuUs(async () => {
    for (let i = 0; i < UNRECORDED_TASKS; i++) {
      tracing.begin(undefined);
      events.emit('accepted', ACCEPTED);
      tracing.begin(undefined);
      for await (const _ of new FollowedStates(watch(), () => undefined));
    }
  });
  return (tracedUs - untracedUs) / UNRECORDED_TASKS;
}

/** A collector that reads spans and forgets them. */
async function startSink() {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}
