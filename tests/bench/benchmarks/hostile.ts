/** The cost of hostile clients: the gateway's memory after them, and the latency of another client meanwhile. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type Benchmark, type Figure, figure } from '../benchmark.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import type { HostileData } from '../hostileClients.ts';
import { closedLoop, keepUp, type Load } from '../load.ts';
import { percentile } from '../numbers.ts';
import { treeUse } from '../operatingSystem.ts';
import { overWebSocket, tripQuestions } from '../questions.ts';
import { startSystem, tripModel } from '../system.ts';
import { submitWaiting, unansweredQuestions, withUnservedModel } from '../unserved.ts';

const WARM_UP_MS = 3_000;
const ATTACKS = [
  'refused operations over POST',
  'refused operations over GET, from a foreign page',
  'refused operations over GET',
  'connection_init of 2 MB',
  'subscriptions with 2 MB that they do not declare',
];
/** The memory of a gateway under normal load, which it must not exceed. */
const MEMORY = { atMost: 350 };

export const hostile: Benchmark = {
  name: 'hostile',
  about: 'one client, one task at a time, alone and beside hostile clients; resident memory of the gateway',
  /** Each repetition starts a new system: memory that was used before is not freed, and would hide new use. */
  async prepare(revision, { seconds }) {
    const asked = await tripQuestions();
    return {
      async measure() {
        await using opened = new AsyncDisposableStack();
        const served = opened.use(await tripModel(revision));
        const offered = opened.use(await withUnservedModel(revision));
        const system = opened.use(
          await startSystem(revision, { models: offered.path, workerModels: served.path }),
        );
        const [socket] = await GraphQLSocket.openAll(system.url, 1, opened);
        if (socket === undefined) throw new Error('the gateway must take a WebSocket');
        const [taskId = ''] = await submitWaiting(socket, unansweredQuestions(), 1);
        const workerData: HostileData = { url: system.url, taskId, seconds };
        const thread = new Worker(new URL('../hostileClients.ts', import.meta.url), { workerData });
        opened.defer(async () => void (await thread.terminate()));
        await using load = closedLoop([overWebSocket(socket, asked)]);
        await keepUp(load, WARM_UP_MS);
        const memory = async () => (await treeUse(system.pids.gateway)).residentMiB;
        const figures: Figure[] = [
          figure('gateway before, MiB', 0, await memory()),
          ...(await latenciesWhile(load, 'alone', keepUp(load, seconds * 1_000))),
        ];
        for (const attack of ATTACKS) {
          const done = once(thread, 'message');
          thread.postMessage(attack);
          figures.push(
            ...(await latenciesWhile(load, attack, done)),
            figure(`gateway after ${attack}, MiB`, 0, await memory(), MEMORY),
          );
        }
        return figures;
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};

async function latenciesWhile(load: Load, what: string, end: Promise<unknown>): Promise<readonly Figure[]> {
  const window = load.openWindow();
  await Promise.race([end, load.failed]);
  const latencies = (await window.close()).toSorted((a, b) => a - b);
  return [
    figure(`latency p50, ms: ${what}`, 2, percentile(latencies, 0.5)),
    figure(`latency p99, ms: ${what}`, 2, percentile(latencies, 0.99)),
  ];
}
