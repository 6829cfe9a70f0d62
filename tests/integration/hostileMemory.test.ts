/** Hostile requests of any kind and number do not stay in memory: the gateway's memory is bounded. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type ErrorView, submitTrip, TASK_RESULT, type Trip } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { residentBytes } from '../support/memory.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, startGateway } from '../support/processes.ts';
import { refusalIn } from '../support/transports.ts';

const TRIP: Trip = { pickupLocationId: 74, dropoffLocationId: 75, tripDistanceMiles: 1.44 };
const MIB = 1024 * 1024;
/** JSON that needs much memory when parsed: an object for each three bytes. */
const TWO_MB_OF_JSON = `[${'{},'.repeat(660_000)}{}]`;

let nats: NatsServer;
let gateway: Gateway;
/** With limits that a few operations reach. Its memory is not measured. */
let small: Gateway;

beforeAll(async () => {
  nats = await startNats();
  const limits = { MAX_BODY_BYTES: String(MIB), MAX_PENDING_BYTES: String(3 * MIB) };
  [gateway, small] = await Promise.all([startGateway(nats), startGateway(nats, limits)]);
  await growth(async () => {
    for (let i = 0; i < 5; i++) await refusedOperation(i);
  });
});

afterAll(async () => {
  for (const started of [gateway, small, nats]) await started?.[Symbol.asyncDispose]();
});

async function growth(work: () => Promise<unknown>): Promise<number> {
  const before = await residentBytes(gateway.pid);
  await work();
  return (await residentBytes(gateway.pid)) - before;
}

function hostileQuery(i: number): string {
  return `{${'models{name}'.repeat(490)}}#${i}`;
}

async function refusedOperation(i: number): Promise<ErrorView> {
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: hostileQuery(i) }),
  });
  return refusalIn(await response.json());
}

describe.runIf(process.platform === 'linux')('memory', () => {
  test('does not grow with refused operations, over POST or GET', async () => {
    const grown = await growth(async () => {
      for (let i = 0; i < 60; i++) {
        expect((await refusedOperation(i)).extensions.code).toBe('QUERY_TOO_COMPLEX');
        const query = encodeURIComponent(hostileQuery(-i));
        const headers = { 'apollo-require-preflight': '1' };
        const response = await fetch(`${gateway.url}?query=${query}`, { headers });
        expect(refusalIn(await response.json()).extensions.code).toBe('QUERY_TOO_COMPLEX');
      }
    });
    expect(grown).toBeLessThan(96 * MIB);
  });

  test('does not grow with the payload of connection_init: beyond 8 KiB the WebSocket is closed with 1009', async () => {
    const grown = await growth(async () => {
      for (let i = 0; i < 8; i++) {
        const socket = await openSocket();
        const closed = once(socket, 'close');
        socket.send(`{"type":"connection_init","payload":{"x":${TWO_MB_OF_JSON}}}`);
        expect((await closed)[0]).toBe(1009);
      }
      for (let i = 0; i < 100; i++)
        await initialised({ padding: 'x'.repeat(8_000), authorization: 'Bearer x' });
    });
    expect(grown).toBeLessThan(96 * MIB);
  });

  test('does not grow with variables that an open subscription does not declare', async () => {
    const { id } = await submitTrip(gateway.url, TRIP);
    const socket = await initialised();
    const grown = await growth(async () => {
      for (let i = 0; i < 6; i++)
        socket.send(
          `{"id":"${i}","type":"subscribe","payload":{"query":${JSON.stringify(TASK_RESULT)},"variables":{"id":"${id}","x":${TWO_MB_OF_JSON}}}}`,
        );
      socket.send('{"type":"ping"}');
      await once(socket, 'message');
    });
    const streams = Array.from({ length: 4 }, () => openStream(id));
    const alsoGrown = await growth(() => Promise.all(streams));
    expect(grown + alsoGrown).toBeLessThan(96 * MIB);

    const { length } = await cancelAndCount(socket, id, 6);
    expect(length).toBe(6);
    for (const stream of await Promise.all(streams)) expect(await stream.text()).toContain('"CANCELED"');
  });
});

describe.runIf(process.platform === 'linux')('memory of open subscriptions', () => {
  test.each([
    [
      'variables that they do not declare',
      (id: string, junk: string) => `"variables":{"id":"${id}","x":${junk}}}`,
    ],
    [
      'members that an operation does not have',
      (id: string, junk: string) => `"x":${junk},"variables":{"id":"${id}"}}`,
    ],
    ['extensions', (id: string, junk: string) => `"extensions":{"x":${junk}},"variables":{"id":"${id}"}}`],
    [
      'members that a message does not have',
      (id: string, junk: string) => `"variables":{"id":"${id}"}},"x":${junk}`,
    ],
  ])('does not grow with %s, in 1,000 messages of 7 KB', async (_what, rest) => {
    const { id } = await submitTrip(gateway.url, TRIP);
    const junk = `[${'{},'.repeat(2_000)}{}]`;
    const query = JSON.stringify('subscription ($id: ID!) { taskResult(id: $id) { state } }');
    const sockets = await Promise.all(Array.from({ length: 10 }, () => initialised()));
    const grown = await growth(async () => {
      for (const socket of sockets) {
        for (let i = 0; i < 100; i++)
          socket.send(`{"id":"${i}","type":"subscribe","payload":{"query":${query},${rest(id, junk)}}`);
        socket.send('{"type":"ping"}');
        await once(socket, 'message');
      }
    });
    for (const socket of sockets) socket.terminate();
    expect(grown).toBeLessThan(64 * MIB);
  });
});

