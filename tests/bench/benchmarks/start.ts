/** `npm start` on a machine where it has run before, with the repository's models: its start time and its memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Benchmark, figure, type Revision } from '../benchmark.ts';
import { clientsOver } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { closedLoop, keepUp } from '../load.ts';
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
          figure('sessions of the worker', 0, worker.children.length),
          figure('worker and its sessions, MiB', 0, withSessions),
        ];
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};

interface Running extends AsyncDisposable {
  /** The process id of npm. */
  readonly pid: number;
  /** The URL of the GraphQL endpoint. */
  readonly url: string;
  /** The time from the command until the system is ready. */
  readonly tookMs: number;
}

async function npmStart({ root }: Revision): Promise<Running> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-bench-'));
  const startedAt = performance.now();
  const npm = spawn('npm', ['start'], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production', NATS_URL: '', PORT: '0', DATA_DIR: folder.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = await readyUrl(npm);
  return {
    pid: npm.pid ?? 0,
    url,
    tookMs: performance.now() - startedAt,
    async [Symbol.asyncDispose]() {
      // The event comes once all processes that npm started have closed the pipe.
      const closed = once(npm, 'close');
      npm.kill('SIGTERM');
      await closed;
      await folder.remove();
    },
  };
}

/** @throws if npm ends before the system is ready. */
async function readyUrl(npm: ChildProcess): Promise<string> {
  let output = '';
  const ready = Promise.withResolvers<string>();
  for (const stream of [npm.stdout, npm.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const url = /Tidings is ready\. Open GraphiQL at (\S+)/.exec(output)?.[1];
      if (url !== undefined) ready.resolve(url);
    });
  }
  npm.once('close', () => ready.reject(new Error(`npm start ended before it was ready:\n${output}`)));
  return ready.promise;
}
