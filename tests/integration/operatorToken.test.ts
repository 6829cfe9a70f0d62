/**
 * Guesses of the operator token, over every transport. Each test asks from other addresses than the others, as a trusted
 * proxy tells them. Tests of this machine's own addresses have gateways of their own, which start without history.
 */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Answer, collect, overWebSocket, post, sse } from '../support/client.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, startGateway } from '../support/processes.ts';

const TOKEN = 'open-sesame-0123456789';
const LETTERS = '{ deadLetters(model: "trip-duration") { edges { cursor } } }';
const RIGHT = { data: { deadLetters: { edges: [] } } };
/** The number of tries that are checked: the free ones, and those that wait for their turn. */
const LOOKED_AT = 12;
/** Only Linux has 127.0.0.2 without configuration. */
const hasAddresses = process.platform === 'linux';

let nats: NatsServer;
let gateway: Gateway;
let startedAt: number;

beforeAll(async () => {
  nats = await startNats();
  gateway = await startGateway(nats, { OPERATOR_TOKEN: TOKEN, TRUST_PROXY: '127.0.0.1' });
});

beforeEach(() => {
  startedAt = performance.now();
});

afterAll(async () => {
  for (const started of [gateway, nats]) await started?.[Symbol.asyncDispose]();
});

test.runIf(hasAddresses)(
  'only a few of many tries at once are checked, from all addresses of this machine together, and they are logged',
  async () => {
    await using alone = await startGateway(nats, { OPERATOR_TOKEN: TOKEN });
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        askHere(alone, `127.0.0.${1 + (i % 250)}`, `guess-number-${i}-of-many`),
      ),
    );
    const forbidden = countOf(answers, 'FORBIDDEN');
    expect(forbidden).toBeLessThanOrEqual(LOOKED_AT + turns());
    expect(countOf(answers, 'TOO_MANY_ATTEMPTS')).toBe(300 - forbidden);
    const ignored = answers.find((answer) => codeOf(answer) === 'TOO_MANY_ATTEMPTS');
    expect(ignored?.errors?.[0]?.extensions.retryAfterMs).toBeGreaterThan(0);
    await alone.logged('"leftOut":');
    const lines = alone
      .output()
      .split('\n')
      .filter((line) => line.includes('"address":"loopback"'));
    expect(lines.length).toBeGreaterThanOrEqual(2);
    expect(lines.length).toBeLessThan(6);
    expect(alone.output()).not.toContain('guess-number');
  },
);

test('a token from an address with wrong guesses waits for its turn, also the right one', async () => {
  const address = '198.51.100.12';
  for (let i = 0; i < 5; i++) await ask(address, `guess-number-${i}-of-many`);
  const waiting = [1, 2].map((i) => ask(address, `waiting-guess-number-${i}`));
  const answers = await Promise.all([...waiting, ask(address, TOKEN)]);
  expect(answers.map(codeOf)).toContain('TOO_MANY_ATTEMPTS');
  expect(await ask(address, TOKEN)).toEqual(RIGHT);
});

test('operators at an address that sent the right token before are served at once', async () => {
  const shared = '198.51.100.13';
  expect(await ask(shared, TOKEN)).toEqual(RIGHT);
  const guesses = Array.from({ length: 50 }, (_, i) => ask(shared, `guess-number-${i}-of-many`));
  const operators = Array.from({ length: 20 }, () => ask(shared, TOKEN));
  for (const answer of await Promise.all(operators)) expect(answer).toEqual(RIGHT);
  expect(countOf(await Promise.all(guesses), 'FORBIDDEN')).toBe(50);
});

test('an address that sent the right token waits like others after 60 wrong guesses in a minute', async () => {
  const shared = '198.51.100.16';
  expect(await ask(shared, TOKEN)).toEqual(RIGHT);
  const guesses = Array.from({ length: 200 }, (_, i) => ask(shared, `guess-number-${i}-of-many`));
  const answers = await Promise.all(guesses);
  expect(countOf(answers, 'FORBIDDEN')).toBeLessThanOrEqual(60 + LOOKED_AT + turns());
  const waiting = [1, 2].map((i) => ask(shared, `waiting-guess-number-${i}`));
  // A token that is not checked gets the same answer, right or wrong.
  const late = await Promise.all([...waiting, ask(shared, TOKEN)]);
  expect(late.map(codeOf)).toContain('TOO_MANY_ATTEMPTS');
});

test('an operation with a wrong token counts as one guess, for any number of fields', async () => {
  const fields = Array.from(
    { length: 20 },
    (_, i) => `f${i}: deadLetters(model: "churn") { edges { cursor } }`,
  );
  const answer = await ask('198.51.100.15', 'guess-number-1-of-many', `{ ${fields.join(' ')} }`);
  expect(answer.errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
});

test('tries over SSE and WebSocket count with those over POST', async () => {
  await using alone = await startGateway(nats, { OPERATOR_TOKEN: TOKEN });
  const headers = { authorization: 'Bearer guess-number-1-of-many' };
  const overSse = await collect(sse(alone.url, LETTERS, {}, headers));
  const client = createClient({ url: alone.url.replace('http', 'ws'), connectionParams: headers });
  const overSocket = await Promise.all(
    Array.from({ length: 60 }, async () => (await collect(overWebSocket(client, LETTERS, {}))).at(0)),
  );
  await client.dispose();
  expect(overSse.map(codeOf)).toEqual(['FORBIDDEN']);
  const forbidden = countOf(overSocket, 'FORBIDDEN');
  expect(forbidden).toBeLessThanOrEqual(LOOKED_AT + turns());
  expect(countOf(overSocket, 'TOO_MANY_ATTEMPTS')).toBe(60 - forbidden);
});

/** One waiting try is checked each second, so a slow machine checks more of them. */
function turns(): number {
  return Math.ceil((performance.now() - startedAt) / 1_000);
}

/** Sends one operation from an address behind the trusted proxy. */
function ask(address: string, token: string, query = LETTERS): Promise<Answer> {
  return post(gateway.url, query, {}, { authorization: `Bearer ${token}`, 'x-forwarded-for': address });
}

/** Sends one operation over a connection from one of this machine's own addresses. */
async function askHere({ url }: Gateway, localAddress: string, token: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const asking = request(url, { method: 'POST', headers, localAddress, agent: new Agent() });
  asking.end(JSON.stringify({ query: LETTERS }));
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  return (await json(response)) as Answer;
}

function codeOf(answer: Answer | undefined): string | undefined {
  return answer?.errors?.[0]?.extensions.code;
}

function countOf(answers: readonly (Answer | undefined)[], code: string): number {
  return answers.filter((answer) => codeOf(answer) === code).length;
}