describe('a gateway with a small MAX_PENDING_BYTES', () => {
  test('refuses bodies with 503 and messages with 1013 while other requests use the limit, and accepts them afterwards', async () => {
    const { id } = await submitTrip(small.url, TRIP);
    const unfinished = await Promise.all(Array.from({ length: 3 }, () => sendPart(small.url, 850_000)));
    const body = JSON.stringify({ query: '{ __typename }', variables: { x: 'x'.repeat(500_000) } });
    const send = () =>
      fetch(small.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const refused = await eventually(send, ({ status }) => status === 503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refusalIn(await refused.json())).toMatchObject({
      message: expect.stringMatching(/\(MAX_PENDING_BYTES\).*Try again in a moment\.$/),
      extensions: { code: 'GATEWAY_BUSY', retryAfterMs: 1_000, limit: 3 * MIB },
    });
    const socket = await initialised({}, small.url);
    const closed = once(socket, 'close');
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: JSON.parse(body) }));
    expect((await closed)[0]).toBe(1013);

    // Small predictions still work.
    const trip = await submitTrip(small.url, TRIP);
    const other = await initialised({}, small.url);
    const query = '{"query":"query ($id: ID!) { task(id: $id) { state } }","variables":{"id":"';
    const answer = once(other, 'message');
    other.send(`{"id":"1","type":"subscribe","payload":${query}${trip.id}"}}}`);
    expect(String(await answer)).toContain('"QUEUED"');

    for (const connection of unfinished) connection.destroy();
    await eventually(send, ({ status }) => status === 200);
    // A stream counts with the variables that it declares, not with all that were sent.
    const { status } = await openStream(id, small.url);
    expect(status).toBe(200);
  });

  test('counts the bytes of the open operations of each connection', async () => {
    const { id } = await submitTrip(small.url, TRIP);
    const socket = await initialised({}, small.url);
    const heard: Record<string, string> = {};
    const answered = new Promise<void>((resolve) =>
      socket.on('message', (data) => {
        const message = JSON.parse(String(data));
        heard[message.id] = message.payload?.[0]?.message ?? message.type;
        if (message.type === 'pong') resolve();
      }),
    );
    const query = 'subscription ($id: ID!) { taskUpdates(id: $id) { state } }';
    for (const name of ['a', 'b', 'c'])
      socket.send(
        `{"id":"${name}","type":"subscribe","payload":{"query":"${query}","variables":{"id":"${id}"${' '.repeat(900_000)}}}}`,
      );
    socket.send('{"type":"ping"}');
    await answered;
    expect(heard.c).toContain('This connection has 18');
    expect(heard.c).toContain('(twice MAX_BODY_BYTES). Try again in a moment.');
    socket.send('{"id":"a","type":"complete"}');
    socket.send(JSON.stringify({ id: 'd', type: 'subscribe', payload: { query, variables: { id } } }));
    await eventually(
      async () => heard,
      ({ d }) => d === 'next',
    );
    expect(heard).toMatchObject({ a: 'next', b: 'next' });
    socket.terminate();
  });
});

