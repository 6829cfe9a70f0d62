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

/** The processes of Tidings. */
export type Server = 'gateway' | 'worker and sessions' | 'nats-server';

/** A system under measurement: Tidings, or another one with servers of its own. */
export interface System<Name extends string = Server> extends AsyncDisposable {
  /** The URL of the GraphQL endpoint. */
  readonly url: string;
  readonly pids: Pids<Name>;
}

/** The process ids of each kind of server. */
export type Pids<Name extends string = string> = Readonly<Record<Name, readonly number[]>>;

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
  /** The same for workers alone. */
  readonly workerEnv?: Readonly<Record<string, string>>;
}

/** A system of Tidings. */
export interface TidingsSystem extends System {
  readonly natsUrl: string;
}

/** Starts a broker, gateways and workers in production mode. */
export async function startSystem(revision: Revision, options: SystemOptions = {}): Promise<TidingsSystem> {
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
  const workerEnv = { ...env, MODELS_DIR: options.workerModels ?? models, ...options.workerEnv };
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
    natsUrl: nats.url,
    pids: {
      gateway: gateways.map(({ pid }) => pid),
      'worker and sessions': workers.map(({ pid }) => pid),
      'nats-server': [nats.pid],
    },
    [Symbol.asyncDispose]: () => stopping.disposeAsync(),
  };
}

/** Makes processes write profiles if PROFILE_DIR is set. */
export function profiled(): Readonly<Record<string, string>> {
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
  readonly cpu: CpuUse;
}

/** CPU-seconds of each kind of server, and of this process. */
export type CpuUse = Readonly<Record<string, number>>;

const LOAD_CLIENT = 'load client';

/** @throws the error of an exchange that failed. */
export async function measureLoad(
  load: Load,
  { pids }: { readonly pids: Pids },
  seconds: number,
): Promise<Measurement> {
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

export async function cpuNow(pids: Pids): Promise<CpuUse> {
  const servers = Object.entries(pids).map(
    async ([name, ids]) => [name, (await treeUse(ids)).cpuSeconds] as const,
  );
  const { user, system } = process.cpuUsage();
  return { ...Object.fromEntries(await Promise.all(servers)), [LOAD_CLIENT]: (user + system) / 1e6 };
}

export function difference(after: CpuUse, before: CpuUse): CpuUse {
  return Object.fromEntries(
    Object.entries(after).map(([name, seconds]) => [name, seconds - (before[name] ?? 0)]),
  );
}

/** CPU-seconds of all servers together. */
export function ofServers({ [LOAD_CLIENT]: _, ...servers }: CpuUse): number {
  return Object.values(servers).reduce((sum, seconds) => sum + seconds, 0);
}

/** CPU-seconds of all servers together per 1,000 tasks. */
export function cpuPer1000({ latencies, cpu }: Measurement): number {
  return (ofServers(cpu) / latencies.length) * 1_000;
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
export function loadFigures(measured: Measurement, budgets: LoadBudgets): readonly Figure[] {
  const { latencies, seconds, cpu } = measured;
  return [
    figure('tasks/s', 0, latencies.length / seconds, budgets.rate),
    figure('latency p50, ms', 2, percentile(latencies, 0.5), budgets.p50),
    figure('latency p99, ms', 2, percentile(latencies, 0.99), budgets.p99),
    figure('CPU-s per 1,000 tasks: all servers', 3, cpuPer1000(measured), budgets.cpu),
    ...Object.entries(cpu).map(([name, seconds]) =>
      figure(`CPU-s per 1,000 tasks: ${name}`, 3, (seconds / latencies.length) * 1_000),
    ),
  ];
}
