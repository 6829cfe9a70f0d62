/** A gateway that may open fewer files than MAX_CONNECTIONS needs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { collect, openWebSocket, overWebSocket } from '../support/client.ts';
import { TEST_MODELS } from '../support/models.ts';
import { startNats } from '../support/natsServer.ts';
import { COMPILED, readyMessage } from '../support/processes.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

function start(openFiles: number, natsUrl: string, env: Readonly<Record<string, string>> = {}) {
  const child = spawn('prlimit', [`--nofile=${openFiles}:${openFiles}`, process.execPath, MAIN], {
    env: {
      PATH: process.env.PATH,
      ...COMPILED,
      MODELS_DIR: TEST_MODELS,
      NATS_URL: natsUrl,
      PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const ended = once(child, 'close').then(([code]) => code);
  return {
    ready: readyMessage(child).then(({ url }) => String(url)),
    ended,
    output: () => output,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

test.runIf(process.platform === 'linux')(
  'a gateway near its limit of open files refuses new connections, and existing ones go on',
  async () => {
    await using nats = await startNats();
    await using gateway = start(256, nats.url);
    const url = await gateway.ready;
    // MAX_CONNECTIONS is not set, so this is not a warning.
    expect(gateway.output()).toMatch(
      /"level":30.*MAX_CONNECTIONS is 20000, but the limit of open files leaves room for 128/,
    );
    const client = openWebSocket(url);
    const [before] = await collect(overWebSocket(client, '{ models { name } }', {}));
    const { hostname, port } = new URL(url);
    const refused: Promise<unknown>[] = [];
    const sockets: Socket[] = [];
    for (let i = 0; i < 400; i++) {
      const socket = connect(Number(port), hostname).on('error', () => {});
      sockets.push(socket);
      refused.push(once(socket, 'close'));
    }
    // Beside the WebSocket, 127 of the 400 connections fit.
    let closed = 0;
    await new Promise<void>((resolve) => {
      for (const each of refused) each.then(() => ++closed === 400 - 127 && resolve());
    });
    expect(await collect(overWebSocket(client, '{ models { name } }', {}))).toEqual([before]);
    for (const socket of sockets) socket.destroy();
    await client.dispose();
  },
);

test.runIf(process.platform === 'linux')(
  'a gateway warns if MAX_CONNECTIONS is set to more than the limit of open files allows',
  async () => {
    await using nats = await startNats();
    await using gateway = start(256, nats.url, { MAX_CONNECTIONS: '500' });
    await gateway.ready;
    expect(gateway.output()).toMatch(/"level":40.*MAX_CONNECTIONS is 500,.*leaves room for 128/);
  },
);

test.runIf(process.platform === 'linux')(
  'a gateway ends with exit code 78 if its limit of open files allows no connection',
  async () => {
    await using nats = await startNats();
    await using gateway = start(100, nats.url);
    expect(await gateway.ended).toBe(78);
    expect(gateway.output()).toContain('the limit of open files must be above 128, got 100');
  },
);
