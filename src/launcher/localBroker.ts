/**
 * The nats-server of `npm start`: JetStream in DATA_DIR, loopback only, a free port that stays the same while the
 * system runs, and new keys at each start of the system, one for each role. Its log goes to a file in DATA_DIR, because
 * it is long.
 *
 * Every user of the machine can reach loopback, so only the keys keep them out. They are in files of mode 0600, and each
 * process gets the name of its own one.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { accountsOf, TASKS_ACCOUNT } from '../broker/accounts.ts';
import { newSeeds, publicKeysOf, type RoleSeeds } from '../broker/roleKeys.ts';
import { BROKER_ROLES, type BrokerRole } from '../broker/roles.ts';
import { ConfigurationError } from '../contract/errors.ts';
import { type BrokerAccess, type Config, withoutSecrets } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import { writePrivately } from '../process/privateFile.ts';
import { commandLine } from '../process/processLock.js';
import { readableBytes } from '../process/readableBytes.ts';
import { BROKER_URL_FILE, GATEWAY_URL_FILE, KEYS_FOLDER } from '../process/runningSystem.ts';
import { BROKER_CONFIG_FILE } from './dataDir.ts';
import type { ProcessPlan } from './keptProcess.ts';
import { type ChosenSizes, chooseSizes, type StoreLimits, type StoreSizesOptions } from './storeSizes.ts';

const MIB = 1024 * 1024;
/** nats-server accepts no larger `max_payload`. */
const LARGEST_PAYLOAD_BYTES = 64 * MIB;
const PID_FILE = 'nats-server.pid';
/** What an earlier start has left. */
const LEFT_FILES: ReadonlySet<string> = new Set([PID_FILE, BROKER_URL_FILE, GATEWAY_URL_FILE]);
const FEW_CORES = 4;

export interface LocalBrokerOptions {
  /** Absolute. */
  readonly dataDir: string;
  readonly natsServer: string;
  readonly config: Pick<Config, 'natsSync' | 'maxBodyBytes'> & StoreLimits;
  readonly mayLower: StoreSizesOptions['mayLower'];
  readonly sizesWith: StoreSizesOptions['sizesWith'];
  readonly log: Logger;
}

/** Undoes what is set for another broker. */
const NO_ACCESS = {
  NATS_URL_FILE: '',
  NATS_CREDS: '',
  NATS_TOKEN_FILE: '',
  NATS_TLS_CA: '',
  NATS_TLS_CERT: '',
  NATS_TLS_KEY: '',
};

interface LocalBroker {
  readonly plan: ProcessPlan;
  /**
   * Writes NATS_URL to a file in DATA_DIR, for commands and people.
   *
   * @param url as the process reports it when it is ready.
   */
  readonly tellUrl: (url: string) => Promise<void>;
  /** The environment with which a process of that role reaches it. Empty variables undo what is set for another broker. */
  readonly environmentOf: (role: BrokerRole, url: string) => NodeJS.ProcessEnv;
  /** The same for this process, as an admin. */
  readonly adminAccess: (url: string) => Partial<BrokerAccess>;
  /** Settings for gateways and workers that make the streams fit on the disk. */
  readonly limits: StoreLimits;
}

/**
 * Prepares the data folder, ends a nats-server that a killed supervisor has left on it, and plans a new one. The caller
 * holds the lock of the folder.
 */
export async function planLocalBroker(options: LocalBrokerOptions): Promise<LocalBroker> {
  const { dataDir, natsServer, config, log } = options;
  const configFile = join(dataDir, BROKER_CONFIG_FILE);
  await endLeftBehind(join(dataDir, PID_FILE), configFile, log);
  for (const name of await readdir(dataDir)) {
    if (name.endsWith('.ports') || LEFT_FILES.has(name)) await rm(join(dataDir, name));
  }
  const logFile = join(dataDir, 'nats-server.log');
  const seeds = newSeeds();
  const storeDir = join(dataDir, 'jetstream');
  await mkdir(storeDir, { recursive: true });
  await adoptFormerStreams(join(storeDir, 'jetstream'));
  const sizes = await chooseSizes({ ...options, storeDir, limits: config });
  if (sizes.isLowered)
    log.warn(describe(sizes), 'the disk of DATA_DIR is small: the stores are smaller than by default');
  await writePrivately(configFile, brokerConfig({ dataDir, storeDir, config, seeds, sizes }));
  await writePrivately(logFile, '');
  const keyFile = (role: BrokerRole) => join(dataDir, KEYS_FOLDER, `${role}.nk`);
  await mkdir(join(dataDir, KEYS_FOLDER), { recursive: true, mode: 0o700 });
  for (const role of BROKER_ROLES) await writePrivately(keyFile(role), `${seeds[role]}\n`);
  let port = -1;
  const plan: ProcessPlan = {
    name: 'nats-server',
    command: natsServer,
    args: () => ['--config', configFile, '--port', String(port)],
    env: brokerEnvironment(withoutSecrets(process.env), availableParallelism()),
    ipc: false,
    logFile,
    async whenReady(child, signal) {
      port = await listeningPort(child, dataDir, signal);
      return `nats://127.0.0.1:${port}`;
    },
    mustStart: true,
    stopWithinMs: 1_500,
  };
  return {
    plan,
    limits: sizes.limits,
    tellUrl: (url) => writePrivately(join(dataDir, BROKER_URL_FILE), `${url}\n`),
    environmentOf: (role, url) => ({ ...NO_ACCESS, NATS_URL: url, NATS_NKEY_FILE: keyFile(role) }),
    adminAccess: (url) => ({ natsUrl: url, natsNkey: seeds.admin }),
  };
}

