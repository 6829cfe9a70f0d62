/** The benchmarks of the open loop. They differ in the number of tasks per second. */
import { type Benchmark, type Budget, elapsed, type Figure, figure } from './benchmark.ts';
import { GraphQLSocket } from './graphqlSocket.ts';
import { keepUp, openLoop } from './load.ts';
import { type Exchange, overWebSocket, tripQuestions } from './questions.ts';
import {
  cpuNow,
  difference,
  type LoadBudgets,
  loadFigures,
  measureLoad,
  ofServers,
  type System,
  startSystem,
  UNBOUNDED,
} from './system.ts';

export interface OpenLoopOptions {
  readonly name: string;
  /** The average number of arrivals per second. */
  readonly perSecond: number;
  readonly budgets: LoadBudgets & {
    /** A budget for all idle servers together, in percent of a core. It adds a measurement of the idle system. */
    readonly idle?: Budget;
  };
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
          const idle = budgets.idle && [await idleFigure(system, seconds, budgets.idle)];
          await using load = openLoop(exchange, perSecond);
          await keepUp(load, RAMP_MS);
          return [...loadFigures(await measureLoad(load, system, seconds), budgets), ...(idle ?? [])];
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

async function idleFigure(system: System, seconds: number, budget: Budget): Promise<Figure> {
  const before = await cpuNow(system.pids);
  await elapsed(seconds * 1_000);
  const cpu = ofServers(difference(await cpuNow(system.pids), before));
  return figure('idle: all servers, % of a core', 2, (cpu / seconds) * 100, budget);
}
