/** What a WebSocket holds while its client is being recognised. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ConnectionBudgets } from '../../../src/edge/byteBudget.ts';
import { EdgeEvents } from '../../../src/edge/edgeEvents.ts';
import type { GraphQLPipeline } from '../../../src/edge/graphqlPipeline.ts';
import type { EdgeIdentity } from '../../../src/edge/identity.ts';
import { LargeRequests } from '../../../src/edge/largeRequests.ts';
import { serveWebSockets } from '../../../src/edge/webSockets.ts';
import { readConfig } from '../../../src/process/config.ts';
import { SILENT } from '../../support/models.ts';

const IDENTITY: EdgeIdentity = {
  principal: { owner: 'ada', role: 'submitter' },
  endedBy: () => undefined,
  whyNoOperator: async () => undefined,
};

test('a WebSocket that leaves while the keys of its provider are fetched is forgotten once they have come', async () => {
  const asked = Promise.withResolvers<void>();
  const keysCome = Promise.withResolvers<EdgeIdentity>();
  const added = Promise.withResolvers<void>();
  const open = new Set<object>();
  const pipeline: Pick<GraphQLPipeline, 'identities' | 'openIdentities'> = {
    identities: {
      of() {
        asked.resolve();
        return keysCome.promise;
      },
    } as unknown as GraphQLPipeline['identities'],
    openIdentities: {
      add(identity: object) {
        open.add(identity);
        added.resolve();
        return { [Symbol.dispose]: () => open.delete(identity) };
      },
    } as unknown as GraphQLPipeline['openIdentities'],
  };
  const http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  await using _served = serve(http, pipeline as GraphQLPipeline);
  const client = new WebSocket(
    `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    'graphql-transport-ws',
  );
  const [[, connection]] = await Promise.all([once(http, 'upgrade'), once(client, 'open')]);
  client.send(JSON.stringify({ type: 'connection_init', payload: { authorization: 'Bearer a.b.c' } }));
  await asked.promise;
  const left = once(connection, 'close');
  client.terminate();
  await left;
  keysCome.resolve(IDENTITY);
  await added.promise;
  // After the listeners of the connection have run.
  await new Promise(setImmediate);
  expect(open.size).toBe(0);
  http.close();
});

function serve(http: Server, pipeline: GraphQLPipeline): AsyncDisposable {
  const config = readConfig({});
  return serveWebSockets(http, pipeline, {
    config,
    admission: { upgradeRefusal: () => undefined },
    budgets: new ConnectionBudgets(config),
    largeRequests: new LargeRequests(),
    events: new EdgeEvents(),
    log: SILENT,
  });
}
