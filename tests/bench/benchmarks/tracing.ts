/** What traces cost a task: the same load without a collector, at 1 % of traces, and at all of them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Benchmark, type Figure, figure } from '../benchmark.ts';
import { clientsOver, RAMP_MS, underLoad, WARM_UP_MS } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { median } from '../numbers.ts';
import { tripQuestions } from '../questions.ts';
import { cpuPer1000, measureLoad, startSystem } from '../system.ts';

const CLIENTS = 256;
/** The systems take turns, so that other work on the machine reaches all of them. */
const ROUNDS = 5;
const SHARES = ['0.01', '1'];

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
        return systems.flatMap(({ name }, i): Figure[] => {
          const ofSystem = rounds.map((round) => round[i] ?? { rate: Number.NaN, cpu: Number.NaN });
          const figures = [figure(`${name}: tasks/s`, 0, median(ofSystem.map(({ rate }) => rate)))];
          const ratios = ofSystem.map(({ cpu }, round) => cpu / (rounds[round]?.[0]?.cpu ?? Number.NaN));
          const budget = i === 2 ? { atMost: 1.03 } : undefined;
          if (i > 0)
            figures.push(figure(`${name}: CPU-s a task, times no collector`, 3, median(ratios), budget));
          return figures;
        });
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

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
