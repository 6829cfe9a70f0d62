/** `NATS_URL=tls://…`, with deploy/nats-server.conf, and keys and a certificate made as in docs/operations.md. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { BrokerRole } from '../../src/broker/roles.ts';
import { findNatsServer } from '../../src/launcher/localBroker.ts';
import { submitTrip } from '../support/client.ts';
import { blockOfTest } from '../support/documents.ts';
import { startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { ROOT, startGateway, startProcess, startWorker } from '../support/processes.ts';

const run = promisify(execFile);
const CONFIGURATION = join(import.meta.dirname, '../../deploy/nats-server.conf');

test('gateway and worker use TLS with a broker whose certificate is configured as trusted', async () => {
  await using broker = await startTlsBroker('localhost');
  const { url, certificate } = broker;
  await using provision = startProcess('src/cli/broker.ts', broker.env('admin'), ROOT, ['provision']);
  expect(await provision.ended, provision.output()).toBe(0);
  await using gateway = await startGateway({ url }, broker.env('gateway'));
  // Node's own setting for trusted certificates holds as well.
  const { NATS_TLS_CA: _, ...withoutCa } = broker.env('worker');
  await using _worker = await startWorker({ url }, { ...withoutCa, NODE_EXTRA_CA_CERTS: certificate });
  const task = await submitTrip(gateway.url, tripNumber(1), { waitMs: 30_000 });
  expect(task).toMatchObject({ state: 'SUCCEEDED' });
});

test('a certificate that is not trusted or is for another host is refused, and the log has the reason', async () => {
  await using broker = await startTlsBroker('broker.example');
  await using trusting = startProcess('src/main.ts', { ...broker.env('gateway'), PORT: '0' });
  await using distrustful = startProcess('src/main.ts', { NATS_URL: broker.url, PORT: '0' });
  await trusting.logged("does not match certificate's altnames");
  await distrustful.logged('self-signed certificate');
});

/** @param name the host name in the certificate. The broker listens on localhost. */
async function startTlsBroker(name: string) {
  const resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), 'tidings-tls-')));
  const commands = blockOfTest('docs/operations.md', 'certificate').replaceAll('broker.example', name);
  await run('sh', ['-ec', commands], { cwd: folder.path });
  const keys = join(folder.path, 'broker-keys');
  const makeKeys = blockOfTest('docs/operations.md', 'keys')
    .replace('npm run broker --', `${process.execPath} src/cli/broker.ts`)
    .replace('broker-keys', keys);
  await run('sh', ['-ec', makeKeys], { cwd: ROOT });
  await copyFile(join(keys, 'roles.conf'), join(folder.path, 'roles.conf'));
  const config = (await readFile(CONFIGURATION, 'utf8')).replaceAll('/etc/nats', folder.path);
  const file = join(folder.path, 'nats-server.conf');
  await writeFile(file, config);
  await run(findNatsServer(), ['-t', '--config', file]);
  // Free ports and a temporary store replace those of a broker's own machine.
  const here = config
    .replaceAll(/^(listen|http|jetstream)\b.*$/gm, '')
    .replace('include "roles.conf"', await readFile(join(keys, 'roles.conf'), 'utf8'));
  const { port } = resources.use(await startNats({ config: here }));
  const url = `tls://localhost:${port}`;
  const certificate = join(folder.path, 'broker.pem');
  return {
    url,
    certificate,
    env: (role: BrokerRole) => ({
      NATS_URL: url,
      NATS_NKEY_FILE: join(keys, `${role}.nk`),
      NATS_TLS_CA: certificate,
    }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
