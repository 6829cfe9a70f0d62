/** A gateway behind a real nginx with the configuration of deploy/nginx.conf. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  collect,
  onlyTask,
  openSse,
  openWebSocket,
  overWebSocket,
  post,
  submitTrip,
} from '../../support/client.ts';
import { type NatsServer, startNats } from '../../support/natsServer.ts';
import { tripNumber } from '../../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../../support/processes.ts';
import { findNginx, type ProxyServer, startNginx } from '../../support/proxies.ts';
import { subscribeForGood } from '../../support/subscribers.ts';

const OPERATOR_TOKEN = 'a-token-of-operators';
const ENV = { OPERATOR_TOKEN, TRUST_PROXY: '127.0.0.1' };
const COMPARISON = 'subscription { rolloutComparison(model: "trip-duration") { gatewayCount } }';

const LETTERS = '{ deadLetters(model: "trip-duration") { edges { cursor } } }';

const nginx = findNginx();

describe.skipIf(nginx === undefined)('behind nginx', () => {
  let nats: NatsServer;
  let gateway: Gateway;
  let proxy: ProxyServer;

  beforeAll(async () => {
    nats = await startNats();
    gateway = await startGateway(nats, ENV);
    proxy = await startNginx(nginx ?? '', [Number(new URL(gateway.url).port)]);
  });

  afterAll(async () => {
    for (const started of [proxy, gateway, nats]) await started?.[Symbol.asyncDispose]();
  });

  test('each event of a subscription over SSE arrives at once, also with only proxy_pass in the configuration', async () => {
    // With HTTP/1.0, the default of nginx, it would wait until a buffer is full.
    await using bare = await startNginx(nginx ?? '', [Number(new URL(gateway.url).port)], {
      '    proxy_http_version 1.1;': '',
      '    proxy_set_header Upgrade $http_upgrade;': '',
      '    proxy_set_header Connection $tidings_connection;': '',
    });
    for (const { url } of [proxy, bare]) {
      // An endless stream with an event every second. The first event may come together with the answer's headers.
      const stream = await openSse(url, COMPARISON, {}, { authorization: `Bearer ${OPERATOR_TOKEN}` });
      for (let i = 0; i < 2; i++) expect((await stream.next()).value).toMatchObject({ data: {} });
      await stream.return(undefined);
    }
  });

  test('a client cannot make up its address', async () => {
    const made = { 'x-forwarded-for': '203.0.113.5', forwarded: 'for=203.0.113.6' };
    await post(proxy.url, LETTERS, {}, { ...made, authorization: 'Bearer a-guess-of-the-token' });
    await gateway.logged('"address":"loopback"');
  });

  test('a WebSocket works', async () => {
    const client = openWebSocket(proxy.url);
    const [answer] = await collect(overWebSocket(client, '{ health { name } }', {}));
    expect(answer).toEqual({ data: { health: { name: 'Tidings' } } });
    await client.dispose();
  });

  test('graphql-sse and graphql-ws get their results once from the next gateway when a gateway restarts', async () => {
    const { id } = await submitTrip(proxy.url, tripNumber(2));
    const successor = Promise.withResolvers<void>();
    await using subscribers = await subscribeForGood(proxy.url, id, () => successor.promise);
    const { port } = new URL(gateway.url);
    gateway.kill('SIGTERM');
    expect(await gateway.ended).toBe(0);
    gateway = await startGateway(nats, { ...ENV, PORT: port });
    successor.resolve();
    await using _worker = await startWorker(nats);
    for (const answers of await subscribers.answers)
      expect(await onlyTask(answers)).toMatchObject({ id, state: 'SUCCEEDED' });
  });
});
