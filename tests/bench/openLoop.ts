/** The benchmarks of the open loop. They differ in the number of tasks per second. */
import type { Benchmark } from './benchmark.ts';
import { GraphQLSocket } from './graphqlSocket.ts';
import { keepUp, openLoop } from './load.ts';
import { type Exchange, overWebSocket, tripQuestions } from './questions.ts';
import { type LoadBudgets, loadFigures, measureLoad, startSystem, UNBOUNDED } from './system.ts';

export interface OpenLoopOptions {
  readonly name: string;
  /** The average number of arrivals per second. */
  readonly perSecond: number;
  readonly budgets: LoadBudgets;
}

const CONNECTIONS = 32;
const WARM_UP_MS = 3_000;
const RAMP_MS = 500;

export function openLoopBenchmark({ name, perSecond, budgets }: OpenLoopOptions): Benchmark {
  return {
    name,
    about: `open loop, ${perSecond.toLocaleString('en-US')} tasks/s on the average at random (Poisson) over ${CONNECTIONS} WebSockets, latency from the instant due`,
    async prepare(revision, { seconds }) {
      await using started = new AsyncDisposableStack();
      const system = started.use(await startSystem(revision, { env: UNBOUNDED }));
      const asked = await tripQuestions();
      const sockets = await GraphQLSocket.openAll(system.url, CONNECTIONS, started);
      const overEach = sockets.map((socket) => overWebSocket(socket, asked));
      const exchange: Exchange = async (row) => overEach[row % CONNECTIONS]?.(row);
      await runFor(WARM_UP_MS, exchange, perSecond);
      const stopping = started.move();
      return {
        async measure() {
          await using load = openLoop(exchange, perSecond);
          await keepUp(load, RAMP_MS);
          return loadFigures(await measureLoad(load, system, seconds), budgets);
        },
        [Symbol.asyncDispose]: () => stopping.disposeAsync(),
      };
    },
  };
}

async function runFor(ms: number, exchange: Exchange, perSecond: number): Promise<void> {
  await using load = openLoop(exchange, perSecond);
  await keepUp(load, ms);
}
