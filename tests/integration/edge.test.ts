/** Bad input over every transport: each kind has its error code, the gateway survives, and nothing is stored. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { streams } from '../../src/contract/subjects.ts';
import {
  type ErrorView,
  PREDICT_TRIP,
  post,
  TASK,
  TASK_RESULT,
  TASK_UPDATES,
  type Trip,
} from '../support/client.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, startGateway } from '../support/processes.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';
import { newTaskAddress } from '../support/taskAddresses.ts';
import { refusalIn, transports } from '../support/transports.ts';

const TRIP: Trip = { pickupLocationId: 74, dropoffLocationId: 75, tripDistanceMiles: 1.44 };

let nats: NatsServer;
let inspector: StreamInspector;
let gateway: Gateway;

beforeAll(async () => {
  nats = await startNats();
  gateway = await startGateway(nats);
  inspector = await inspectStreams(nats);
});

afterAll(async () => {
  for (const opened of [inspector, gateway, nats]) await opened?.[Symbol.asyncDispose]();
});

afterEach(async () => {
  const { status } = await fetch(new URL('/health', gateway.url));
  const stored = [streams.jobs('trip-duration'), streams.requests].map((name) => inspector.state(name));
  const sequences = (await Promise.all(stored)).map(({ last_seq }) => last_seq);
  expect({ status, sequences }).toEqual({ status: 200, sequences: [0, 0] });
});

/** The problem, the variables of the mutation, and a part of the error's message. */
const badSubmissions: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  [
    'no input',
    {},
    /"\$input" has invalid value: Expected a value of non-null type "PredictTripInput!" to be provided/,
  ],
  [
    'a missing field',
    { input: { pickupLocationId: 74, dropoffLocationId: 75 } },
    /to include required field "tripDistanceMiles", found: \{ pickupLocationId: 74/,
  ],
  ['an extra field', { input: { ...TRIP, colour: 'green' } }, /not to include unknown field "colour"/],
  [
    'a text for a zone',
    { input: { ...TRIP, pickupLocationId: 'Astoria' } },
    /"\$input" has invalid value at \.pickupLocationId: Int cannot represent non-integer value: "Astoria"/,
  ],
  ['a fraction of a zone', { input: { ...TRIP, pickupLocationId: 1.5 } }, /non-integer value: 1\.5/],
  ['a zone beyond 32 bits', { input: { ...TRIP, dropoffLocationId: 2 ** 31 } }, /32-bit.*2147483648/],
  [
    'zone 0',
    { input: { ...TRIP, pickupLocationId: 0 } },
    /^pickupLocationId must be a whole number from 1 to 265 \(TLC taxi zone\), got 0$/,
  ],
  [
    'zone 266',
    { input: { ...TRIP, dropoffLocationId: 266 } },
    /^dropoffLocationId must be a whole number from 1 to 265 \(TLC taxi zone\), got 266$/,
  ],
  [
    'a negative zone and distance',
    { input: { ...TRIP, pickupLocationId: -5, tripDistanceMiles: -0.1 } },
    /^pickupLocationId must be .*, got -5; tripDistanceMiles must be a number from 0 to 1000 \(miles\), got -0\.1$/,
  ],
  [
    '1,000.5 miles',
    { input: { ...TRIP, tripDistanceMiles: 1000.5 } },
    /from 0 to 1000 \(miles\), got 1000\.5$/,
  ],
  [
    'a text for a distance',
    { input: { ...TRIP, tripDistanceMiles: 'NaN' } },
    /"\$input" has invalid value at \.tripDistanceMiles: Float cannot represent non numeric value: "NaN"/,
  ],
  ['null for a distance', { input: { ...TRIP, tripDistanceMiles: null } }, /"Float!" not to be null/],
  [
    'an empty requestId',
    { input: TRIP, options: { requestId: '' } },
    /^requestId must be a text of 1 to 128 characters, got 0 characters$/,
  ],
  [
    'a requestId that is too long',
    { input: TRIP, options: { requestId: 'x'.repeat(129) } },
    /^requestId must be .*, got 129 characters$/,
  ],
  [
    'a timeoutMs that is too small',
    { input: TRIP, options: { timeoutMs: 99 } },
    /^timeoutMs must be from 100 to 300000 \(ms\), got 99$/,
  ],
  [
    'a timeoutMs that is too large',
    { input: TRIP, options: { timeoutMs: 300_001 } },
    /300000 \(ms\), got 300001$/,
  ],
  [
    'an unknown modelVersion',
    { input: TRIP, options: { modelVersion: '7' } },
    /^modelVersion must be a version of trip-duration that can be had \(1\), got "7"$/,
  ],
  ['an unknown option', { input: TRIP, options: { speed: 'HIGH' } }, /not to include unknown field "speed"/],
];

