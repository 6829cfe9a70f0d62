/**
 * A real nats-server for one test, with a free loopback port and its own folder for JetStream. It starts
 * in about 20 ms, so every test can have one. The binary is the one that `node setup.js test` found. NATS_URL
 * is ignored here.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNatsServer, listeningPort } from '../../src/launcher/localBroker.ts';
import { PATIENCE_MS } from './eventually.ts';

export interface NatsServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The id of the current process. It changes after `restart()`. */
  readonly pid: number;
  readonly dataDir: string;
  /** Ends the server, and waits until it has ended. The data stays for `restart()`. @default 'SIGKILL' */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts the server again with the same port and data. Kills it first if it still runs. */
  restart(): Promise<void>;
}

export interface NatsOptions {
  /** A folder of the caller, which stays at the end. @default a temporary one, deleted at the end */
  readonly dataDir?: string;
  /** @default any free port */
  readonly port?: number;
  /** The space that streams may reserve. @default '100GB' */
  readonly maxFileStore?: string;
  /** Lines added to its configuration. */
  readonly config?: string;
}

export async function startNats(options: NatsOptions = {}): Promise<NatsServer> {
  const binary = findNatsServer();
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'tidings-nats-')));
  await mkdir(dataDir, { recursive: true });
  // The limits are only reservations. They are fixed here, so that tests do not depend on the size of the disk.
  const config = join(dataDir, 'nats-server.conf');
  await writeFile(
    config,
    `jetstream { store_dir: ${JSON.stringify(dataDir)}, max_memory_store: 1GB, max_file_store: ${options.maxFileStore ?? '100GB'} }\n${options.config ?? ''}`,
  );

  let port = options.port ?? -1;
  let child: ChildProcess;
  await start();

  async function start(): Promise<void> {
    const started = spawn(
      binary,
      ['--config', config, '--addr', '127.0.0.1', '--port', String(port), '--ports_file_dir', dataDir],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    child = started;
    let log = '';
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-4_000);
    });
    const ended = new AbortController();
    started.once('exit', () => ended.abort()).once('error', () => ended.abort());
    // A test that times out does not dispose of its resources.
    const killAtExit = () => started.kill('SIGKILL');
    process.once('exit', killAtExit);
    started.once('exit', () => process.off('exit', killAtExit));
    try {
      const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(PATIENCE_MS)]);
      port = await listeningPort(started, dataDir, signal);
    } catch (cause) {
      await dispose();
      throw new Error(`${binary} did not start: ${log}`, { cause });
    }
  }

  async function kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async function dispose(): Promise<void> {
    await kill();
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  }

  return {
    dataDir,
    port,
    url: `nats://127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? 0;
    },
    kill,
    async restart() {
      await kill();
      await start();
    },
    [Symbol.asyncDispose]: dispose,
  };
}
