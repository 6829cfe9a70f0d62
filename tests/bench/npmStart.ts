/** `npm start` as a process that benchmarks measure. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Revision } from './benchmark.ts';

export interface Running extends AsyncDisposable {
  /** The process id of npm. */
  readonly pid: number;
  /** The URL of the GraphQL endpoint. */
  readonly url: string;
  /** The time from the command until the system is ready. */
  readonly tookMs: number;
}

/** @param env environment variables beside those of every benchmark. */
export async function npmStart(
  { root }: Revision,
  env: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-bench-'));
  const startedAt = performance.now();
  const npm = spawn('npm', ['start'], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production', NATS_URL: '', PORT: '0', DATA_DIR: folder.path, ...env },
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
      const url = /Tidings is ready\..*?GraphiQL at (\S+)/s.exec(output)?.[1];
      if (url !== undefined) ready.resolve(url);
    });
  }
  npm.once('close', () => ready.reject(new Error(`npm start ended before it was ready:\n${output}`)));
  return ready.promise;
}
