/** The limits of an operation, a message and a connection: more is refused with a reason, and memory stays flat. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { streams } from '../../src/contract/subjects.ts';
import {
  type Answer,
  collect,
  type ErrorView,
  openWebSocket,
  overWebSocket,
  PREDICT_TRIP,
  sse,
  submitTrip,
  TASK,
  TASK_RESULT,
  TASK_UPDATES,
  type Trip,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { residentBytes } from '../support/memory.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, startGateway } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';
import { refusalIn, transports } from '../support/transports.ts';

const TRIP: Trip = { pickupLocationId: 74, dropoffLocationId: 75, tripDistanceMiles: 1.44 };
const MAX_BODY_BYTES = 2 * 1024 * 1024;
const TEN_MB = 'x'.repeat(10_000_000);
const TOO_MANY_SUBMISSIONS = `mutation ($input: PredictTripInput!) {
  ${Array.from({ length: 31 }, (_, i) => `a${i}: predictTrip(input: $input) { id }`).join(' ')} }`;

let nats: NatsServer;
let gateway: Gateway;

beforeAll(async () => {
  nats = await startNats();
  gateway = await startGateway(nats);
});

afterAll(async () => {
  for (const started of [gateway, nats]) await started?.[Symbol.asyncDispose]();
});

describe.each(transports)('an operation over $name', ({ ask }) => {
  const refusal = async (query: string, variables?: Record<string, unknown>): Promise<ErrorView> =>
    refusalIn(await ask(gateway.url, query, variables));

  test('may not be 100 levels deep', async () => {
    const { errors } = await ask(gateway.url, `{ __schema { types { ${nested('fields { type', 49)} } } }`);
    expect(errors).toContainEqual(
      expect.objectContaining({
        message: 'An operation may have 12 levels of depth at most, got 101.',
        extensions: { code: 'QUERY_TOO_COMPLEX', limit: 12, value: 101 },
      }),
    );
  });

  test('may not hide its depth and aliases in fragments', async () => {
    const fields = Array.from({ length: 31 }, (_, i) => `a${i}: name`).join(' ');
    const { message } = await refusal(
      `{ ...A } fragment A on Query { health { ...B } } fragment B on Health { ${fields} }`,
    );
    expect(message).toBe('An operation may have 30 aliases at most, got 31.');
  });

  test('may not have 31 aliases, and so not submit 31 tasks', async () => {
    expect(await refusal(TOO_MANY_SUBMISSIONS, { input: TRIP })).toMatchObject({
      message: 'An operation may have 30 aliases at most, got 31.',
      extensions: { code: 'QUERY_TOO_COMPLEX', limit: 30, value: 31 },
    });
  });

  test('may not submit two row batches', async () => {
    const submissions = ['a', 'b'].map((alias) => `${alias}: predictTrips(inputs: $inputs) { id }`);
    expect(
      await refusal(`mutation ($inputs: [PredictTripInput!]!) { ${submissions.join(' ')} }`, {
        inputs: [TRIP],
      }),
    ).toMatchObject({
      message: 'An operation may have 1000 points of complexity at most, got 1002.',
      extensions: { code: 'QUERY_TOO_COMPLEX', limit: 1_000, value: 1_002 },
    });
  });

  test('may not ask for four pages of rows', async () => {
    const pages = Array.from({ length: 4 }, (_, i) => `a${i}: results(first: 10000) { nextRow }`);
    expect(await refusal(`{ task(id: "1") { batch { ${pages.join(' ')} } } }`)).toMatchObject({
      extensions: { code: 'QUERY_TOO_COMPLEX', limit: 1_000, value: 1_006 },
    });
  });

  test('may not have 2,001 tokens', async () => {
    const name = 'fragment Name on Health { name }';
    const allowed = `{ health { ${'...Name '.repeat(994)} } } ${name}`;
    expect(await ask(gateway.url, allowed)).toMatchObject({ data: { health: { name: 'Tidings' } } });
    expect(await refusal(`${allowed.replace('}', '__typename }')}`)).toMatchObject({
      message: 'An operation may have 2000 tokens at most, got more.',
      extensions: { code: 'QUERY_TOO_COMPLEX', limit: 2_000 },
    });
  });

  test('may not have a token of megabytes', async () => {
    expect(await refusal(`{ health { name } } # ${'x'.repeat(1_000_000)}`)).toMatchObject({
      message: 'An operation may have 40000 characters at most, got 1000022.',
      extensions: { code: 'PAYLOAD_TOO_LARGE', limit: 40_000, value: 1_000_022 },
    });
  });

  test.each([
    ['query', TASK],
    ['mutation', PREDICT_TRIP],
    ['subscription', TASK_RESULT],
  ])('may not be a %s of more than 1,000 points', async (_kind, operation) => {
    expect(await refusal(costly(operation), { input: TRIP, id: 'none' })).toMatchObject({
      message: expect.stringMatching(
        /^An operation may have 1000 points of complexity at most, got 10\d\d\.$/,
      ),
      extensions: { code: 'QUERY_TOO_COMPLEX', limit: 1_000 },
    });
  });

  test('may be the introspection of GraphiQL', async () => {
    const introspection = getIntrospectionQuery({
      schemaDescription: true,
      inputValueDeprecation: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      oneOf: true,
    });
    const answer: Answer & { data?: unknown } = await ask(gateway.url, introspection);
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toHaveProperty('__schema.types');
  });
});

test('no refused operation reaches the broker', async () => {
  await using inspector = await inspectStreams(nats);
  const stored = async () => (await inspector.state(streams.jobs('trip-duration'))).last_seq;
  const before = await stored();
  for (const { ask } of transports) {
    for (const operation of [costly(PREDICT_TRIP), TOO_MANY_SUBMISSIONS])
      refusalIn(await ask(gateway.url, operation, { input: TRIP }));
  }
  expect(await stored()).toBe(before);
});

describe('a body', () => {
  const submission = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const tenMegabytes = () => fetch(gateway.url, { ...submission, body: TEN_MB });
  const tenMegabytesInChunks = () =>
    fetch(gateway.url, { ...submission, body: new Blob([TEN_MB]).stream(), duplex: 'half' } as RequestInit);

  test('may come without a Content-Length', async () => {
    const send = async (text: string) => {
      const body = new Blob([text]).stream();
      return (await fetch(gateway.url, { ...submission, body, duplex: 'half' } as RequestInit)).json();
    };
    expect(await send('{"query": "{ health { name } }"}')).toEqual({ data: { health: { name: 'Tidings' } } });
    expect(refusalIn(await send(''))).toMatchObject({ extensions: { code: 'BAD_REQUEST' } });
  });

  test('of 10 MB is refused with 413', async () => {
    const response = await tenMegabytes();
    expect(response.status).toBe(413);
    expect(refusalIn(await response.json())).toEqual({
      message: `A body may have ${MAX_BODY_BYTES} bytes at most (MAX_BODY_BYTES of the gateway), got 10000000.`,
      extensions: { code: 'PAYLOAD_TOO_LARGE', limit: MAX_BODY_BYTES },
    });
  });

  test('of 10 MB is refused with 413 without a Content-Length', async () => {
    const response = await tenMegabytesInChunks();
    expect(response.status).toBe(413);
    expect(refusalIn(await response.json())).toEqual({
      message: `A body may have ${MAX_BODY_BYTES} bytes at most (MAX_BODY_BYTES of the gateway), got more.`,
      extensions: { code: 'PAYLOAD_TOO_LARGE', limit: MAX_BODY_BYTES },
    });
  });

  test('of 10 MB is refused with 413 on a connection that is not kept alive, and the client can send all of it', async () => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    const head = `POST /graphql HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\ncontent-type: application/json`;
    socket.write(`${head}\r\ncontent-length: ${TEN_MB.length}\r\n\r\n`);
    socket.write(TEN_MB);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 .*"PAYLOAD_TOO_LARGE"/s);
  });

  // Each round sends 30 MB. A new process grows by some 60 MB before its memory stays level.
  test.runIf(process.platform === 'linux')(
    'of 10 MB leaves memory flat, within 64 MiB, as does a message of 10 MB',
    async () => {
      const send = async () => {
        await (await tenMegabytes()).text();
        await (await tenMegabytesInChunks()).text();
        const socket = await openSocket(gateway.url);
        socket.send(TEN_MB);
        await once(socket, 'close');
      };
      for (let i = 0; i < 10; i++) await send();
      const before = await residentBytes(gateway.pid);
      // If one of the three stayed in memory, it would be 80 MB.
      for (let i = 0; i < 8; i++) await send();
      expect((await residentBytes(gateway.pid)) - before).toBeLessThan(64 * 1024 * 1024);
    },
  );
});

describe('a WebSocket', () => {
  test('is closed with 1009 after a message of 10 MB', async () => {
    const socket = await openInitialised(gateway.url);
    socket.send(TEN_MB);
    const [code] = await once(socket, 'close');
    expect(code).toBe(1009);
  });

  test.each([
    [
      'subscribes without connection_init',
      { id: '1', type: 'subscribe', payload: { query: '{ __typename }' } },
      4401,
      'Unauthorized',
    ],
    ['sends a malformed message', 'hello', 4400, 'Invalid message received'],
  ])('that %s is closed', async (_what, message, closeCode, why) => {
    const socket = await openSocket(gateway.url);
    socket.send(JSON.stringify(message));
    const [code, reason] = await once(socket, 'close');
    expect([code, String(reason)]).toEqual([closeCode, why]);
  });

  test('is closed if its client sends no connection_init', async () => {
    await using impatient = await startGateway(nats, { CONNECTION_INIT_TIMEOUT_MS: '200' });
    const [code, reason] = await once(await openSocket(impatient.url), 'close');
    expect([code, String(reason)]).toEqual([4408, 'Connection initialisation timeout']);
  });

  test('with another protocol is not accepted', async () => {
    await expect(openSocket(gateway.url, 'graphql-ws')).rejects.toThrow('Server sent no subprotocol');
  });

  test('can have 100 operations; one more is refused until one completes', async () => {
    const { id } = await submitTrip(gateway.url, TRIP);
    const client = openWebSocket(gateway.url);
    const waiting = Array.from({ length: 100 }, () => overWebSocket(client, TASK_UPDATES, { id }));
    for (const { value } of await Promise.all(waiting.map((updates) => updates.next())))
      expect(taskIn(value ?? {}, 'taskUpdates').state).toBe('QUEUED');

    const [refused] = await collect(overWebSocket(client, TASK_UPDATES, { id }));
    expect(refusalIn(refused ?? {})).toEqual({
      message: 'A connection may have 100 operations open at most: complete one first.',
      extensions: { code: 'TOO_MANY_OPERATIONS', limit: 100 },
    });

    await waiting[0]?.return(undefined);
    const again = overWebSocket(client, TASK_UPDATES, { id });
    expect(taskIn((await again.next()).value ?? {}, 'taskUpdates').state).toBe('QUEUED');
    await client.dispose();
  });
});

describe('a client that vanishes', () => {
  test.each([
    ['over WebSocket', vanishOverWebSocket],
    ['over SSE', vanishOverSse],
  ])('%s no longer counts at once, without an error in the log', async (_how, vanish) => {
    await using busy = await startGateway(nats, { OPEN_TASKS_MAX: '1' });
    // A gateway follows the tasks of another gateway only while a client watches them.
    const [watched, other] = await Promise.all([
      submitTrip(gateway.url, TRIP),
      submitTrip(gateway.url, TRIP),
    ]);
    const follow = () => firstOf(sse(busy.url, TASK_UPDATES, { id: other.id }));
    await vanish(busy.url, watched.id, async () => {
      expect(refusalIn(await follow()).extensions.code).toBe('GATEWAY_BUSY');
    });
    const followed = await eventually(follow, ({ errors }) => errors === undefined);
    expect(taskIn(followed, 'taskUpdates')).toMatchObject({ id: other.id, state: 'QUEUED' });
    expect(busy.output()).not.toMatch(/"level":[56]0/);
  });
});

async function vanishOverSse(url: string, id: string, meanwhile: () => Promise<void>): Promise<void> {
  const updates = sse(url, TASK_UPDATES, { id });
  await updates.next();
  await meanwhile();
  await updates.return(undefined);
}

/** Ends the connection while many operations are open. */
async function vanishOverWebSocket(url: string, id: string, meanwhile: () => Promise<void>): Promise<void> {
  const socket = await openInitialised(url);
  const send = (message: object) => socket.send(JSON.stringify(message));
  send({ id: 'updates', type: 'subscribe', payload: { query: TASK_UPDATES, variables: { id } } });
  await once(socket, 'message');
  await meanwhile();
  for (let i = 0; i < 50; i++)
    send({ id: `${i}`, type: 'subscribe', payload: { query: TASK_RESULT, variables: { id } } });
  socket.terminate();
}

/** Resolves once the socket is open. */
async function openSocket(url: string, protocol = 'graphql-transport-ws'): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), protocol);
  await once(socket, 'open');
  // A message that is refused before it was sent completely causes a reset. Only the close code matters.
  socket.on('error', () => {});
  return socket;
}

/** Resolves once connection_init is answered, so that a slow machine does not exceed its time limit. */
async function openInitialised(url: string): Promise<WebSocket> {
  const socket = await openSocket(url);
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  return socket;
}

async function firstOf(answers: AsyncIterable<Answer>): Promise<Answer> {
  for await (const answer of answers) return answer;
  throw new Error('no answer came');
}

/** Requests a task's fields 125 times. */
function costly(operation: string): string {
  const fields = 'id model modelVersion state submittedAt startedAt finishedAt attempts';
  return `${operation.replace('{ id ', `{ ${'...Fields '.repeat(125)}`)} fragment Fields on Task { ${fields} }`;
}

function nested(selection: string, times: number): string {
  return times === 0 ? 'name' : `${selection} { ${nested(selection, times - 1)} } }`;
}
