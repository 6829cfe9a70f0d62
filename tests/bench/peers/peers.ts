/** The systems that do the same tasks as Tidings, and what each of them needs. */
import { readyInTime, startProcess } from '../../support/processes.ts';
import { inOneAnswer, overWebSocket } from '../questions.ts';
import { PRODUCTION, profiled, type System } from '../system.ts';
import { packagesAreThere } from './packages.ts';
import { findPostgres, startPostgres } from './postgres.ts';
import { findRedis, startRedis } from './redis.ts';
import type { DataServer } from './serverProcess.ts';

export interface Peer {
  readonly name: string;
  /** Its server, if it has one. */
  readonly needs?: NeededServer;
  /** What a client does for a task. */
  readonly over: typeof overWebSocket;
  /** Starts all its processes. @throws if its server or its packages are missing. */
  start(): Promise<System<string>>;
}

interface NeededServer {
  readonly name: string;
  readonly debianPackage: string;
  isThere(): boolean;
}

interface QueueOptions extends Pick<Peer, 'name'> {
  readonly needs: NeededServer;
  startServer(): Promise<DataServer>;
  readonly gateway: string;
  readonly worker: string;
}

const REDIS: NeededServer = {
  name: 'redis-server',
  debianPackage: 'redis-server',
  isThere: () => findRedis() !== undefined,
};
const POSTGRES: NeededServer = {
  name: 'PostgreSQL',
  debianPackage: 'postgresql',
  isThere: () => findPostgres() !== undefined,
};
const PG_BOSS = { needs: POSTGRES, gateway: 'pgBossGateway.ts', worker: 'pgBossWorker.ts' };

export const PEERS: readonly Peer[] = [
  queue({ ...PG_BOSS, name: 'pg-boss', startServer: () => startPostgres() }),
  queue({
    ...PG_BOSS,
    name: 'pg-boss, synchronous_commit off',
    startServer: () => startPostgres({ synchronous_commit: 'off' }),
  }),
  queue({
    name: 'BullMQ',
    needs: REDIS,
    startServer: () => startRedis(),
    gateway: 'bullmqGateway.ts',
    worker: 'bullmqWorker.ts',
  }),
  {
    name: 'no queue',
    over: inOneAnswer,
    async start() {
      await using started = new AsyncDisposableStack();
      const gateway = started.use(startProcess(script('directGateway.ts'), { ...PRODUCTION, ...profiled() }));
      const { url } = await readyInTime(gateway);
      return system(String(url), { gateway: [gateway.pid] }, started.move());
    },
  },
];

/** Why a peer cannot be measured here, and what to install, in one sentence. Undefined if it can. */
export async function missingFor({ name, needs }: Peer): Promise<string | undefined> {
  if (needs === undefined) return undefined;
  if (!needs.isThere())
    return `${name} is left out because there is no ${needs.name} here: on Debian and Ubuntu, apt-get install ${needs.debianPackage} brings one.`;
  if (!(await packagesAreThere()))
    return `${name} is left out because its packages are not installed: npm run bench -- peers installs them, if npm reaches a registry.`;
  return undefined;
}

function queue({ name, needs, startServer, gateway, worker }: QueueOptions): Peer {
  return {
    name,
    needs,
    over: overWebSocket,
    async start() {
      await using started = new AsyncDisposableStack();
      const server = started.use(await startServer());
      const env = { ...PRODUCTION, ...profiled(), PEER_PORT: String(server.port) };
      // The gateway makes the queue that the worker works on.
      const serving = started.use(startProcess(script(gateway), env));
      const { url } = await readyInTime(serving);
      const working = started.use(startProcess(script(worker), env));
      await readyInTime(working);
      const pids = { gateway: [serving.pid], worker: [working.pid], [needs.name]: [server.pid] };
      return system(String(url), pids, started.move());
    },
  };
}

function system(url: string, pids: System<string>['pids'], started: AsyncDisposableStack): System<string> {
  return { url, pids, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

function script(file: string): string {
  return `tests/bench/peers/${file}`;
}
