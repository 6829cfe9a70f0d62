/** `NATS_URL=tls://…`, with deploy/nats-server.conf and a certificate made as in docs/operations.md. */
import { execFile } from 'node:child_process';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { findNatsServer } from '../../src/launcher/localBroker.ts';
import { submitTrip } from '../support/client.ts';
import { blockOfTest } from '../support/documents.ts';
import { startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { startGateway, startProcess, startWorker } from '../support/processes.ts';

const run = promisify(execFile);
const CONFIGURATION = join(import.meta.dirname, '../../deploy/nats-server.conf');

test('gateway and worker use TLS with a broker whose certificate is configured as trusted', async () => {
  await using broker = await startTlsBroker('localhost');
  const { url, NODE_EXTRA_CA_CERTS } = broker;
  await using gateway = await startGateway({ url }, { NODE_EXTRA_CA_CERTS });
  await using _worker = await startWorker({ url }, { NODE_EXTRA_CA_CERTS });
  const task = await submitTrip(gateway.url, tripNumber(1), { waitMs: 30_000 });
  expect(task).toMatchObject({ state: 'SUCCEEDED' });
});

test('a certificate that is not trusted or is for another host is refused, and the log has the reason', async () => {
  await using broker = await startTlsBroker('broker.example');
  const { url: NATS_URL, NODE_EXTRA_CA_CERTS } = broker;
  await using trusting = startProcess('src/main.ts', { NATS_URL, NODE_EXTRA_CA_CERTS, PORT: '0' });
  await using distrustful = startProcess('src/main.ts', { NATS_URL, PORT: '0' });
  await trusting.logged("does not match certificate's altnames");
  await distrustful.logged('self-signed certificate');
});

/** @param name the host name in the certificate. The broker listens on localhost. */
async function startTlsBroker(name: string) {
  const resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), 'tidings-tls-')));
  const commands = blockOfTest('docs/operations.md', 'certificate').replaceAll('broker.example', name);
  await run('sh', ['-ec', commands], { cwd: folder.path });
  const config = (await readFile(CONFIGURATION, 'utf8')).replaceAll('/etc/nats', folder.path);
  const file = join(folder.path, 'nats-server.conf');
  await writeFile(file, config);
  await run(findNatsServer(), ['-t', '--config', file]);
  // Free ports and a temporary store replace those of a broker's own machine.
  const here = config.replaceAll(/^(listen|http|jetstream)\b.*$/gm, '');
  const { port } = resources.use(await startNats({ config: here }));
  return {
    url: `tls://tidings:change-me@localhost:${port}`,
    NODE_EXTRA_CA_CERTS: join(folder.path, 'broker.pem'),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
