/** The benchmarks of the closed loop. They differ in the number of clients and in their transport. */
import type { Benchmark } from './benchmark.ts';
import type { GraphQLSocket } from './graphqlSocket.ts';
import { closedLoop, keepUp, type Load } from './load.ts';
import { type Exchange, overWebSocket, type Questions, tripQuestions } from './questions.ts';
import { type LoadBudgets, loadFigures, measureLoad, startSystem } from './system.ts';

export interface ClosedLoopOptions extends Pick<Benchmark, 'name' | 'about'> {
  readonly budgets: LoadBudgets;
  /**
   * Opens the connections of all clients.
   *
   * @param opened closes the connections.
   * @param connections the number of WebSockets that the clients share.
   * @returns an exchange for each client.
   */
  readonly connect: (
    url: string,
    asked: Questions,
    opened: AsyncDisposableStack,
    connections: number,
  ) => Promise<readonly Exchange[]>;
}

export const WARM_UP_MS = 3_000;
/** The time from the first submission until all clients are busy. */
export const RAMP_MS = 500;

/** The socket of client i, if clients share sockets. */
export function shared(sockets: readonly GraphQLSocket[], i: number): GraphQLSocket {
  const socket = sockets[i % sockets.length];
  if (socket === undefined) throw new Error('clients need at least one socket');
  return socket;
}

/**
 * Clients that share sockets.
 *
 * @param over what each does with its socket. @default a mutation and then a subscription
 */
export function clientsOver(
  sockets: readonly GraphQLSocket[],
  count: number,
  asked: Questions,
  over = overWebSocket,
): readonly Exchange[] {
  return Array.from({ length: count }, (_, i) => over(shared(sockets, i), asked));
}

/**
 * Measures a closed loop. Gateways close connections that are idle for long, so each time has new ones.
 *
 * @param connect opens the connections, and returns an exchange for each client.
 * @param rampMs the time before `body`.
 */
export async function underLoad<T>(
  connect: (opened: AsyncDisposableStack) => Promise<readonly Exchange[]>,
  rampMs: number,
  body: (load: Load) => Promise<T>,
): Promise<T> {
  await using opened = new AsyncDisposableStack();
  await using load = closedLoop(await connect(opened));
  await keepUp(load, rampMs);
  return await body(load);
}

export function closedLoopBenchmark({ name, about, budgets, connect }: ClosedLoopOptions): Benchmark {
  return {
    name,
    about: `closed loop, ${about}`,
    async prepare(revision, { seconds, connections }) {
      await using started = new AsyncDisposableStack();
      const system = started.use(await startSystem(revision));
      const asked = await tripQuestions();
      const clients = (opened: AsyncDisposableStack) => connect(system.url, asked, opened, connections);
      await underLoad(clients, WARM_UP_MS, async () => {});
      const stopping = started.move();
      return {
        measure: () =>
          underLoad(clients, RAMP_MS, async (load) =>
            loadFigures(await measureLoad(load, system, seconds), budgets),
          ),
        [Symbol.asyncDispose]: () => stopping.disposeAsync(),
      };
    },
  };
}
