/** Tokens of a real OpenID provider: who gets in, which attacks do not, and what an expiry ends. */
import { createHmac } from 'node:crypto';
import { createClient } from 'graphql-ws';
import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  CANCEL_TASK,
  collect,
  onlyTask,
  openSse,
  overWebSocket,
  PREDICT_TRIP,
  post,
  TASK,
  TASK_RESULT,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { AUDIENCE, inSeconds, type OidcProvider, startOidcProvider } from '../support/oidcProvider.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startProcess } from '../support/processes.ts';

const LETTERS = '{ deadLetters(model: "trip-duration") { edges { cursor } } }';
const PING = '{ __typename }';
const PONG = { data: { __typename: 'Query' } };

let nats: NatsServer;
let provider: OidcProvider;
let gateway: Gateway;
let settings: Record<string, string>;

beforeAll(async () => {
  [nats, provider] = await Promise.all([startNats(), startOidcProvider()]);
  settings = {
    AUTH: 'keys,jwt',
    JWT_ISSUER: provider.issuer,
    JWT_AUDIENCE: AUDIENCE,
    JWT_CLOCK_TOLERANCE_S: '0',
  };
  gateway = await startGateway(nats, settings);
});

afterAll(async () => {
  for (const started of [gateway, provider, nats]) await started?.[Symbol.asyncDispose]();
});

test('a token that the provider gave lets its client in, with the role that it names', async () => {
  const token = await provider.accessToken();
  await using withRoles = await startGateway(nats, { ...settings, JWT_ROLES_CLAIM: 'roles' });
  expect(await post(gateway.url, PING, {}, as(token))).toEqual(PONG);
  expect(codeOf(await post(gateway.url, LETTERS, {}, as(token)))).toBe('FORBIDDEN');
  expect(await post(withRoles.url, LETTERS, {}, as(token))).toEqual({ data: { deadLetters: { edges: [] } } });
  const withoutRole = await ask(await provider.sign({ roles: ['king'] }), withRoles.url);
  expect(withoutRole.status).toBe(403);
  expect(codeOf(withoutRole.answer)).toBe('FORBIDDEN');
});

test('a task belongs to the sub of the token that submitted it', async () => {
  const [ada, bob] = await Promise.all([provider.sign({ sub: 'ada' }), provider.sign({ sub: 'bob' })]);
  const { id } = taskIn(
    await post(gateway.url, PREDICT_TRIP, { input: tripNumber(1) }, as(ada)),
    'predictTrip',
  );
  expect(taskIn(await post(gateway.url, TASK, { id }, as(await provider.sign())), 'task')).toMatchObject({
    id,
  });
  expect(codeOf(await post(gateway.url, TASK, { id }, as(bob)))).toBe('TASK_NOT_FOUND');
});

describe('a token is refused', () => {
  const header = (fields: object) => Buffer.from(JSON.stringify(fields)).toString('base64url');
  const attacks: Readonly<Record<string, () => string | Promise<string>>> = {
    'that has expired': () => provider.sign({ exp: inSeconds(-1) }),
    'that never expires': () => provider.sign({ exp: undefined }),
    'that is not yet valid': () => provider.sign({ nbf: inSeconds(60) }),
    'for another audience': () => provider.sign({ aud: 'another-service' }),
    'of another issuer': () => provider.sign({ iss: 'https://evil.example' }),
    'without an owner': () => provider.sign({ sub: undefined }),
    'whose owner is one of Tidings itself': () => provider.sign({ sub: 'anonymous' }),
    'whose owner is no text': () => provider.sign({ sub: { admin: true } }),
    'with the algorithm none': async () => {
      const [, payload] = (await provider.sign()).split('.');
      return `${header({ alg: 'none' })}.${payload}.`;
    },
    'that takes the public key for a shared secret': async () => {
      const [, payload] = (await provider.sign()).split('.');
      const signed = `${header({ alg: 'HS256', kid: 'the-key' })}.${payload}`;
      return `${signed}.${createHmac('sha256', provider.publicKey).update(signed).digest('base64url')}`;
    },
    'with a changed payload': async () => {
      const [first, , signature] = (await provider.sign()).split('.');
      const payload = header({ iss: provider.issuer, aud: AUDIENCE, sub: 'admin', exp: inSeconds(60) });
      return `${first}.${payload}.${signature}`;
    },
    'signed with a key of a stranger': async () => {
      const { privateKey } = await generateKeyPair('RS256');
      return new SignJWT({ iss: provider.issuer, aud: AUDIENCE, sub: 'ada', exp: inSeconds(60) })
        .setProtectedHeader({ alg: 'RS256', kid: 'the-key', jku: 'https://evil.example/jwks' })
        .sign(privateKey);
    },
    'with a key that it brings itself': async () => {
      const { privateKey, publicKey } = await generateKeyPair('ES256');
      const jwk = await crypto.subtle.exportKey('jwk', publicKey);
      return new SignJWT({ iss: provider.issuer, aud: AUDIENCE, sub: 'ada', exp: inSeconds(60) })
        .setProtectedHeader({ alg: 'ES256', jwk })
        .sign(privateKey);
    },
    'that is cut off': async () => (await provider.sign()).slice(0, -5),
    'of 12 KB': async () => provider.sign({ more: 'x'.repeat(9_000) }),
  };

  test.each(Object.entries(attacks))('%s', async (_what, forge) => {
    const token = await forge();
    // After several unknown keys the next one may be new. Until the keys are fetched again, clients are to try again.
    const { status, answer } = await eventually(
      () => ask(token),
      ({ answer }) => codeOf(answer) !== 'AUTH_UNAVAILABLE',
    );
    expect(status).toBe(401);
    expect(codeOf(answer)).toBe('UNAUTHENTICATED');
  });

  test('of 64 KB before it is read, over HTTP and WebSocket', async () => {
    const token = await provider.sign({ more: 'x'.repeat(48_000) });
    expect((await fetch(gateway.url, { method: 'POST', headers: as(token) })).status).toBe(431);
    const closed = Promise.withResolvers<number>();
    const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws');
    socket.onopen = () => socket.send(JSON.stringify({ type: 'connection_init', payload: as(token) }));
    socket.onclose = ({ code }) => closed.resolve(code);
    expect(await closed.promise).toBe(1009);
  });

  test('with an unknown key, and the keys of the provider are fetched a few times at most', async () => {
    await ask(await provider.sign());
    const before = provider.keyFetches();
    const tokens = await Promise.all(
      Array.from({ length: 50 }, (_, i) => provider.sign({}, { kid: `unknown-${i}` })),
    );
    const answers = await Promise.all(tokens.map((token) => ask(token)));
    for (const { answer } of answers) expect(codeOf(answer)).toMatch(/^(UNAUTHENTICATED|AUTH_UNAVAILABLE)$/);
    expect(provider.keyFetches() - before).toBeLessThanOrEqual(3);
  });
});

