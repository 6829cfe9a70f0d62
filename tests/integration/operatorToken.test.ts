/** Guesses of the operator token, over every transport. Each test has its own gateway, which starts without history. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { createClient } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Answer, collect, overWebSocket, sse } from '../support/client.ts';
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
});

beforeEach(async () => {
  gateway = await startGateway(nats, { OPERATOR_TOKEN: TOKEN });
  startedAt = performance.now();
});

afterEach(() => gateway?.[Symbol.asyncDispose]());
afterAll(() => nats?.[Symbol.asyncDispose]());

test.runIf(hasAddresses)(
  'only a few of many tries at once are checked, from all addresses of this machine together, and they are logged',
  async () => {
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) => ask(`127.0.0.${1 + (i % 250)}`, `guess-number-${i}-of-many`)),
    );
    const forbidden = countOf(answers, 'FORBIDDEN');
    expect(forbidden).toBeLessThanOrEqual(LOOKED_AT + turns());
    expect(countOf(answers, 'TOO_MANY_ATTEMPTS')).toBe(300 - forbidden);
    const ignored = answers.find((answer) => codeOf(answer) === 'TOO_MANY_ATTEMPTS');
    expect(ignored?.errors?.[0]?.extensions.retryAfterMs).toBeGreaterThan(0);
    await gateway.logged('"leftOut":');
    const lines = gateway
      .output()
      .split('\n')
      .filter((line) => line.includes('"address":"loopback"'));
    expect(lines.length).toBeGreaterThanOrEqual(2);
    expect(lines.length).toBeLessThan(6);
    expect(gateway.output()).not.toContain('guess-number');
  },
);

test.runIf(hasAddresses)(
  'a token from an address with wrong guesses waits for its turn, also the right one',
  async () => {
    const address = '127.0.0.12';
    for (let i = 0; i < 5; i++) await ask(address, `guess-number-${i}-of-many`);
    const waiting = [1, 2].map((i) => ask(address, `waiting-guess-number-${i}`));
    const answers = await Promise.all([...waiting, ask(address, TOKEN)]);
    expect(answers.map(codeOf)).toContain('TOO_MANY_ATTEMPTS');
    expect(await ask(address, TOKEN)).toEqual(RIGHT);
  },
);

test.runIf(hasAddresses)(
  'operators at an address that sent the right token before are served at once',
  async () => {
    const shared = '127.0.0.13';
    expect(await ask(shared, TOKEN)).toEqual(RIGHT);
    const guesses = Array.from({ length: 50 }, (_, i) => ask(shared, `guess-number-${i}-of-many`));
    const operators = Array.from({ length: 20 }, () => ask(shared, TOKEN));
    for (const answer of await Promise.all(operators)) expect(answer).toEqual(RIGHT);
    expect(countOf(await Promise.all(guesses), 'FORBIDDEN')).toBe(50);
  },
);

test.runIf(hasAddresses)(
  'an address that sent the right token waits like others after 60 wrong guesses in a minute',
  async () => {
    const shared = '127.0.0.16';
    expect(await ask(shared, TOKEN)).toEqual(RIGHT);
    const guesses = Array.from({ length: 200 }, (_, i) => ask(shared, `guess-number-${i}-of-many`));
    const answers = await Promise.all(guesses);
    expect(countOf(answers, 'FORBIDDEN')).toBeLessThanOrEqual(60 + LOOKED_AT + turns());
    const waiting = [1, 2].map((i) => ask(shared, `waiting-guess-number-${i}`));
    // A token that is not checked gets the same answer, right or wrong.
    const late = await Promise.all([...waiting, ask(shared, TOKEN)]);
    expect(late.map(codeOf)).toContain('TOO_MANY_ATTEMPTS');
  },
);

test.runIf(hasAddresses)(
  'an operation with a wrong token counts as one guess, for any number of fields',
  async () => {
    const fields = Array.from(
      { length: 20 },
      (_, i) => `f${i}: deadLetters(model: "churn") { edges { cursor } }`,
    );
    const answer = await ask('127.0.0.15', 'guess-number-1-of-many', `{ ${fields.join(' ')} }`);
    expect(answer.errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
  },
);

test('tries over SSE and WebSocket count with those over POST', async () => {
  const headers = { authorization: 'Bearer guess-number-1-of-many' };
  const overSse = await collect(sse(gateway.url, LETTERS, {}, headers));
  const client = createClient({ url: gateway.url.replace('http', 'ws'), connectionParams: headers });
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

/** Sends one operation over a connection from one of this machine's own addresses. */
async function ask(localAddress: string, token: string, query = LETTERS): Promise<Answer> {
  const agent = new Agent();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const asking = request(gateway.url, { method: 'POST', headers, localAddress, agent });
  asking.end(JSON.stringify({ query }));
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  return (await json(response)) as Answer;
}

function codeOf(answer: Answer | undefined): string | undefined {
  return answer?.errors?.[0]?.extensions.code;
}

function countOf(answers: readonly (Answer | undefined)[], code: string): number {
  return answers.filter((answer) => codeOf(answer) === code).length;
}
