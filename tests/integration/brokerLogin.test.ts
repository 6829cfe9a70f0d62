/** The login of `NATS_URL`: problems with it are logged, and no part of it is. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startNats } from '../support/natsServer.ts';
import { startGateway, startProcess } from '../support/processes.ts';

const PASSWORD = 'p@ss/w:o#rd?%41';
const login = (password: string) =>
  `authorization { user: tidings, password: ${JSON.stringify(password)} }\n`;
const withLogin = (url: string, password: string) =>
  url.replace('//', `//tidings:${encodeURIComponent(password)}@`);
/** Each part has more than two letters, since two could appear by chance. */
const PARTS_OF_A_PASSWORD = /p%40ss|p@ss|ss\/w|o#rd|rd\?|%2541|wrong-Secret/;

// The tests run at the same time, since they mostly wait for retries.
describe.concurrent('the login of NATS_URL', () => {
  test('can be percent-encoded, and the gateway keeps trying when the broker refuses it later', async () => {
    await using nats = await startNats({ config: login(PASSWORD) });
    await using gateway = await startGateway({ url: withLogin(nats.url, PASSWORD) });
    const configFile = join(nats.dataDir, 'nats-server.conf');
    const config = await readFile(configFile, 'utf8');
    await writeFile(configFile, config.replace(login(PASSWORD), login('another')));
    await nats.restart();
    await gateway.logged('the broker refused the login: trying again');
    await writeFile(configFile, config);
    await nats.restart();
    await gateway.logged('connected to the broker again');
    expect(gateway.output()).not.toMatch(PARTS_OF_A_PASSWORD);
  });

  test('makes gateway and worker end with exit code 78 after some tries if the broker refuses it', async () => {
    await using nats = await startNats({ config: login(PASSWORD) });
    const NATS_URL = withLogin(nats.url, 'wrong-Secret');
    await using gateway = startProcess('src/main.ts', { NATS_URL, PORT: '0' });
    await using worker = startProcess('workers/main.ts', { NATS_URL });
    await using without = startProcess('src/main.ts', { NATS_URL: nats.url, PORT: '0' });
    expect(await Promise.all([gateway.ended, worker.ended, without.ended])).toEqual([78, 78, 78]);
    for (const { output } of [gateway, worker]) {
      expect(output()).toContain('the broker refused the login of NATS_URL 20 times');
      expect(output()).not.toMatch(PARTS_OF_A_PASSWORD);
    }
    expect(without.output()).toContain('NATS_URL must have a login');
  });

  test('makes a process end with exit code 78 if it is not percent-encoded, with all problems in the format of the log', async () => {
    await using gateway = startProcess('src/main.ts', {
      NATS_URL: `nats://tidings:${PASSWORD}@127.0.0.1:4222`,
      PORT: 'http',
    });
    expect(await gateway.ended).toBe(78);
    const lines = gateway.output().trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 60, name: 'gateway', msg: expect.stringMatching(/^NATS_URL must be.*percent-encode/) },
      { level: 60, name: 'gateway', msg: expect.stringMatching(/^PORT must be/) },
    ]);
    expect(gateway.output()).not.toMatch(PARTS_OF_A_PASSWORD);
  });

  test('is not sent to a server without encryption if NATS_URL asks for encryption', async () => {
    let received = '';
    const server = createServer((socket) => {
      socket.setEncoding('utf8').on('data', (text: string) => {
        received += text;
      });
      socket.on('error', () => {});
      socket.write(
        'INFO {"server_id":"1","version":"2.15.0","proto":1,"jetstream":true,"max_payload":1024}\r\n',
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using gateway = startProcess('src/main.ts', {
      NATS_URL: `tls://tidings:wrong-Secret@127.0.0.1:${port}`,
      PORT: '0',
    });
    await gateway.logged("server does not support 'tls'");
    expect(received).toBe('');
    gateway.kill('SIGKILL');
    await gateway.ended;
    server.close();
  });
});
