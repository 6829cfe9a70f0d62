/** Several gateways check at the same time whether the broker stores messages. They share the stream of probes. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { WriteCheck } from '../../src/broker/writeCheck.ts';
import { streams, subjects } from '../../src/contract/subjects.ts';
import { startNats } from '../support/natsServer.ts';

test('gateways that check the store at the same time do not delete the stream of probes of each other', async () => {
  await using nats = await startNats();
  const connections = await Promise.all(Array.from({ length: 5 }, () => connect({ servers: nats.url })));
  const managers = await Promise.all(connections.map((connection) => jetstreamManager(connection)));
  const checkAll = () =>
    Promise.all(
      connections.map(async (connection, i) => {
        const manager = managers[i] ?? (await jetstreamManager(connection));
        return new WriteCheck({
          connection,
          apis: { of: () => manager },
          limits: { streamReplicas: 1 },
          rights: { mayMakeStreams: true },
        }).check();
      }),
    );
  for (let round = 0; round < 20; round++) {
    await expect(checkAll()).resolves.toBeDefined();
    await managers[0]?.streams.delete(streams.probe);
  }
  // Like a stream that failed when the disk was full: it does not answer a publish.
  await managers[0]?.streams.add({ name: streams.probe, subjects: [subjects.probe], no_ack: true });
  await expect(checkAll()).resolves.toBeDefined();
  for (const connection of connections) await connection.close();
});