test('when a token expires, graphql-ws connects again with a new one and gets the result', async () => {
  const token = await provider.sign({ sub: 'eve' });
  const { id } = taskIn(
    await post(gateway.url, PREDICT_TRIP, { input: tripNumber(2) }, as(token)),
    'predictTrip',
  );
  const lives = [8, 3_600];
  const connectedAgain = Promise.withResolvers<void>();
  const client = createClient({
    url: gateway.url.replace('http', 'ws'),
    connectionParams: async () => as(await provider.sign({ sub: 'eve', exp: inSeconds(lives.shift() ?? 0) })),
    retryWait: async () => {},
    on: { connected: (_socket, _payload, wasRetry) => wasRetry && connectedAgain.resolve() },
  });
  const result = onlyTask(overWebSocket(client, TASK_RESULT, { id }));
  await connectedAgain.promise;
  await post(gateway.url, CANCEL_TASK, { id }, as(token));
  expect(await result).toMatchObject({ id, state: 'CANCELED' });
  await client.dispose();
});

test('when a token expires, a stream over SSE ends with UNAUTHENTICATED', async () => {
  const token = await provider.sign({ sub: 'eve' });
  const { id } = taskIn(
    await post(gateway.url, PREDICT_TRIP, { input: tripNumber(3) }, as(token)),
    'predictTrip',
  );
  const short = await provider.sign({ sub: 'eve', exp: inSeconds(8) });
  const events = await collect(await openSse(gateway.url, TASK_RESULT, { id }, as(short)));
  expect(events.map(codeOf)).toEqual(['UNAUTHENTICATED']);
  expect(events[0]?.errors?.[0]?.message).toContain('has expired');
});

test('while the provider is away, known keys count, and tokens with unknown ones are refused for now', async () => {
  await using own = await startOidcProvider();
  const env = { ...settings, JWT_ISSUER: own.issuer };
  await using known = await startGateway(nats, env);
  await using late = await startGateway(nats, env);
  const [first, second, unknown] = await Promise.all([
    own.sign(),
    own.sign({ sub: 'bob' }),
    own.sign({}, { kid: 'a-new-key' }),
  ]);
  expect(await post(known.url, PING, {}, as(first))).toEqual(PONG);
  await own.stop();
  expect(await post(known.url, PING, {}, as(first))).toEqual(PONG);
  expect(await post(known.url, PING, {}, as(second))).toEqual(PONG);
  const { status, answer, retryAfter } = await ask(unknown, late.url);
  expect(status).toBe(503);
  expect(codeOf(answer)).toBe('AUTH_UNAVAILABLE');
  expect(Number(retryAfter)).toBeGreaterThan(0);
});

test('a gateway without an issuer or an audience does not start', async () => {
  await using started = startProcess('src/main.ts', { NATS_URL: nats.url, PORT: '0', AUTH: 'jwt' });
  expect(await started.ended).toBe(78);
  expect(started.output()).toContain('JWT_ISSUER must be set where AUTH has jwt');
  expect(started.output()).toContain('JWT_AUDIENCE must be set where AUTH has jwt');
});

function as(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

async function ask(token: string, url = gateway.url) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...as(token) },
    body: JSON.stringify({ query: PING }),
  });
  const answer = (await response.json()) as Answer;
  return { status: response.status, retryAfter: response.headers.get('retry-after'), answer };
}

function codeOf(answer: Answer | undefined): string | undefined {
  return answer?.errors?.[0]?.extensions.code;
}
