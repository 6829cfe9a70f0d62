/** The real `npm start`, without the set-up before it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { type BrokerRole, inboxPrefix } from '../../src/broker/roles.ts';
import { PATIENCE_MS, tailOf, within } from './eventually.ts';
import { LogLines } from './logLines.ts';
import { TEST_MODELS } from './models.ts';
import { COMPILED } from './processes.ts';

const START = join(import.meta.dirname, '../../src/start.ts');

export interface StartedSystem extends AsyncDisposable {
  readonly log: LogLines;
  readonly dataDir: string;
  readonly pid: number;
  /** The text that is printed once everything runs. */
  banner(): Promise<string>;
  /** The address of GraphQL, once everything runs. */
  url(): Promise<string>;
  /** The current process ids of nats-server, worker and gateway, once all are ready. */
  pids(): Promise<readonly [number, number, number]>;
  exitCode(): Promise<number | null>;
  /** Everything that its processes wrote. */
  output(): string;
  errors(): string;
  kill(signal: NodeJS.Signals): void;
}

/**
 * Starts with a new data folder and port. Unless `env` says otherwise, it serves one version of one model and has no
 * trainer, which is the fastest start.
 */
export async function startSystem(env: Readonly<Record<string, string>> = {}): Promise<StartedSystem> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-start-'));
  const dataDir = env.DATA_DIR ?? folder.path;
  const child = spawn(process.execPath, [START], {
    env: {
      ...process.env,
      ...COMPILED,
      NATS_URL: '',
      MODELS_DIR: TEST_MODELS,
      TRAINERS: '0',
      DATA_DIR: dataDir,
      PORT: '0',
      LOG_FORMAT: 'json',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = new LogLines();
  const shown = Promise.withResolvers<string>();
  shown.promise.catch(() => {});
  let text = '';
  let output = '';
  createInterface(child.stdout).on('line', (line) => {
    output += `${line}\n`;
    if (line.startsWith('{')) log.add(line);
    else text += `${line}\n`;
    if (line.includes('Ctrl-C')) shown.resolve(text);
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const seen = () => `its output ends with:\n${tailOf(output + errors)}`;
  const exited = once(child, 'close').then(([code]) => code as number | null);
  void exited.then(() => {
    log.end();
    shown.reject(new Error(`npm start ended before everything ran; ${seen()}`));
  });
  const banner = () =>
    within(PATIENCE_MS, shown.promise, () => `npm start did not tell that everything runs; ${seen()}`);
  return {
    log,
    dataDir,
    pid: child.pid ?? 0,
    banner,
    url: async () => /http:\S+\/graphql/.exec(await banner())?.[0] ?? '',
    exitCode: () => within(PATIENCE_MS, exited, () => `npm start did not end; ${seen()}`),
    output: () => output + errors,
    errors: () => errors,
    kill: (signal) => child.kill(signal),
    async pids() {
      const pidOf = async (name: string) => (await log.newest({ msg: `${name} is ready` })).pid;
      return [await pidOf('nats-server'), await pidOf('worker'), await pidOf('gateway')];
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
      await folder.remove();
    },
  };
}

/** The key of a role at the broker, from its data folder. */
export async function brokerKey(dataDir: string, role: BrokerRole): Promise<string> {
  return (await readFile(join(dataDir, 'keys', `${role}.nk`), 'utf8')).trim();
}

/** Connects to the broker of a data folder as a role. @param seed of its key; undefined: it uses no login. */
export async function connectToBroker(
  dataDir: string,
  role: BrokerRole,
  seed?: string,
): Promise<NatsConnection> {
  const servers = (await readFile(join(dataDir, 'nats-url'), 'utf8')).trim();
  const login =
    seed === undefined ? {} : { authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)) };
  return connect({ servers, ...login, inboxPrefix: inboxPrefix(role), maxReconnectAttempts: 0 });
}