describe.each(transports)('over $name', ({ ask }) => {
  const refusal = async (query: string, variables?: Record<string, unknown>): Promise<ErrorView> =>
    refusalIn(await ask(gateway.url, query, variables));

  test.each(badSubmissions)('%s is BAD_USER_INPUT', async (_what, variables, message) => {
    const error = await refusal(PREDICT_TRIP, variables);
    expect(error).toMatchObject({
      message: expect.stringMatching(message),
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  test('an error lists every field out of range in its extensions, for programs', async () => {
    const { extensions } = await refusal(PREDICT_TRIP, {
      input: { pickupLocationId: 0, dropoffLocationId: 266, tripDistanceMiles: 1e6 },
    });
    expect(extensions).toMatchObject({ field: 'pickupLocationId', minimum: 1, maximum: 265, value: '0' });
    expect(extensions.problems).toHaveLength(3);
  });

  test('an infinite distance is refused', async () => {
    const written = PREDICT_TRIP.replace(
      'input: $input',
      `input: ${literal({ tripDistanceMiles: '1e999' })}`,
    );
    const { message, extensions } = await refusal(written.replace('$input: PredictTripInput!, ', ''));
    expect(extensions.code).toBe('BAD_USER_INPUT');
    expect(message).toBe('tripDistanceMiles must be a number from 0 to 1000 (miles), got Infinity');
  });

  test('NaN in the operation is refused', async () => {
    const { message, extensions } = await refusal(
      `mutation { predictTrip(input: ${literal({ tripDistanceMiles: 'NaN' })}) { id } }`,
    );
    expect(extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(message).toBe('Float cannot represent non numeric value: NaN');
  });

  test('an error message repeats only the beginning of a long value', async () => {
    const error = await refusal(PREDICT_TRIP, {
      input: { ...TRIP, pickupLocationId: 'x'.repeat(1_000_000) },
    });
    expect(error.extensions.code).toBe('BAD_USER_INPUT');
    expect(error.message.length).toBeLessThan(1_100);
  });

  test('an operation with an unknown field or a syntax error is refused with the reason', async () => {
    expect(await refusal('{ helth { name } }')).toMatchObject({
      message: 'Cannot query field "helth" on type "Query". Did you mean "health"?',
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
    expect(await refusal('{ health { ')).toMatchObject({
      message: 'Syntax Error: Expected Name, found <EOF>.',
      extensions: { code: 'GRAPHQL_PARSE_FAILED' },
    });
  });

  const neverWas = newTaskAddress({
    model: 'trip-duration',
    home: '0a0b0c0d',
    deadline: Date.now() + 60_000,
  }).id;
  test.each([
    ['a text that is no task id', 'nonsense'],
    ['an empty text', ''],
    ['a subject of the broker', 'results.>'],
    ['an id of a model that is not served', neverWas.replace('trip-duration', 'tip-amount')],
    ['the id of a task that never existed', neverWas],
    ['a megabyte of text', 'x'.repeat(1_000_000)],
  ])('%s is TASK_NOT_FOUND', async (_what, id) => {
    for (const operation of [TASK, TASK_RESULT, TASK_UPDATES]) {
      const { message, extensions } = await refusal(operation, { id });
      expect(extensions.code).toBe('TASK_NOT_FOUND');
      expect(message).toBe(
        `There is no task ${JSON.stringify(id.slice(0, 128))}: an id must be one that a mutation returned, without spaces and quotes around it.`,
      );
    }
  });

  test('an id whose result must have been removed by now is RESULT_EXPIRED', async () => {
    const id = newTaskAddress({
      model: 'trip-duration',
      home: '0a0b0c0d',
      deadline: Date.now() - 3_600_000,
    }).id;
    const { message, extensions } = await refusal(TASK_RESULT, { id });
    expect(extensions.code).toBe('RESULT_EXPIRED');
    expect(message).toBe(`The result of task ${id} is gone: results are kept for 900 s.`);
  });
});

describe('over HTTP', () => {
  const json = { 'content-type': 'application/json' };
  const submission = JSON.stringify({ query: PREDICT_TRIP, variables: { input: TRIP } });

  async function send(init: RequestInit, query = ''): Promise<ErrorView & { status: number }> {
    const response = await fetch(`${gateway.url}${query}`, { method: 'POST', headers: json, ...init });
    return { status: response.status, ...refusalIn(await response.json()) };
  }

  test.each([
    ['malformed JSON', '{"query": "{ heal', /invalid JSON/],
    ['an empty body', '', /invalid JSON/],
    ['null', 'null', /expected to be object but received null/],
    ['an array of operations', `[${submission}]`, /Batching is not supported/],
    ['no query', '{}', /Must provide query string/],
    ['a number for a query', '{"query": 7}', /"query" param to be a string, but given number/],
    ['a text for variables', '{"query": "{__typename}", "variables": "x"}', /"variables".*but given string/],
  ])('%s is BAD_REQUEST', async (_what, body, message) => {
    expect(await send({ body })).toMatchObject({
      status: 400,
      message: expect.stringMatching(message),
      extensions: { code: 'BAD_REQUEST' },
    });
  });

  test('a number that is too large for a double is refused', async () => {
    const { message, extensions } = await send({ body: submission.replace('1.44', '1e999') });
    expect(extensions.code).toBe('BAD_USER_INPUT');
    expect(message).toMatch(/Float cannot represent non numeric value: Infinity/);
  });

  test('a mutation over GET is refused with 405', async () => {
    const query = `?query=${encodeURIComponent(`mutation { predictTrip(input: ${literal()}) { id } }`)}`;
    for (const accept of ['application/json', 'text/event-stream']) {
      const headers = { accept, 'apollo-require-preflight': '1' };
      const response = await fetch(`${gateway.url}${query}`, { headers });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
      expect(await response.text()).toContain('Can only perform a mutation operation from a POST request.');
    }
  });

  const mutation = `mutation{predictTrip(input:${literal()}){id}}`;
  const multipart = new FormData();
  multipart.set('operations', JSON.stringify({ query: mutation }));
  multipart.set('map', '{}');
  test.each([
    ['a form', 'application/x-www-form-urlencoded', new URLSearchParams({ query: mutation }).toString()],
    ['plain text', 'text/plain;charset=UTF-8', submission],
    ['a raw GraphQL text', 'application/graphql', mutation],
    ['a form of 10 MB', 'application/x-www-form-urlencoded', 'x'.repeat(10_000_000)],
  ])('%s, which any web page can send, is refused with 415', async (_what, contentType, body) => {
    const headers = { 'content-type': contentType, origin: 'https://evil.example' };
    expect(await send({ headers, body })).toMatchObject({
      status: 415,
      message: `content-type must be application/json, got "${contentType}".`,
      extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' },
    });
  });

  test('a multipart body or a body without a content type is refused with 415', async () => {
    const { status, message } = await send({ headers: {}, body: multipart });
    expect(status).toBe(415);
    expect(message).toMatch(/got "multipart\/form-data; boundary=/);
    expect(await send({ headers: {}, body: new Blob([submission]) })).toMatchObject({
      status: 415,
      message: 'content-type must be application/json, got "none".',
    });
  });

  test.each([
    ['a target that is not a path', 'GET // HTTP/1.1', '', '400 Bad Request'],
    ['an upgrade to a target that is not a path', 'GET // HTTP/1.1', 'Upgrade: websocket', '404 Not Found'],
    ['an upgrade at another path', 'GET /health HTTP/1.1', 'Upgrade: websocket', '404 Not Found'],
    ['a line that is not HTTP', 'NONSENSE', '', '400 Bad Request'],
  ])('%s is answered, and the gateway survives it', async (_what, requestLine, upgrade, status) => {
    const answer = await sendRaw(requestLine, upgrade);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`));
  });

  test.each(['x:99999', 'a b', '[::', '%'])(
    'a request for the host "%s" is answered with 400 and no internals',
    async (host) => {
      const answer = await sendRaw('GET /graphql?query={health{name}} HTTP/1.1', '', host);
      expect(answer).toMatch(/^HTTP\/1.1 400 /);
      expect(answer).not.toContain('node_modules');
    },
  );

  test('a target that is not a path is answered with 400 and no internals', async () => {
    const answer = await sendRaw('GET http://elsewhere.example/graphql HTTP/1.1', '');
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).not.toContain('node_modules');
  });

  test('an upgrade to a protocol other than WebSocket is ignored', async () => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1').setEncoding('utf8');
    socket.write(rawRequest('GET /health HTTP/1.1', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__'));
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).toContain('alive');
  });

  test('several operations without an operationName are a bad request', async () => {
    const { errors } = await post(gateway.url, 'query A { health { name } } query B { health { name } }');
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
  });

  test('a client that resets the connection while its upgrade is refused does no harm', async () => {
    for (let i = 0; i < 50; i++) {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      await once(socket, 'connect');
      socket.write(rawRequest('GET /graphql HTTP/1.1', 'Upgrade: websocket\r\nOrigin: https://evil.example'));
      await new Promise(setImmediate);
      socket.resetAndDestroy();
      await once(socket, 'close');
    }
  });
});

/** The trip as a literal inside an operation. */
function literal(changes: Partial<Record<keyof Trip, string>> = {}): string {
  const fields = Object.entries({ ...TRIP, ...changes }).map(([name, value]) => `${name}: ${value}`);
  return `{ ${fields.join(', ')} }`;
}

function rawRequest(requestLine: string, headers: string, host = 'localhost'): string {
  const upgrade = headers.startsWith('Upgrade') ? `Connection: Upgrade\r\n${headers}` : 'Connection: close';
  return `${requestLine}\r\nHost: ${host}\r\n${upgrade}\r\n\r\n`;
}

/** Everything the gateway answers until it closes the connection. */
async function sendRaw(requestLine: string, headers: string, host?: string): Promise<string> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1').setEncoding('utf8');
  socket.write(rawRequest(requestLine, headers, host));
  return (await Array.fromAsync(socket)).join('');
}
