/** Operations that are asked for by a hash or an id, over each transport, and the switches for what may be asked. */
import { createHash } from 'node:crypto';
import { on, once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { messageOf } from '../../src/contract/errors.ts';
import { readTrustedOperations } from '../../src/edge/trustedOperations.ts';
import { readConfig } from '../../src/process/config.ts';
import { type Answer, CANCEL_TASK, PREDICT_TRIP, TASK_RESULT } from '../support/client.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startProcess } from '../support/processes.ts';

type Request = Readonly<Record<string, unknown>>;

interface Way {
  readonly name: string;
  /** @returns the first answer. */
  ask(url: string, request: Request): Promise<Answer>;
}

const ways: readonly Way[] = [
  { name: 'POST', ask: async (url, request) => (await postRaw(url, request)).json() },
  { name: 'GET', ask: async (url, request) => (await getRaw(url, request)).json() },
  {
    name: 'SSE',
    ask: async (url, request) => answerIn(await (await postRaw(url, request, 'text/event-stream')).text()),
  },
  {
    name: 'SSE over GET',
    ask: async (url, request) => answerIn(await (await getRaw(url, request, 'text/event-stream')).text()),
  },
  { name: 'WebSocket', ask: overWebSocket },
];

const HEALTH = '{ health { name } }';
const HEALTHY = { data: { health: { name: 'Tidings' } } };
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const apollo = (sha256Hash: unknown, version: unknown = 1) => ({
  extensions: { persistedQuery: { version, sha256Hash } },
});
const refusal = (code: string, message: unknown = expect.any(String)) => ({
  errors: [{ message, extensions: { code } }],
});
const NOT_FOUND = refusal('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');

let nats: NatsServer;
let folder: string;
let gateway: Gateway;

beforeAll(async () => {
  [nats, folder] = await Promise.all([startNats(), mkdtemp(join(tmpdir(), 'tidings-operations-'))]);
  gateway = await startGateway(nats);
});

afterAll(async () => {
  for (const started of [gateway, nats]) await started?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe.each(ways)('over $name', ({ name, ask }) => {
  test('a hash is unknown until its text has come with it, and then stands for it', async () => {
    // Of this transport only.
    const text = `${HEALTH} # ${name}`;
    const asked = apollo(hashOf(text));
    expect(await ask(gateway.url, asked)).toEqual(NOT_FOUND);
    expect(await ask(gateway.url, { ...asked, query: text })).toEqual(HEALTHY);
    expect(await ask(gateway.url, asked)).toEqual(HEALTHY);
    expect(await ask(gateway.url, { documentId: `sha256:${hashOf(text)}` })).toEqual(HEALTHY);
  });

  test('a hash of another text is refused, and what it stands for does not change', async () => {
    const text = '{ models { name } }';
    await ask(gateway.url, { ...apollo(hashOf(text)), query: text });
    const stolen = await ask(gateway.url, { ...apollo(hashOf(text)), query: HEALTH });
    expect(stolen).toEqual(refusal('BAD_REQUEST', 'provided sha does not match query'));
    expect((await ask(gateway.url, apollo(hashOf(text)))).data).toHaveProperty('models');
  });

  test('the hash of an operation that is not valid is not kept', async () => {
    const text = '{ nothing }';
    const both = await ask(gateway.url, { ...apollo(hashOf(text)), query: text });
    expect(both).toMatchObject({ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] });
    expect(await ask(gateway.url, apollo(hashOf(text)))).toEqual(NOT_FOUND);
  });

  test.each([
    ['another version', apollo(hashOf(HEALTH), 2), 'Unsupported persisted query version'],
    ['no version', { extensions: { persistedQuery: {} } }, 'Unsupported persisted query version'],
    ['a hash that is a number', apollo(7), expect.stringContaining('must be a string')],
  ])('the protocol with %s is BAD_REQUEST', async (_what, request, message) => {
    expect(await ask(gateway.url, request)).toEqual(refusal('BAD_REQUEST', message));
  });

  test('an id is not supported where no file lists any, so that clients send texts from then on', async () => {
    const told = refusal('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');
    expect(await ask(gateway.url, { documentId: 'health' })).toEqual(told);
    expect(await ask(gateway.url, { documentId: 'health', query: HEALTH })).toEqual(HEALTHY);
  });
});

test('a mutation and a subscription with hashes and large variables run as with their texts', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => tripNumber(i));
  const PREDICT_TRIPS = 'mutation ($inputs: [PredictTripInput!]!) { predictTrips(inputs: $inputs) { id } }';
  for (const text of [PREDICT_TRIP, PREDICT_TRIPS, TASK_RESULT])
    await overWebSocket(gateway.url, { ...apollo(hashOf(text)), query: text, variables: {} });
  const submitted = await overWebSocket(gateway.url, {
    ...apollo(hashOf(PREDICT_TRIPS)),
    variables: { inputs: rows, unknown: 'x'.repeat(2_000) },
  });
  expect(submitted.data?.predictTrips?.id).toEqual(expect.any(String));
  const single = await overWebSocket(gateway.url, {
    ...apollo(hashOf(PREDICT_TRIP)),
    variables: { input: tripNumber(1) },
  });
  const variables = { id: single.data?.predictTrip?.id };
  await overWebSocket(gateway.url, { query: CANCEL_TASK, variables });
  const ended = await overWebSocket(gateway.url, { ...apollo(hashOf(TASK_RESULT)), variables });
  expect(ended.data?.taskResult?.state).toBe('CANCELED');
});