/**
 * Where cores are few, nats-server runs Go code on half of them at a time, unless the operator has set GOMAXPROCS. With
 * more, its threads wake each other for every message: with one of two cores it takes 0.78 of the CPU for a task of the
 * benchmark `single`, and 0.85 for one of `websocket` (docs/performance.md). More cores serve loads that need more.
 */
export function brokerEnvironment(env: NodeJS.ProcessEnv, cores: number): NodeJS.ProcessEnv {
  return cores > FEW_CORES ? env : { GOMAXPROCS: String(Math.ceil(cores / 2)), ...env };
}

function describe({ limits, reservedBytes, roomBytes }: ChosenSizes) {
  return {
    room: readableBytes(roomBytes),
    RESULT_MAX_BYTES: readableBytes(limits.resultMaxBytes),
    QUEUE_MAX_BYTES: readableBytes(limits.queueMaxBytes),
    BLOBS_MAX_BYTES: readableBytes(limits.blobsMaxBytes),
    ARTIFACTS_MAX_BYTES: readableBytes(limits.artifactsMaxBytes),
    allStores: readableBytes(reservedBytes),
  };
}

/** Until 0.2 the broker had no accounts of ours: all streams were in the one of nats-server. */
async function adoptFormerStreams(accountsDir: string): Promise<void> {
  const [former, present] = [join(accountsDir, '$G'), join(accountsDir, TASKS_ACCOUNT)];
  if (existsSync(former) && !existsSync(present)) await rename(former, present);
}

/** nats-server reads a superset of JSON. */
function brokerConfig({
  dataDir,
  storeDir,
  config,
  seeds,
  sizes,
}: Pick<LocalBrokerOptions, 'dataDir' | 'config'> & {
  storeDir: string;
  seeds: RoleSeeds;
  sizes: ChosenSizes;
}): string {
  return `${JSON.stringify(
    {
      host: '127.0.0.1',
      server_name: 'tidings',
      accounts: accountsOf(publicKeysOf(seeds)),
      // A job or a result has the content of a body and some more.
      max_payload: Math.min(2 * config.maxBodyBytes + MIB, LARGEST_PAYLOAD_BYTES),
      pid_file: join(dataDir, PID_FILE),
      ports_file_dir: dataDir,
      jetstream: {
        store_dir: storeDir,
        max_memory_store: 256 * MIB,
        // Whether the streams fit on the disk was checked already. This adds space for the streams of models that have
        // been removed. nats-server's own choice, a share of the free space, would shrink as the store fills.
        max_file_store: sizes.diskBytes + sizes.reservedBytes,
        ...(config.natsSync === 'always' ? { sync_interval: 'always' } : {}),
      },
    },
    null,
    2,
  )}\n`;
}

/**
 * Ends the nats-server of a supervisor that was killed. Its pid file alone proves nothing, because pids are reused: the
 * process must run with our configuration.
 */
async function endLeftBehind(pidFile: string, configFile: string, log: Logger): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  const isOurs = () => commandLine(pid)?.includes(configFile) === true;
  if (pid === 0 || !isOurs()) return;
  log.warn({ pid }, 'ending the nats-server that an earlier run left behind');
  const killAt = performance.now() + 5_000;
  while (isOurs()) {
    try {
      process.kill(pid, performance.now() < killAt ? 'SIGTERM' : 'SIGKILL');
    } catch {
      return; // it has ended just now
    }
    await delay(20);
  }
}

/**
 * Reads the port of a nats-server from the file that it writes when it accepts clients.
 *
 * @param portsDir its `ports_file_dir`.
 * @throws {Error} if the signal aborts first.
 */
export async function listeningPort(
  { pid }: Pick<ChildProcess, 'pid'>,
  portsDir: string,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    const text = await readFile(join(portsDir, `nats-server_${pid}.ports`), 'utf8').catch(() => '');
    const address = /"(?:nats|tls):\/\/[^"]*:(\d+)"/.exec(text);
    if (address !== null) return Number(address[1]);
    await delay(5, undefined, { signal });
  }
}

/**
 * The path of the nats-server that set-up found.
 *
 * @throws {ConfigurationError} if there is none.
 */
export function findNatsServer(): string {
  const file = join(import.meta.dirname, '../../.cache/setup.json');
  try {
    const { natsServer } = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof natsServer === 'string') return natsServer;
  } catch {
    // Set-up has not run, or only one that needed no nats-server.
  }
  throw new ConfigurationError('no nats-server is set up: run `node setup.js test`, or set NATS_URL');
}
