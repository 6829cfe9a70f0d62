/** The login of `NATS_URL`: what is wrong with it is said, and no part of it is. */
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
/** Two letters of a password prove nothing. */
const PARTS_OF_A_PASSWORD = /p%40ss|p@ss|ss\/w|o#rd|rd\?|%2541|wrong-Secret/;

// At the same time: mostly they wait for tries.
describe.concurrent('the login of NATS_URL', () => {
  test('takes a percent-encoded password, and goes on trying when the broker refuses it later', async () => {
    await using nats = await startNats({ config: login(PASSWORD) });
    await using gateway = await startGateway({ url: withLogin(nats.url, PASSWORD) });
    const configFile = join(nats.dataDir, 'nats-server.conf');
    const config = await readFile(configFile, 'utf8');
    await writeFile(configFile, config.replace(login(PASSWORD), login('another')));
    await nats.restart();
    await gateway.logged('the broker refused the login of NATS_URL: trying again');
    await writeFile(configFile, config);
    await nats.restart();
    await gateway.logged('connected to the broker again');
    expect(gateway.output()).not.toMatch(PARTS_OF_A_PASSWORD);
  });

  test('that the broker refuses ends gateway and worker after some tries, with exit code 78', async () => {
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

  test('that is not percent-encoded ends with exit code 78, and with its other problems in the format of the log', async () => {
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

  test('is not sent to a server that offers no encryption where NATS_URL asks for it', async () => {
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
