/** The measured processes of a revision, and the measurement of a load. */
import { cp, mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/freePort.ts';
import { startNats } from '../support/natsServer.ts';
import { startGateway, startWorker } from '../support/processes.ts';
import { type Budget, type Figure, figure, type Revision } from './benchmark.ts';
import { keepUp, type Load } from './load.ts';
import { percentile } from './numbers.ts';
import { treeUse } from './operatingSystem.ts';

export const PRODUCTION = { NODE_ENV: 'production', LOG_LEVEL: 'warn' };

/** For open loops: their clients do not wait, so they can have any number of open tasks. */
export const UNBOUNDED = { MAX_OPERATIONS_PER_CONNECTION: '1000000' };

const SERVERS = ['gateway', 'worker and sessions', 'nats-server'] as const;
export type Server = (typeof SERVERS)[number];

export interface System extends AsyncDisposable {
  /** The URL of the GraphQL endpoint. */
  readonly url: string;
  readonly pids: Readonly<Record<Server, readonly number[]>>;
}

export interface SystemOptions {
  /** The folder for MODELS_DIR. @default a folder with only version 1 of the revision's trip-duration */
  readonly models?: string;
  /** The worker's folder, if it is another one. @default the same */
  readonly workerModels?: string;
  /** @default 1 */
  readonly gateways?: number;
  /** @default 1 */
  readonly workers?: number;
  /** Environment variables for gateways and workers. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a broker, gateways and workers in production mode. */
export async function startSystem(revision: Revision, options: SystemOptions = {}): Promise<System> {
  await using started = new AsyncDisposableStack();
  const { gateways: gatewayCount = 1, workers: workerCount = 1 } = options;
  const models = options.models ?? started.use(await tripModel(revision)).path;
  const env = {
    ...PRODUCTION,
    ...profiled(),
    MODELS_DIR: models,
    // Several gateways share a port, which must then be given.
    ...(gatewayCount > 1 && { GATEWAYS: String(gatewayCount), PORT: String(await freePort()) }),
    ...(workerCount > 1 && { WORKERS: String(workerCount) }),
    ...options.env,
  };
  const workerEnv = { ...env, MODELS_DIR: options.workerModels ?? models };
  const nats = started.use(await startNats());
  const workers = await Promise.all(
    Array.from({ length: workerCount }, async () =>
      started.use(await startWorker(nats, workerEnv, revision.root)),
    ),
  );
  const gateways = await Promise.all(
    Array.from({ length: gatewayCount }, async () =>
      started.use(await startGateway(nats, env, revision.root)),
    ),
  );
  const stopping = started.move();
  return {
    url: gateways[0]?.url ?? '',
    pids: {
      gateway: gateways.map(({ pid }) => pid),
      'worker and sessions': workers.map(({ pid }) => pid),
      'nats-server': [nats.pid],
    },
    [Symbol.asyncDispose]: () => stopping.disposeAsync(),
  };
}

/** Makes processes write profiles if PROFILE_DIR is set. */
function profiled(): Readonly<Record<string, string>> {
  const { PROFILE_DIR } = process.env;
  if (PROFILE_DIR === undefined) return {};
  return { PROFILE_DIR, NODE_OPTIONS: `--import=${join(import.meta.dirname, 'profiler.js')}` };
}

/** A folder for MODELS_DIR. A version never changes, so version 1 is the same work for every revision. */
export async function tripModel({ root }: Revision) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-bench-'));
  const from = join(root, 'models/trip-duration');
  for (const part of ['model.json', '1']) {
    await cp(join(from, part), join(folder.path, 'trip-duration', part), { recursive: true });
  }
  return { path: folder.path, [Symbol.asyncDispose]: () => folder.remove() };
}

/** The measurement of one window of load. */
export interface Measurement {
  /** In milliseconds, ascending. */
  readonly latencies: readonly number[];
  readonly seconds: number;
  /** CPU-seconds of each server process and of this process, the load client. */
  readonly cpu: CpuUse;
}

export type CpuUse = Readonly<Record<Server | 'load client', number>>;

/** @throws the error of an exchange that failed. */
export async function measureLoad(load: Load, { pids }: System, seconds: number): Promise<Measurement> {
  const before = await cpuNow(pids);
  const startedAt = performance.now();
  const window = load.openWindow();
  await keepUp(load, seconds * 1_000);
  const closed = window.close();
  const took = (performance.now() - startedAt) / 1_000;
  const cpu = difference(await cpuNow(pids), before);
  const latencies = (await closed).toSorted((a, b) => a - b);
  if (latencies.length === 0) throw new Error(`a load of ${seconds} s must bring results, got none`);
  return { latencies, seconds: took, cpu };
}

export async function cpuNow(pids: System['pids']): Promise<CpuUse> {
  const servers = await Promise.all(SERVERS.map(async (name) => (await treeUse(pids[name])).cpuSeconds));
  const { user, system } = process.cpuUsage();
  return {
    ...(Object.fromEntries(SERVERS.map((name, i) => [name, servers[i]])) as Record<Server, number>),
    'load client': (user + system) / 1e6,
  };
}

export function difference(after: CpuUse, before: CpuUse): CpuUse {
  const names = Object.keys(after) as (keyof CpuUse)[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as CpuUse;
}

/** CPU-seconds of all server processes together. */
export function ofServers(cpu: CpuUse): number {
  return SERVERS.reduce((sum, name) => sum + cpu[name], 0);
}

export interface LoadBudgets {
  /** Tasks per second. */
  readonly rate?: Budget;
  /** Latencies in milliseconds. */
  readonly p50?: Budget;
  readonly p99?: Budget;
  /** CPU-seconds per 1,000 tasks, of all servers together. */
  readonly cpu?: Budget;
}

/** The figures of a load that most benchmarks show. */
export function loadFigures(
  { latencies, seconds, cpu }: Measurement,
  budgets: LoadBudgets,
): readonly Figure[] {
  const per1000 = (cpuSeconds: number) => (cpuSeconds / latencies.length) * 1_000;
  const names = Object.keys(cpu) as (keyof CpuUse)[];
  return [
    figure('tasks/s', 0, latencies.length / seconds, budgets.rate),
    figure('latency p50, ms', 2, percentile(latencies, 0.5), budgets.p50),
    figure('latency p99, ms', 2, percentile(latencies, 0.99), budgets.p99),
    figure('CPU-s per 1,000 tasks: all servers', 3, per1000(ofServers(cpu)), budgets.cpu),
    ...names.map((name) => figure(`CPU-s per 1,000 tasks: ${name}`, 3, per1000(cpu[name]))),
  ];
}
