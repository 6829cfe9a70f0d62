/** Real gateway and worker processes, started as by the supervisor. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PATIENCE_MS, tailOf, within } from './eventually.ts';
import { TEST_MODELS } from './models.ts';

export interface Process extends AsyncDisposable {
  readonly pid: number;
  /** Everything written to stdout and stderr so far. */
  output(): string;
  /** Resolves once the output contains the text. Rejects with the output if the process ends first, or too late. */
  logged(text: string): Promise<void>;
  /** Resolves to the exit code, or the signal that ended the process. */
  readonly ended: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
}

export interface Gateway extends Process {
  /** The URL of the GraphQL endpoint. */
  readonly url: string;
}

type Environment = Readonly<Record<string, string>>;

export const ROOT = join(import.meta.dirname, '../..');
/** The compile cache of `npm start`. With compiled code, a process starts in half the time. */
export const COMPILED = { NODE_COMPILE_CACHE: join(ROOT, '.cache/compiled') };

/** Resolves once the gateway is ready. Rejects with its output if it ends before, or takes too long. */
export async function startGateway(
  broker: { readonly url: string },
  env: Environment = {},
  root = ROOT,
): Promise<Gateway> {
  const gateway = startProcess('src/main.ts', { NATS_URL: broker.url, PORT: '0', ...env }, root);
  const { url } = await readyInTime(gateway);
  return Object.assign(gateway, { url: String(url) });
}

/** Resolves once the worker's models are warm and it has announced itself. Rejects like `startGateway`. */
export async function startWorker(
  broker: { readonly url: string },
  env: Environment = {},
  root = ROOT,
): Promise<Process> {
  const worker = startProcess('workers/main.ts', { NATS_URL: broker.url, ...env }, root);
  await readyInTime(worker);
  return worker;
}

type StartedProcess = Process & { readonly ready: Promise<Record<string, unknown>> };

/** Resolves to what the process said when it was ready. Rejects, and kills it, if it takes too long. */
export async function readyInTime(started: StartedProcess): Promise<Record<string, unknown>> {
  const failure = () => `a process was not ready within ${PATIENCE_MS} ms:\n${tailOf(started.output())}`;
  try {
    return await within(PATIENCE_MS, started.ready, failure);
  } catch (error) {
    started.kill('SIGKILL');
    throw error;
  }
}

/**
 * Starts a process, without waiting until it is ready. Unless `env` says otherwise it serves TEST_MODELS, or the models
 * of another checkout.
 *
 * @param root the folder of the checkout from which it runs. @param args of its command line.
 */
export function startProcess(
  script: string,
  env: Environment,
  root = ROOT,
  args: readonly string[] = [],
): StartedProcess {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, ...COMPILED, MODELS_DIR: testModelsOf(root), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  const watchers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const watcher of watchers) watcher();
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const readiness = Promise.race([
    readyMessage(child),
    ended.then((how) => {
      throw new Error(`${script} ended with ${how} before it was ready:\n${tailOf(output)}`);
    }),
  ]);
  readiness.catch(() => {});

  return {
    pid: child.pid ?? 0,
    ready: readiness,
    ended,
    output: () => output,
    async logged(text) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => output.includes(text) && resolve();
      watchers.add(look);
      look();
      const failure = (how: string) =>
        `${script} ${how} without logging ${JSON.stringify(text)}:\n${tailOf(output)}`;
      void ended.then(() => reject(new Error(failure('ended'))));
      await within(PATIENCE_MS, promise, () => failure(`ran for ${PATIENCE_MS} ms`)).finally(() =>
        watchers.delete(look),
      );
    },
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      try {
        await within(PATIENCE_MS, ended, () => `${script} did not leave:\n${tailOf(output)}`);
      } finally {
        // A process that does not end is a fault that fails the test. It is still killed.
        child.kill('SIGKILL');
      }
    },
  };
}

/** What a process says once it is ready. One that takes long tells before, every few seconds, how its broker is. */
export function readyMessage(child: ChildProcess): Promise<Record<string, unknown>> {
  const { promise, resolve } = Promise.withResolvers<Record<string, unknown>>();
  child.on('message', (message: Record<string, unknown>) => {
    if (message.type !== 'broker') resolve(message);
  });
  return promise;
}

/** Ends a draining process. Several signals are sent, since one within the first second does not count as a new one. */
export async function tellAgain({ kill, ended }: Process): Promise<number | NodeJS.Signals> {
  const again = setInterval(() => kill('SIGTERM'), 100);
  return ended.finally(() => clearInterval(again));
}

/** Older revisions have no TEST_MODELS. They had one version of one model, and served it by default. */
function testModelsOf(root: string): string {
  const models = join(root, relative(ROOT, TEST_MODELS));
  return existsSync(models) ? models : join(root, 'models');
}
