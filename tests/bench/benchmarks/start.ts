/** `npm start` on a machine where it has run before, with the repository's models: its start time and its memory. */
import { type Benchmark, figure } from '../benchmark.ts';
import { clientsOver } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { closedLoop, keepUp } from '../load.ts';
import { npmStart } from '../npmStart.ts';
import { findDescendant, processUse, treeUse } from '../operatingSystem.ts';
import { tripQuestions } from '../questions.ts';

const CLIENTS = 256;

export const start: Benchmark = {
  name: 'start',
  about: `npm start until it serves, then ${CLIENTS} clients as in websocket, resident memory at their end`,
  async prepare(revision, { seconds, connections }) {
    const asked = await tripQuestions({ modelVersion: '1' });
    await (await npmStart(revision))[Symbol.asyncDispose]();
    return {
      async measure() {
        await using running = await npmStart(revision);
        await using opened = new AsyncDisposableStack();
        const sockets = await GraphQLSocket.openAll(running.url, connections, opened);
        const exchanges = clientsOver(sockets, CLIENTS, asked);
        await using load = closedLoop(exchanges);
        await keepUp(load, seconds * 1_000);
        const gateway = await processUse(await findDescendant(running.pid, 'src/main.ts'));
        const workerPid = await findDescendant(running.pid, 'workers/main.ts');
        const worker = await processUse(workerPid);
        const { residentMiB: withSessions } = await treeUse([workerPid]);
        return [
          figure('npm start to ready, s', 2, running.tookMs / 1_000, { atMost: 3 }),
          figure('gateway, MiB', 0, gateway.residentMiB, { atMost: 250 }),
          figure('worker, MiB', 0, worker.residentMiB, { atMost: 250 }),
          figure('processes of the worker', 0, worker.children.length),
          figure('worker and its sessions, MiB', 0, withSessions),
        ];
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};
