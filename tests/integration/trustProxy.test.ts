/** Requests with the headers of proxies, from trusted ones and from others. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Answer, post } from '../support/client.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, startGateway } from '../support/processes.ts';

const TOKEN = 'open-sesame-0123456789';
const LETTERS = '{ deadLetters(model: "trip-duration") { edges { cursor } } }';
const RIGHT = { data: { deadLetters: { edges: [] } } };
const HEALTH = '{ health { name } }';

let nats: NatsServer;

beforeAll(async () => {
  nats = await startNats();
});

afterAll(() => nats?.[Symbol.asyncDispose]());

function codeOf({ errors }: Answer): string | undefined {
  return errors?.[0]?.extensions.code;
}

describe('a gateway that trusts the proxy on its machine', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await startGateway(nats, {
      TRUST_PROXY: '127.0.0.1',
      OPERATOR_TOKEN: TOKEN,
      ALLOWED_HOSTS: 'api.example',
    });
  });

  afterAll(() => gateway?.[Symbol.asyncDispose]());

  const ask = (headers: Record<string, string>) => post(gateway.url, LETTERS, {}, headers);

  test('counts wrong tokens for the client behind it, and not for other clients', async () => {
    const guess = (i: number) =>
      ask({ authorization: `Bearer guess-number-${i}-of-many`, 'x-forwarded-for': '198.51.100.7' });
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => guess(i)));
    expect(answers.map(codeOf)).toContain('TOO_MANY_ATTEMPTS');
    await gateway.logged('"address":"198.51.100.7"');
    const headers = { authorization: `Bearer ${TOKEN}`, 'x-forwarded-for': '198.51.100.8' };
    expect(await ask(headers)).toEqual(RIGHT);
  });

  test('counts them for the client also if it makes up an address', async () => {
    const authorization = 'Bearer a-guess-of-the-token';
    await ask({ authorization, 'x-forwarded-for': '127.0.0.1, 203.0.113.5' });
    await gateway.logged('"address":"203.0.113.5"');
  });

  test('refuses a name that the proxy tells, unless it is allowed', async () => {
    const named = (name: string) => post(gateway.url, HEALTH, {}, { 'x-forwarded-host': name });
    expect(codeOf(await named('evil.example'))).toBe('HOST_NOT_ALLOWED');
    expect(codeOf(await named('evil example'))).toBe('BAD_REQUEST');
    expect(codeOf(await named('api.example'))).toBeUndefined();
  });

  test('takes a page as its own by the name and the scheme that the proxy tells', async () => {
    const from = (origin: string) =>
      post(
        gateway.url,
        HEALTH,
        {},
        { origin, 'x-forwarded-host': 'api.example', 'x-forwarded-proto': 'https' },
      );
    expect(codeOf(await from('https://api.example'))).toBeUndefined();
    expect(codeOf(await from('http://api.example'))).toBe('ORIGIN_NOT_ALLOWED');
    expect(codeOf(await from(new URL(gateway.url).origin))).toBe('ORIGIN_NOT_ALLOWED');
  });
});

describe('a gateway without TRUST_PROXY', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await startGateway(nats);
  });

  afterAll(() => gateway?.[Symbol.asyncDispose]());

  test.each([
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-host', 'localhost'],
    ['x-forwarded-proto', 'http'],
    ['forwarded', 'for=127.0.0.1'],
    ['x-real-ip', '127.0.0.1'],
    ['via', '1.1 proxy'],
  ])('takes no request with %s for one of an operator on its machine', async (name, value) => {
    expect(await post(gateway.url, LETTERS)).toEqual(RIGHT);
    expect(codeOf(await post(gateway.url, LETTERS, {}, { [name]: value }))).toBe('FORBIDDEN');
    const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws', {
      headers: { [name]: value },
    });
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init' }));
    await once(socket, 'message');
    socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: LETTERS } }));
    expect(codeOf(JSON.parse(String((await once(socket, 'message'))[0])).payload)).toBe('FORBIDDEN');
    socket.close();
    await once(socket, 'close');
  });

  test('ignores the headers, and says once how to trust their sender', async () => {
    for (let i = 0; i < 3; i++)
      expect(
        codeOf(await post(gateway.url, HEALTH, {}, { 'x-forwarded-host': 'evil.example' })),
      ).toBeUndefined();
    await gateway.logged('ignored the forwarding headers');
    const lines = gateway.output().split('\n');
    expect(lines.filter((line) => line.includes('ignored the forwarding headers'))).toHaveLength(1);
    expect(gateway.output()).toContain('TRUST_PROXY=127.0.0.1 admits it.');
  });
});
