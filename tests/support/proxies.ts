/** Real nginx and HAProxy in front of gateways, with the configurations in deploy/ that users copy. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { freePort } from './freePort.ts';
import { findProgram } from './programs.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy');

export interface ProxyServer extends AsyncDisposable {
  /** The URL of the GraphQL endpoint behind the proxy. */
  readonly url: string;
}

interface Haproxy extends ProxyServer {
  /** Resolves once the health checks have found a gateway in this state. The first one is gateway 1. */
  untilGateway(number: number, state: 'UP' | 'DOWN'): Promise<void>;
}

export function findNginx(): string | undefined {
  return findProgram({ names: ['nginx'], tests: 'The tests behind nginx', debianPackage: 'nginx' });
}

export function findHaproxy(): string | undefined {
  return findProgram({ names: ['haproxy'], tests: 'The tests behind HAProxy', debianPackage: 'haproxy' });
}

/**
 * @param gatewayPorts of gateways on this machine, there or not.
 * @param changes of lines of the configuration.
 */
export async function startNginx(
  binary: string,
  gatewayPorts: readonly number[],
  changes: Readonly<Record<string, string>> = {},
): Promise<ProxyServer> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-nginx-'));
  const port = await freePort();
  const site = await template('nginx.conf', {
    '  listen 8080;': `  listen 127.0.0.1:${port};`,
    '  server 127.0.0.1:4000;': gatewayPorts.map((each) => `  server 127.0.0.1:${each};`).join('\n'),
    ...changes,
  });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  // The usual configuration around a site. All files are inside the folder.
  const main = `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
pid ${folder.path}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder.path}/${name};`).join('\n  ')}
  include ${folder.path}/site.conf;
}
`;
  await writeFile(join(folder.path, 'site.conf'), site);
  await writeFile(join(folder.path, 'main.conf'), main);
  const args = ['-p', folder.path, '-e', 'stderr', '-c', join(folder.path, 'main.conf')];
  return startProxy({ binary, args, port, folder });
}

/**
 * @param gatewayPorts of gateways on this machine, there or not.
 * @param changes of lines of the configuration.
 */
export async function startHaproxy(
  binary: string,
  gatewayPorts: readonly number[],
  changes: Readonly<Record<string, string>> = {},
): Promise<Haproxy> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-haproxy-'));
  const port = await freePort();
  const balancing = await template('haproxy.cfg', {
    '  bind :8080': `  bind 127.0.0.1:${port}`,
    '  server gateway1 127.0.0.1:4000': gatewayPorts
      .map((each, i) => `  server gateway${i + 1} 127.0.0.1:${each}`)
      .join('\n'),
    ...changes,
  });
  const statsSocket = join(folder.path, 'stats.sock');
  await writeFile(join(folder.path, 'global.cfg'), `global\n  stats socket ${statsSocket}\n`);
  await writeFile(join(folder.path, 'tidings.cfg'), balancing);
  const args = ['-db', '-f', join(folder.path, 'global.cfg'), '-f', join(folder.path, 'tidings.cfg')];
  const proxy = await startProxy({ binary, args, port, folder });
  // HAProxy creates its socket a moment after it listens on the port.
  await eventually(async () => existsSync(statsSocket), Boolean);
  return {
    ...proxy,
    async untilGateway(number, state) {
      await eventually(
        () => gatewayState(statsSocket, `gateway${number}`),
        // Before its first check a server counts as UP, with the status INI.
        ({ status, check_status }) => status === state && check_status !== 'INI',
      );
    },
  };
}

async function startProxy({
  binary,
  args,
  port,
  folder,
}: {
  binary: string;
  args: readonly string[];
  port: number;
  folder: AsyncDisposable;
}): Promise<ProxyServer> {
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4_000);
  });
  const ended = once(child, 'exit');
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const couldNotStart = ended.then(() => {
    throw new Error(`${binary} did not start: ${log}`);
  });
  couldNotStart.catch(() => {});
  await Promise.race([eventually(() => isListening(port), Boolean), couldNotStart]);
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
      process.off('exit', killAtExit);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** A file of deploy/ with some of its lines replaced. @throws unless it has each of them exactly once. */
async function template(name: string, changes: Readonly<Record<string, string>>): Promise<string> {
  let text = await readFile(join(DEPLOY, name), 'utf8');
  for (const [line, changed] of Object.entries(changes)) {
    const [before, after, ...more] = text.split(`${line}\n`);
    if (after === undefined || more.length > 0)
      throw new Error(`deploy/${name} must have one line ${JSON.stringify(line)}`);
    text = `${before}${changed}\n${after}`;
  }
  return text;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isThere = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isThere;
}

/** The state of a server in HAProxy: its columns by name. */
async function gatewayState(
  statsSocket: string,
  name: string,
): Promise<Readonly<Record<string, string | undefined>>> {
  const socket = connect(statsSocket).setEncoding('utf8');
  socket.write('show stat\n');
  const [head = '', ...rows] = (await Array.fromAsync(socket)).join('').trim().split('\n');
  const columns = head.replace('# ', '').split(',');
  const row = rows.map((line) => line.split(',')).find(([_backend, server]) => server === name) ?? [];
  return Object.fromEntries(columns.map((column, i) => [column, row[i]]));
}
