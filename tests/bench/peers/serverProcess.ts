/** Runs a server that is no program of ours, with a temporary folder of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tailOf, within } from '../../support/eventually.ts';

export interface ServerOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The working directory. */
  readonly folder: string;
  /** A text in its output that says that it is ready. */
  readonly readyText: string;
  /** The signal that ends it at once, without loss. @default 'SIGTERM' */
  readonly stopSignal?: NodeJS.Signals;
  /** @default the user of this process */
  readonly user?: User;
}

export interface User {
  readonly uid: number;
  readonly gid: number;
}

export interface Server extends AsyncDisposable {
  readonly pid: number;
}

/** A server that keeps the data of a queue. */
export interface DataServer extends Server {
  readonly port: number;
}

const LIMIT_MS = 20_000;

/** Resolves once the server is ready. Rejects with its output if it ends before, or takes too long. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { command, args, folder, readyText, stopSignal = 'SIGTERM', user } = options;
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], ...user });
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const ended = once(child, 'close').finally(() => process.off('exit', killAtExit));
  let output = '';
  const ready = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4_000);
      if (output.includes(readyText)) ready.resolve();
    });
  }
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(stopSignal);
    await within(LIMIT_MS, ended, () => `${command} did not end:\n${tailOf(output)}`).finally(killAtExit);
  };
  const failed = ended.then(() => {
    throw new Error(`${command} ended before it was ready:\n${tailOf(output)}`);
  });
  failed.catch(() => {});
  try {
    await within(
      LIMIT_MS,
      Promise.race([ready.promise, failed]),
      () => `${command} was not ready:\n${tailOf(output)}`,
    );
  } catch (error) {
    killAtExit();
    throw error;
  }
  return { pid: child.pid ?? 0, [Symbol.asyncDispose]: stop };
}

/** A folder for a server's data. It is deleted at the end, also if the benchmark is interrupted. */
export async function serverFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'tidings-peer-'));
  const deletion = { recursive: true, force: true, maxRetries: 5 };
  const deleteAtExit = () => rmSync(path, deletion);
  process.once('exit', deleteAtExit);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, deletion);
      process.off('exit', deleteAtExit);
    },
  };
}
