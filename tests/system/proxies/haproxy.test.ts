/** Gateways behind a real HAProxy with the configuration of deploy/haproxy.cfg. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onlyTask, post, submitTrip } from '../../support/client.ts';
import { freePort } from '../../support/freePort.ts';
import { type NatsServer, startNats } from '../../support/natsServer.ts';
import { tripNumber } from '../../support/predictDirectly.ts';
import { startGateway, startWorker, tellAgain } from '../../support/processes.ts';
import { findHaproxy, startHaproxy } from '../../support/proxies.ts';
import { subscribeForGood } from '../../support/subscribers.ts';

const haproxy = findHaproxy();

describe.skipIf(haproxy === undefined)('behind HAProxy', () => {
  let nats: NatsServer;

  beforeAll(async () => {
    nats = await startNats();
  });

  afterAll(() => nats?.[Symbol.asyncDispose]());

  test('a gateway without workers is up for every kind of health check', async () => {
    await using gateway = await startGateway(nats);
    const port = Number(new URL(gateway.url).port);
    const checks = [
      'option httpchk',
      'option httpchk GET /health',
      'option httpchk GET /ready?without=workers HTTP/1.1',
      'option httpchk OPTIONS /ready?without=workers',
    ];
    const backends = checks.map((check, i) =>
      [
        `backend check${i + 2}`,
        `  ${check}`,
        '  default-server check inter 1s',
        `  server gateway${i + 2} 127.0.0.1:${port}`,
      ].join('\n'),
    );
    await using proxy = await startHaproxy(haproxy ?? '', [], {
      '  server gateway1 127.0.0.1:4000': [`  server gateway1 127.0.0.1:${port}`, ...backends].join('\n'),
    });
    for (const number of [1, 2, 3, 4, 5]) await proxy.untilGateway(number, 'UP');
    expect(await post(proxy.url, '{ health { name } }')).toEqual({ data: { health: { name: 'Tidings' } } });
  });

  test('a client cannot make up its address', async () => {
    const env = { OPERATOR_TOKEN: 'a-token-of-operators', TRUST_PROXY: '127.0.0.1' };
    await using gateway = await startGateway(nats, env);
    await using proxy = await startHaproxy(haproxy ?? '', [Number(new URL(gateway.url).port)]);
    await proxy.untilGateway(1, 'UP');
    const made = { 'x-forwarded-for': '203.0.113.5', forwarded: 'for=203.0.113.6' };
    const headers = { ...made, authorization: 'Bearer a-guess-of-the-token' };
    await post(proxy.url, '{ deadLetters(model: "trip-duration") { edges { cursor } } }', {}, headers);
    await gateway.logged('"address":"loopback"');
  });

  test('a draining gateway gets no more requests before it refuses connections: none fails, and subscriptions move', async () => {
    await using leaving = await startGateway(nats, { DRAIN_MS: '600000' });
    const otherPort = await freePort();
    await using proxy = await startHaproxy(haproxy ?? '', [Number(new URL(leaving.url).port), otherPort]);
    await proxy.untilGateway(1, 'UP');
    await proxy.untilGateway(2, 'DOWN');
    const { id } = await submitTrip(proxy.url, tripNumber(1));
    await using subscribers = await subscribeForGood(proxy.url, id, () => Promise.resolve());
    await using _other = await startGateway(nats, { PORT: String(otherPort) });
    await proxy.untilGateway(2, 'UP');

    let isOver = false;
    const load = (async () => {
      for (let i = 0; !isOver; i++) await submitTrip(proxy.url, tripNumber(i));
    })();
    leaving.kill('SIGTERM');
    await proxy.untilGateway(1, 'DOWN');
    expect(await post(leaving.url, '{ health { name } }')).toMatchObject({ data: {} });
    expect(await tellAgain(leaving)).toBe(0);
    isOver = true;
    await load;

    await using _worker = await startWorker(nats);
    for (const answers of await subscribers.answers)
      expect(await onlyTask(answers)).toMatchObject({ id, state: 'SUCCEEDED' });
  });
});