test('a message in more than 1,024 fragments closes its WebSocket with 1008', async () => {
  const socket = await initialised();
  const fragments = (text: string) => {
    const size = Math.ceil(text.length / 1_000);
    for (let at = 0; at < text.length; at += size)
      socket.send(text.slice(at, at + size), { fin: at + size >= text.length });
  };
  const answer = once(socket, 'message');
  const query = `{ __typename }${' '.repeat(2_000)}`;
  fragments(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  expect(String((await answer)[0])).toContain('"data"');
  const closed = once(socket, 'close');
  for (let i = 0; i < 1_025; i++) socket.send('x', { fin: false });
  expect((await closed)[0]).toBe(1008);
});

test('the target of a GET counts towards the limit of its connection until it is answered', async () => {
  await using small = await startGateway(nats, { MAX_BODY_BYTES: '4096' });
  const { id } = await submitTrip(small.url, TRIP);
  const get = (query: string, accept: string, space: number) =>
    fetch(`${small.url}?query=${encodeURIComponent(query)}&x=${'x'.repeat(space)}`, {
      headers: { accept, 'apollo-require-preflight': '1' },
    });
  for (let i = 0; i < 5; i++)
    expect((await get('{ __typename }', 'application/json', 5_000)).status).toBe(200);
  for (const [query, accept] of [
    ['{ __typename }', 'application/json'],
    [`subscription { taskUpdates(id: "${id}") { state } }`, 'text/event-stream'],
  ] as const) {
    const refused = await get(query, accept, 9_000);
    expect(refused.status).toBe(503);
    expect(refusalIn(await refused.json())).toMatchObject({
      extensions: { code: 'GATEWAY_BUSY', limit: 8_192 },
    });
  }
});

/** Each operation is sent several times: one that still counted after its end would make a later one fail. */
describe('an operation no longer counts towards the limit', () => {
  const SPACES = ' '.repeat(900_000);
  const TIMES = 4;
  let taskId: string;

  beforeAll(async () => {
    ({ id: taskId } = await submitTrip(small.url, TRIP));
  });

  const UPDATES = 'subscription ($id: ID!) { taskUpdates(id: $id) { state } }';

  /** @param task the id in the variables, with 900 KB of spaces behind it. */
  function asking({ id = '1', query = UPDATES, task = taskId, space = SPACES }): string {
    return `{"id":"${id}","type":"subscribe","payload":{"query":${JSON.stringify(query)},"variables":{"id":"${task}"${space}}}}`;
  }

  /** Sends a message. @returns the next message that arrives. */
  async function answerTo(socket: WebSocket, message: string): Promise<string> {
    const answer = once(socket, 'message');
    socket.send(message);
    return String((await answer)[0]);
  }

  test('once its client has completed it', async () => {
    const socket = await initialised({}, small.url);
    for (let i = 0; i < TIMES; i++) {
      expect(await answerTo(socket, asking({ id: `${i}` }))).toContain('"QUEUED"');
      socket.send(`{"id":"${i}","type":"complete"}`);
    }
    socket.close();
  });

  test.each([
    ['a query has its answer', { query: 'query ($id: ID!) { task(id: $id) { state } }' }, '"QUEUED"'],
    ['a subscription could not begin', { task: 'nonsense' }, 'TASK_NOT_FOUND'],
    [
      'an operation was refused',
      { query: 'query ($id: ID!) { tusk(id: $id) }' },
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ])('once %s', async (_what, asked, expected) => {
    const socket = await initialised({}, small.url);
    for (let i = 0; i < TIMES; i++) {
      expect(await answerTo(socket, asking({ id: `${i}`, ...asked }))).toContain(expected);
      expect(await answerTo(socket, '{"type":"ping"}')).toMatch(/complete|pong/);
    }
    socket.close();
  });

  test('once it was refused as one too many', async () => {
    const socket = await initialised({}, small.url);
    for (let i = 0; i < 100; i++)
      expect(await answerTo(socket, asking({ id: `open ${i}`, space: '' }))).toContain('"QUEUED"');
    for (let i = 0; i < TIMES; i++)
      expect(await answerTo(socket, asking({}))).toContain('TOO_MANY_OPERATIONS');
    socket.close();
  });

  test('once its WebSocket is closed, for example for an id in use', async () => {
    for (let i = 0; i < TIMES; i++) {
      const socket = await initialised({}, small.url);
      expect(await answerTo(socket, asking({}))).toContain('"QUEUED"');
      const closed = once(socket, 'close');
      socket.send(asking({}));
      expect((await closed)[0]).toBe(4409);
    }
  });
});

/** Resolves once the socket is open. */
async function openSocket(url = gateway.url): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
  await once(socket, 'open');
  // A message that is refused before it was sent completely causes a reset. Only the close code matters.
  socket.on('error', () => {});
  return socket;
}

async function initialised(payload: object = {}, url = gateway.url): Promise<WebSocket> {
  const socket = await openSocket(url);
  socket.send(JSON.stringify({ type: 'connection_init', payload }));
  await once(socket, 'message');
  return socket;
}

function openStream(id: string, url = gateway.url): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: `{"query":${JSON.stringify(TASK_RESULT)},"variables":{"id":"${id}","x":[${'{},'.repeat(300_000)}{}]}}`,
  });
}

/** Sends a body whose last byte never comes. */
async function sendPart(url: string, bytes: number): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const connection = connect(Number(port), hostname);
  connection.on('error', () => {});
  connection.write(
    `POST /graphql HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${bytes + 1}\r\n\r\n`,
  );
  await new Promise((resolve) => connection.write('x'.repeat(bytes), resolve));
  return connection;
}

async function cancelAndCount(socket: WebSocket, id: string, count: number): Promise<readonly string[]> {
  const ends: string[] = [];
  const all = new Promise<readonly string[]>((resolve) =>
    socket.on('message', (data) => {
      if (String(data).includes('"CANCELED"') && ends.push(String(data)) === count) resolve(ends);
    }),
  );
  await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `mutation { cancelTask(id: "${id}") { id } }` }),
  });
  return all;
}
