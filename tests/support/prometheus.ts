/** A real Prometheus with the rules of deploy/prometheus, and its tool that checks them. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { freePort } from './freePort.ts';
import { findProgram } from './programs.ts';

export const RULES = join(import.meta.dirname, '../../deploy/prometheus/rules.yml');

export interface Prometheus extends AsyncDisposable {
  /** The samples that an expression gives now. @throws what is wrong with the expression. */
  query(expression: string): Promise<readonly Sample[]>;
  /** The answer of another path of its API. */
  api<T>(path: string): Promise<T>;
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

export function findPrometheus(): string | undefined {
  return findProgram({
    names: ['prometheus'],
    tests: 'The tests with Prometheus',
    debianPackage: 'prometheus',
  });
}

/** Scrapes a target every second. Its alerts fire as soon as their condition holds. */
export async function startPrometheus(program: string, metricsUrl: string): Promise<Prometheus> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-prometheus-'));
  const rules = (await readFile(RULES, 'utf8')).replaceAll(/^ +for: .+$/gm, '        for: 0s');
  await writeFile(join(folder.path, 'rules.yml'), rules);
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yml'],
    scrape_configs: [{ job_name: 'tidings', static_configs: [{ targets: [new URL(metricsUrl).host] }] }],
  };
  // JSON is YAML.
  await writeFile(join(folder.path, 'prometheus.yml'), JSON.stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const args = [
    `--config.file=${join(folder.path, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder.path, 'data')}`,
    `--web.listen-address=${address}`,
  ];
  const child = spawn(program, args, { stdio: 'ignore' });
  const ended = once(child, 'close');
  const api = async <T>(path: string): Promise<T> => {
    const response = await fetch(`http://${address}/api/v1/${path}`);
    const { data, error } = (await response.json()) as { readonly data: T; readonly error?: string };
    if (error !== undefined) throw new Error(`${path}: ${error}`);
    return data;
  };
  await eventually(
    () =>
      fetch(`http://${address}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    (isReady) => isReady,
  );
  return {
    api,
    query: async (expression) => {
      const path = `query?query=${encodeURIComponent(expression)}`;
      return (await api<{ readonly result: readonly Sample[] }>(path)).result;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
      await folder.remove();
    },
  };
}

/** What `promtool` says. @param input for its stdin. */
export async function promtool(
  args: readonly string[],
  input = '',
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    const child = execFile('promtool', args, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
    child.stdin?.end(input);
  });
}
