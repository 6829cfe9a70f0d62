/** The broker of `npm start` on a data folder that an earlier version has left. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { streamSizes } from '../../src/broker/streams.ts';
import { BROKER_CONFIG_FILE } from '../../src/launcher/dataDir.ts';
import { findNatsServer, listeningPort, planLocalBroker } from '../../src/launcher/localBroker.ts';
import { readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/log.ts';
import { startNats } from '../support/natsServer.ts';
import { connectByKey } from '../support/roles.ts';

test('streams that 0.2 has left are those of gateways and workers', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-former-'));
  const config = readConfig({});
  {
    await using former = await startNats({ dataDir: join(folder.path, 'jetstream') });
    const connection = await connect({ servers: former.url });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'RESULTS', subjects: ['results.*.*'] });
    await connection.request('results.home.task', 'an end');
    await connection.close();
  }
  await planLocalBroker({
    dataDir: folder.path,
    natsServer: findNatsServer(),
    config,
    mayLower: { resultMaxBytes: true, queueMaxBytes: true, blobsMaxBytes: true, artifactsMaxBytes: true },
    sizesWith: (limits) => streamSizes([], { ...config, ...limits }),
    log: createLog({ ...config, logLevel: 'silent' }, 'test'),
  });
  const args = ['--config', join(folder.path, BROKER_CONFIG_FILE), '--port', '-1'];
  const server = spawn(findNatsServer(), args, { stdio: 'ignore' });
  const ended = once(server, 'exit');
  try {
    const port = await listeningPort(server, folder.path, AbortSignal.timeout(10_000));
    const url = `nats://127.0.0.1:${port}`;
    const gateway = await connectByKey(url, join(folder.path, 'keys', 'gateway.nk'), 'gateway');
    const manager = await jetstreamManager(gateway, { checkAPI: false });
    const stored = await manager.streams.getMessage('RESULTS', { last_by_subj: 'results.home.task' });
    expect(stored?.string()).toBe('an end');
    await gateway.close();
  } finally {
    server.kill();
    await ended;
  }
});
