/** The load of `websocket` on more gateways and workers: the gain of another process of each kind on this machine. */
import type { Benchmark } from '../benchmark.ts';
import { figure } from '../benchmark.ts';
import { clientsOver } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { closedLoop, keepUp } from '../load.ts';
import { tripQuestions } from '../questions.ts';
import { cpuPer1000, measureLoad, startSystem } from '../system.ts';

const CLIENTS = 256;
const WARM_UP_MS = 3_000;
const SHAPES = [
  { gateways: 1, workers: 1 },
  { gateways: 2, workers: 1 },
  { gateways: 1, workers: 2 },
  { gateways: 2, workers: 2 },
];

export const scaling: Benchmark = {
  name: 'scaling',
  about: `closed loop, ${CLIENTS} clients over WebSocket, on one or two gateways and workers`,
  repetitions: 1,
  async prepare(revision, { seconds, connections }) {
    const asked = await tripQuestions();
    return {
      async measure() {
        const figures = [];
        for (const shape of SHAPES) {
          await using opened = new AsyncDisposableStack();
          const system = opened.use(await startSystem(revision, shape));
          const sockets = await GraphQLSocket.openAll(system.url, connections, opened);
          await using load = closedLoop(clientsOver(sockets, CLIENTS, asked));
          await keepUp(load, WARM_UP_MS);
          const measured = await measureLoad(load, system, seconds);
          const name = `${shape.gateways} × gateway, ${shape.workers} × worker`;
          figures.push(
            figure(`${name}: tasks/s`, 0, measured.latencies.length / measured.seconds),
            figure(`${name}: CPU-s per 1,000 tasks, all servers`, 3, cpuPer1000(measured)),
          );
        }
        return figures;
      },
      [Symbol.asyncDispose]: async () => {},
    };
  },
};
