/** Many open subscriptions: their cost for the gateway, and the latency of other tasks. */
import { type Benchmark, elapsed, figure } from '../benchmark.ts';
import { shared } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { keepUp, openLoop } from '../load.ts';
import { percentile } from '../numbers.ts';
import { treeUse } from '../operatingSystem.ts';
import { type Exchange, overWebSocket, tripQuestions } from '../questions.ts';
import { measureLoad, startSystem, tripModel, UNBOUNDED } from '../system.ts';
import { submitWaiting, unansweredQuestions, withUnservedModel } from '../unserved.ts';

const SUBSCRIPTIONS = 10_000;
/** The most that a gateway allows on one WebSocket by default. */
const PER_SOCKET = 100;
const SOCKETS = SUBSCRIPTIONS / PER_SOCKET;
const TASKS_PER_SECOND = 500;
const WARM_UP_MS = 3_000;
/** The time in which memory of earlier work is freed. */
const SETTLE_MS = 3_000;
const KB_PER_MIB = 1024 ** 2 / 1_000;

export const subscriptions: Benchmark = {
  name: 'subscriptions',
  about: `${SUBSCRIPTIONS.toLocaleString('en-US')} open subscriptions over ${SOCKETS} WebSockets, and ${TASKS_PER_SECOND} tasks/s (open loop) beside them`,
  /** Each repetition starts a new system: memory that was used before is not freed, and would hide new use. */
  async prepare(revision, { seconds }) {
    const asked = await tripQuestions();
    const unanswered = unansweredQuestions();
    return {
      async measure() {
        await using opened = new AsyncDisposableStack();
        const served = opened.use(await tripModel(revision));
        const offered = opened.use(await withUnservedModel(revision));
        const system = opened.use(
          await startSystem(revision, { models: offered.path, workerModels: served.path, env: UNBOUNDED }),
        );
        const sockets = await GraphQLSocket.openAll(system.url, SOCKETS, opened);
        const exchange: Exchange = async (row) => overWebSocket(shared(sockets, row), asked)(row);
        {
          await using load = openLoop(exchange, TASKS_PER_SECOND);
          await keepUp(load, WARM_UP_MS);
        }
        const tasks = await Promise.all(
          sockets.map((socket) => submitWaiting(socket, unanswered, PER_SOCKET)),
        );
        const gateway = () => treeUse(system.pids.gateway);
        await elapsed(SETTLE_MS);
        const before = await gateway();
        const waiting = await GraphQLSocket.openAll(system.url, SOCKETS, opened);
        await Promise.all(
          waiting.map((socket, i) => {
            // These subscriptions end with their sockets.
            for (const id of tasks[i] ?? []) socket.ask(unanswered.subscription(id)).catch(() => {});
            // The messages of a socket are handled in order. When this one is answered, all earlier ones have started.
            return socket.ask('{"query":"{ __typename }"}');
          }),
        );
        await elapsed(SETTLE_MS);
        const after = await gateway();
        await using load = openLoop(exchange, TASKS_PER_SECOND);
        const { latencies } = await measureLoad(load, system, seconds);
        const eachKb = ((after.residentMiB - before.residentMiB) * KB_PER_MIB) / SUBSCRIPTIONS;
        return [
          figure('resident memory of each, KB', 1, eachKb, { atMost: 20 }),
          figure(
            'CPU of opening each, µs',
            0,
            ((after.cpuSeconds - before.cpuSeconds) * 1e6) / SUBSCRIPTIONS,
          ),
          figure('latency p50 of others, ms', 2, percentile(latencies, 0.5)),
          figure('latency p99 of others, ms', 2, percentile(latencies, 0.99), { atMost: 50 }),
        ];
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};