test('an unknown hash over GET is not to be cached', async () => {
  const response = await getRaw(gateway.url, apollo(hashOf('{ unknown }')));
  expect(response.headers.get('cache-control')).toBe('private, no-cache, must-revalidate');
});

/** As Relay and graphql-codegen write it. */
const TEXTS_BY_ID = { '5d41': HEALTH, type: '{ __typename }' };
const APOLLO_MANIFEST = {
  format: 'apollo-persisted-query-manifest',
  version: 1,
  operations: [
    { id: '5d41', body: HEALTH, name: 'Health', type: 'query' },
    { id: 'type', body: '{ __typename }', name: 'Type', type: 'query' },
  ],
};

describe('with a file', () => {
  let knowing: Gateway;
  let strict: Gateway;

  beforeAll(async () => {
    [knowing, strict] = await Promise.all([
      startGateway(nats, { PERSISTED_OPERATIONS: await fileOf(TEXTS_BY_ID) }),
      startGateway(nats, {
        PERSISTED_OPERATIONS: await fileOf(APOLLO_MANIFEST),
        PERSISTED_OPERATIONS_ONLY: 'true',
      }),
    ]);
  });

  afterAll(async () => {
    for (const started of [knowing, strict]) await started?.[Symbol.asyncDispose]();
  });

  test.each(ways)(
    'as Relay and graphql-codegen write it, the ids in it are known, and other texts run, too (over $name)',
    async ({ ask }) => {
      for (const asked of [
        { documentId: '5d41' },
        apollo('5d41'),
        { extensions: { persistedQuery: '5d41' } },
        { query: HEALTH },
      ])
        expect(await ask(knowing.url, asked)).toEqual(HEALTHY);
      expect(await ask(knowing.url, { documentId: '0000' })).toEqual(NOT_FOUND);
      expect((await ask(knowing.url, { query: '{ models { name } }' })).data).toHaveProperty('models');
    },
  );

  test.each(ways)(
    'as Apollo writes it, and PERSISTED_OPERATIONS_ONLY, nothing but what is in it runs (over $name)',
    async ({ ask }) => {
      for (const asked of [{ documentId: '5d41' }, apollo('5d41'), { query: HEALTH }])
        expect(await ask(strict.url, asked)).toEqual(HEALTHY);
      const other = '{ models { name } }';
      for (const asked of [
        { query: other },
        { query: `${HEALTH} ` },
        { query: other, documentId: '5d41' },
        { query: other, ...apollo(hashOf(other)) },
        apollo(hashOf(other)),
        { documentId: '0000' },
        { documentId: '__proto__' },
      ])
        expect(await ask(strict.url, asked)).toEqual(refusal('OPERATION_NOT_PERSISTED'));
    },
  );
});

describe('at the start', () => {
  test('a file of another form ends it', async () => {
    await using gateway = startProcess('src/main.ts', {
      NATS_URL: nats.url,
      PORT: '0',
      PERSISTED_OPERATIONS: await fileOf([HEALTH]),
    });
    expect(await gateway.ended).toBe(78);
    expect(gateway.output()).toContain('must name a JSON object of ids and texts');
  });

  const refusalOf = (env: Readonly<Record<string, string>>) =>
    readTrustedOperations(readConfig(env)).then(String, messageOf);

  test.each([
    ['a text that is a number', { a: 1 }, 'must name a JSON object of ids and texts'],
    [
      'a manifest without texts',
      { format: 'apollo-persisted-query-manifest', operations: [{ id: 'a' }] },
      'manifest of Apollo',
    ],
  ])('a file that holds %s is refused', async (_what, content, problem) => {
    expect(await refusalOf({ PERSISTED_OPERATIONS: await fileOf(content) })).toContain(problem);
  });

  test('PERSISTED_OPERATIONS_ONLY without a file is refused', async () => {
    expect(await refusalOf({ PERSISTED_OPERATIONS_ONLY: 'true' })).toContain(
      'PERSISTED_OPERATIONS must name the file of operations',
    );
  });
});

describe('with INTROSPECTION=false, GRAPHIQL=false and a file of which only one operation fits the schema', () => {
  let closed: Gateway;

  beforeAll(async () => {
    const file = await fileOf({ old: '{ gone }', broken: '{', good: HEALTH });
    closed = await startGateway(nats, {
      INTROSPECTION: 'false',
      GRAPHIQL: 'false',
      PERSISTED_OPERATIONS: file,
    });
  });

  afterAll(() => closed?.[Symbol.asyncDispose]());

  test.each(ways)('the schema is not told over $name, nor its names in errors', async ({ ask }) => {
    for (const query of ['{ __schema { types { name } } }', '{ __type(name: "Task") { name } }'])
      expect((await ask(closed.url, { query })).errors?.[0]).toMatchObject({
        message: expect.stringContaining('introspection has been disabled'),
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
      });
    const typing = await ask(closed.url, { query: '{ helth { name } }' });
    expect(typing.errors?.[0]?.message).toBe('Cannot query field "helth" on type "Query".');
    const query = 'query ($id: ID!) { task(id: $id) { id } }';
    expect((await ask(closed.url, { query, variables: { id: [] } })).errors?.[0]?.message).not.toContain(
      'Did you mean',
    );
    expect((await ask(closed.url, { query: '{ __typename }' })).data).toEqual({ __typename: 'Query' });
  });

  test('operations that do not fit the schema are logged, and the other one is served', async () => {
    await closed.logged('do not fit the schema');
    expect(closed.output()).toContain('"count":2,"of":3');
    expect(await (await postRaw(closed.url, { documentId: 'good' })).json()).toEqual(HEALTHY);
  });

  test('a browser gets no page', async () => {
    const response = await fetch(closed.url, { headers: { accept: 'text/html' } });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/json');
  });
});

async function fileOf(content: unknown): Promise<string> {
  const file = join(folder, `${hashOf(JSON.stringify(content))}.json`);
  await writeFile(file, JSON.stringify(content));
  return file;
}

function postRaw(url: string, request: Request, accept = 'application/json'): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept };
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(request) });
}

function getRaw(url: string, request: Request, accept = 'application/json'): Promise<Response> {
  const members = Object.entries(request).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const headers = { accept, 'apollo-require-preflight': '1' };
  return fetch(`${url}?${new URLSearchParams(members)}`, { headers });
}

function answerIn(events: string): Answer {
  return JSON.parse(/data: (.*)/.exec(events)?.[1] ?? 'null');
}

/** As a message: the client of graphql-ws sends none without a text. */
async function overWebSocket(url: string, payload: Request): Promise<Answer> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
  const messages = on(socket, 'message');
  const next = async () => JSON.parse(String((await messages.next()).value?.[0]));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  expect(await next()).toMatchObject({ type: 'connection_ack' });
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload }));
  const answer = await next();
  socket.close();
  return answer.type === 'error' ? { errors: answer.payload } : answer.payload;
}
