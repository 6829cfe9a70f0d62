/** Which hosts and web pages a gateway serves. Raw connections send what a browser or an attacker can send. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, startGateway } from '../support/processes.ts';

const APP = 'https://app.example';
const EVIL = 'https://evil.example';

let nats: NatsServer;
/** Configured as by `npm start`. */
let gateway: Gateway;
/** Allows two origins and three host names. */
let configured: Gateway;
/** Allows every origin, and listens on every address. */
let open: Gateway;

beforeAll(async () => {
  nats = await startNats();
  [gateway, configured, open] = await Promise.all([
    startGateway(nats),
    startGateway(nats, {
      ALLOWED_ORIGINS: `${APP},http://LOCALHOST:80/, capacitor://localhost`,
      ALLOWED_HOSTS: 'API.example,[fd00::1]',
    }),
    startGateway(nats, { ALLOWED_ORIGINS: '*', HOST: '0.0.0.0', AUTH: 'none' }),
  ]);
});

afterAll(async () => {
  for (const started of [gateway, configured, open, nats]) await started?.[Symbol.asyncDispose]();
});

describe('the Host header', () => {
  const passing = [
    'localhost',
    'LocalHost:4000',
    '127.0.0.1',
    '127.0.0.1:4000',
    '127.255.3.9:1',
    '[::1]',
    '[::1]:4000',
  ];
  const strange = [
    'evil.example',
    'evil.example:4000',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '127.0.0.01',
    '127.0.0.1.',
    '127.0.0.1.evil.example',
    '127.0.0.256',
    '0.0.0.0',
    '0',
    '10.0.0.1',
    'localhost.',
    'localhost.evil.example',
    'evil.localhost',
    'evil-localhost',
    'localhost_',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[0:0:0:0:0:0:0:1]',
    '[fd00::1]',
    'api.example',
  ];
  const malformed = [
    '',
    'evil@127.0.0.1',
    'localhost:4000@evil.example',
    'localhost?evil',
    'localhost#evil',
    'localhost/evil',
    'localhost\\.evil',
    'localhost\tevil',
    'localhost evil',
    'localhost,evil.example',
    'localhost:',
    'localhost:+1',
    'localhost:65536',
    'localhost:4000:4000',
    'http://localhost',
    '::1',
    '[::1',
    '[::1]evil',
    '127.0.0.1%00',
    'l%6fcalhost',
    'localho\u00dft',
  ];

  test.each(passing)('"%s" names this machine, and is served', async (host) => {
    expect((await ask(gateway, { host })).status).toBe(200);
    expect((await upgrade(gateway, { host })).status).toBe(101);
  });

  test.each(strange)('"%s" could come from a page by DNS rebinding, and is refused', async (host) => {
    for (const answer of [await ask(gateway, { host }), await upgrade(gateway, { host })]) {
      expect(answer.status).toBe(403);
      const [error] = JSON.parse(answer.body).errors;
      expect(error.extensions).toEqual({ code: 'HOST_NOT_ALLOWED' });
      expect(error.message).toMatch(/add it to ALLOWED_HOSTS\.$/);
    }
  });

  test.each(malformed)('"%s" is malformed, and is refused', async (host) => {
    for (const server of [gateway, open]) {
      expect((await ask(server, { host })).status).toBe(400);
      expect((await upgrade(server, { host })).status).toBe(400);
    }
  });

  test.each(['::ffff:127.0.0.1', '0:0:0:0:0:0:0:1', 'localhost'])(
    'is checked where HOST is "%s", and requests from this machine have the rights of an operator',
    async (HOST) => {
      await using server = await startGateway(nats, { HOST });
      expect((await ask(server, { host: 'evil.example' })).status).toBe(403);
      const query = JSON.stringify({ query: '{ deadLetters(model: "trip-duration") { edges { cursor } } }' });
      const answer = await send(server, 'POST /graphql HTTP/1.1', ['host: localhost', ...JSON_LINES], query);
      expect(answer.body).toContain('"edges":[]');
    },
  );

  test('must occur exactly once', async () => {
    const twice = ['host: localhost', 'host: evil.example'];
    for (const lines of [twice, twice.toReversed()]) {
      const answer = await send(gateway, 'POST /graphql HTTP/1.1', [...lines, ...JSON_LINES], QUERY);
      expect(answer.status).toBe(400);
    }
    expect((await send(gateway, 'POST /graphql HTTP/1.0', JSON_LINES, QUERY)).status).toBe(400);
  });

  test('is not replaced by a host in the request target, which is refused', async () => {
    for (const target of [
      'http://evil.example/graphql',
      'http://localhost/graphql',
      '//evil.example/graphql',
    ]) {
      const line = `POST ${target} HTTP/1.1`;
      expect((await send(gateway, line, ['host: localhost', ...JSON_LINES], QUERY)).status).toBe(400);
      const handshake = ['host: localhost', ...HANDSHAKE];
      expect((await send(gateway, `GET ${target} HTTP/1.1`, handshake)).status).toBe(404);
    }
  });

  test('does not matter for /health and /ready, since load balancers send any name or none', async () => {
    for (const lines of [['host: evil.example'], ['host: 10.0.0.1:80']]) {
      expect((await send(gateway, 'GET /health HTTP/1.1', lines)).status).toBe(200);
      expect((await send(gateway, 'GET /ready HTTP/1.1', lines)).status).toBe(503);
    }
    expect((await send(gateway, 'GET /health HTTP/1.0', [])).status).toBe(200);
  });

  test('can be a name from ALLOWED_HOSTS or this machine', async () => {
    for (const host of ['api.example', 'API.EXAMPLE:443', '[fd00::1]:4000', 'localhost:4000'])
      expect((await ask(configured, { host })).status).toBe(200);
    for (const host of ['api.example.', 'x.api.example', 'evil.example', 'api.example@evil.example']) {
      const { status, body } = await ask(configured, { host });
      expect([400, 403]).toContain(status);
      // The refusal does not list the allowed names.
      if (status === 403) expect(body).not.toContain('fd00::1');
    }
    await configured.logged('ALLOWED_HOSTS=api.example,[fd00::1],evil.example admits it');
    for (let i = 0; i < 300; i++) await ask(configured, { host: `${i % 150}.example` });
    const lines = configured
      .output()
      .split('\n')
      .filter((line) => line.includes('"host":'));
    expect(lines).toHaveLength(100);
  });

  test('can be any name where other machines reach the gateway and ALLOWED_HOSTS is not set', async () => {
    for (const host of ['api.example', '10.0.0.1:4000', 'localhost'])
      expect((await ask(open, { host })).status).toBe(200);
    expect(open.output()).toMatch(/DNS rebinding.*ALLOWED_HOSTS/);
    for (const { output } of [gateway, configured]) expect(output()).not.toContain('DNS rebinding');
  });
});

describe('the origin of a web page', () => {
  const foreign = [
    EVIL,
    'null',
    'http://app.example',
    'https://app.example:444',
    'https://app.example.evil.example',
    'https://evil.app.example',
    'https://app.example/',
    'https://app%2eexample',
    'https://user@app.example',
    `${APP}, ${EVIL}`,
    `${APP} ${EVIL}`,
    'HTTPS://APP.EXAMPLE',
    'https://localhost:81',
    'http://localhost:81',
    'capacitor://evil',
    'file://',
    '',
  ];

  test.each(foreign)('"%s" is refused: no answer contains it, and nothing is executed', async (origin) => {
    const answers = [
      await ask(configured, { origin }),
      await ask(configured, { origin, accept: 'text/event-stream' }),
      await ask(configured, { origin, accept: 'image/png' }),
      await preflight(configured, { origin }),
      await get(configured, { origin, accept: 'text/event-stream' }),
      await get(configured, { origin, accept: '*/*', 'apollo-require-preflight': '1' }),
    ];
    for (const { status, headers, body } of answers) {
      expect(status).toBe(403);
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers.vary).toMatch(/\bOrigin\b/);
      expect(JSON.parse(body).errors[0].extensions).toEqual({ code: 'ORIGIN_NOT_ALLOWED' });
    }
    expect((await upgrade(configured, { origin })).status).toBe(403);
    const form = await send(configured, 'POST /graphql HTTP/1.1', ['host: localhost', `origin: ${origin}`]);
    expect(form.status).toBe(415);
    expect(form.headers).toMatchObject({ vary: expect.stringMatching(/\bOrigin\b/) });
    expect(form.headers['access-control-allow-origin']).toBeUndefined();
  });

  test.each([APP, 'http://localhost', 'capacitor://localhost'])(
    '"%s" is allowed: the page can send requests and read every answer, also refusals',
    async (origin) => {
      const asked = await preflight(configured, { origin });
      expect(asked).toMatchObject({
        status: 204,
        headers: {
          'access-control-allow-origin': origin,
          'access-control-allow-methods': 'GET, HEAD, POST, PUT',
          'access-control-allow-headers': 'content-type,authorization,x-made-up',
          'access-control-max-age': expect.stringMatching(/^[1-9]\d*$/),
        },
      });
      const big = 'x'.repeat(3_000_000);
      const post = (lines: readonly string[], body = QUERY) =>
        send(configured, 'POST /graphql HTTP/1.1', ['host: localhost', `origin: ${origin}`, ...lines], body);
      const answers: readonly (readonly [number, Promise<RawAnswer>])[] = [
        [200, ask(configured, { origin })],
        [200, ask(configured, { origin, accept: 'text/event-stream' })],
        [200, get(configured, { origin, accept: 'text/event-stream' })],
        [400, post(JSON_LINES, '{')],
        [415, post(['content-type: text/plain'])],
        [413, post(JSON_LINES, big)],
        [406, ask(configured, { origin, accept: 'image/png' })],
        [403, ask(configured, { origin, host: 'evil.example' })],
        [405, send(configured, 'PUT /graphql HTTP/1.1', ['host: localhost', `origin: ${origin}`])],
        [404, send(configured, 'GET /elsewhere HTTP/1.1', ['host: localhost', `origin: ${origin}`])],
        [503, send(configured, 'GET /ready HTTP/1.1', ['host: localhost', `origin: ${origin}`])],
      ];
      for (const [expected, answer] of answers) {
        const { status, headers } = await answer;
        expect(status).toBe(expected);
        expect(headers['access-control-allow-origin']).toBe(origin);
        expect(headers.vary).toMatch(/\bOrigin\b/);
      }
      expect((await upgrade(configured, { origin })).status).toBe(101);
    },
  );

  test('is in the Vary header of every answer, and a request without an origin gets no CORS header', async () => {
    for (const server of [gateway, configured, open]) {
      const { headers } = await ask(server, {});
      expect(headers.vary).toMatch(/\bOrigin\b/);
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('can be any with "*", except "null"', async () => {
    const { headers } = await ask(open, { origin: EVIL });
    expect(headers['access-control-allow-origin']).toBe('*');
    expect((await preflight(open, { origin: EVIL })).headers['access-control-allow-origin']).toBe('*');
    const answer = await ask(open, { origin: 'null' });
    expect(answer.status).toBe(403);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('is allowed if its host equals the Host header, so that GraphiQL works', async () => {
    const pages = [
      { host: 'localhost:4000', origin: 'http://localhost:4000' },
      { host: 'LOCALHOST', origin: 'http://localhost' },
      { host: '127.0.0.1:443', origin: 'https://127.0.0.1' },
      { host: '[::1]:4000', origin: 'http://[::1]:4000' },
      // Behind a proxy that sends its own host name.
      { host: 'localhost', origin: EVIL, 'sec-fetch-site': 'same-origin' },
    ];
    for (const page of pages) {
      expect((await ask(gateway, page)).status).toBe(200);
      expect((await upgrade(gateway, page)).status).toBe(101);
    }
    for (const origin of ['http://localhost:4001', 'http://localhost', 'http://127.0.0.1:4000'])
      expect((await ask(gateway, { host: 'localhost:4000', origin })).status).toBe(403);
  });

  test('is logged once when it is refused, with the variable that would allow it', async () => {
    const origin = 'https://new.example';
    const { body } = await ask(configured, { origin });
    expect(body).toContain('add it to ALLOWED_ORIGINS.');
    expect(body).not.toContain(APP);
    await upgrade(configured, { origin });
    await preflight(configured, { origin });
    await configured.logged(`capacitor://localhost,${origin} admits it`);
    expect(configured.output().split(`"origin":"${origin}"`)).toHaveLength(2);
    for (let i = 0; i < 300; i++) await preflight(gateway, { origin: `https://${i}.example` });
    const lines = gateway
      .output()
      .split('\n')
      .filter((line) => line.includes('"origin":'));
    expect(lines.length).toBeLessThanOrEqual(100);
  });
});

describe('a request that any web page can send', () => {
  const simple: readonly Record<string, string>[] = [
    {},
    { accept: 'image/avif,image/webp,*/*', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    { accept: 'text/event-stream' },
    { accept: 'text/event-stream', 'sec-fetch-site': 'cross-site' },
    { accept: 'text/event-stream', 'sec-fetch-site': 'cross-site', referer: 'http://gateway.example:4000/' },
    { accept: 'application/json', 'sec-fetch-site': 'same-site' },
    { 'content-type': 'text/plain' },
    { 'content-type': 'TEXT/PLAIN; charset=utf-8; application/json' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'content-type': '' },
    { 'content-type': 'nonsense' },
    { 'apollo-require-preflight': '' },
    { 'x-apollo-operation-name': ' ' },
    { authorization: 'Basic dXNlcjpwYXNzd29yZA==' },
  ];

  test.each(simple)('runs no query over GET: %o', async (lines) => {
    const answer = await get(open, lines);
    expect(answer.status).toBe(400);
    expect(answer.body).not.toContain('"data"');
    const [error] = JSON.parse(answer.body).errors;
    expect(error).toMatchObject({
      message: expect.stringContaining('apollo-require-preflight: 1'),
      extensions: { code: 'PREFLIGHT_REQUIRED' },
    });
    expect((await send(open, `HEAD ${TARGET} HTTP/1.1`, linesOf(lines))).status).toBe(400);
  });

  test.each([
    { 'apollo-require-preflight': '1' },
    { 'x-apollo-operation-name': 'Name' },
    { 'x-graphql-yoga-csrf': '1' },
    { 'content-type': 'application/json' },
    { accept: 'text/event-stream', origin: 'http://localhost:4000', host: 'localhost:4000' },
    { accept: 'text/event-stream', 'sec-fetch-site': 'same-origin' },
  ])('is served with headers that a foreign page cannot send: %o', async (lines) => {
    const answer = await get(gateway, lines);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('"data":{"__typename":"Query"}');
  });

  test('is judged by its Referer if an EventSource sends it over plain http to a name that is not loopback', async () => {
    const statusOf = async (headers: Record<string, string>) =>
      (await get(configured, { host: 'api.example:4000', accept: 'text/event-stream', ...headers })).status;
    for (const referer of ['http://api.example:4000/page?a=b', 'https://api.example:4000/', `${APP}/page`])
      expect(await statusOf({ referer })).toBe(200);
    for (const referer of [
      'http://evil.example/',
      'http://api.example:4000@evil.example/',
      'http://api.example/',
      'api.example:4000',
      'about:blank',
      'null',
      '',
    ])
      expect(await statusOf({ referer })).toBe(400);
    const referer = 'http://api.example:4000/';
    expect(await statusOf({ referer, accept: '*/*' })).toBe(400);
    expect(await statusOf({ referer, 'sec-fetch-site': 'same-site' })).toBe(400);
    expect(await statusOf({ referer, origin: EVIL })).toBe(403);
  });

  test.each([
    [],
    ['content-type: text/plain'],
    ['content-type:'],
    ['content-type: application/json, text/plain'],
  ])('cannot POST an operation with the header: %s', async (...lines) => {
    const answer = await send(gateway, 'POST /graphql HTTP/1.1', ['host: localhost', ...lines], QUERY);
    expect(answer.status).toBe(415);
  });
});

interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const QUERY = '{"query":"{__typename}"}';
const TARGET = '/graphql?query={__typename}';
const JSON_LINES = ['content-type: application/json'];
const HANDSHAKE = [
  'connection: upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-protocol: graphql-transport-ws',
];

function ask(server: Gateway, headers: Record<string, string>): Promise<RawAnswer> {
  return send(server, 'POST /graphql HTTP/1.1', [...linesOf(headers), ...JSON_LINES], QUERY);
}

function get(server: Gateway, headers: Record<string, string>): Promise<RawAnswer> {
  return send(server, `GET ${TARGET} HTTP/1.1`, linesOf(headers));
}

function upgrade(server: Gateway, headers: Record<string, string>): Promise<RawAnswer> {
  return send(server, 'GET /graphql HTTP/1.1', [...linesOf(headers), ...HANDSHAKE]);
}

function preflight(server: Gateway, { origin }: { origin: string }): Promise<RawAnswer> {
  return send(server, 'OPTIONS /graphql HTTP/1.1', [
    ...linesOf({ origin }),
    'access-control-request-method: POST',
    'access-control-request-headers: content-type,authorization,x-made-up',
  ]);
}

function linesOf(headers: Record<string, string>): readonly string[] {
  return Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}`);
}

/** Sends the lines unchanged. Reads until the connection ends or has become a WebSocket. */
async function send(
  { url }: Gateway,
  requestLine: string,
  lines: readonly string[],
  body = '',
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, '')).setEncoding('latin1');
  const isUpgrade = lines.includes('upgrade: websocket');
  const length = body === '' ? [] : [`content-length: ${body.length}`];
  const head = [requestLine, ...lines, ...(isUpgrade ? [] : ['connection: close']), ...length];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    if (text.startsWith('HTTP/1.1 101 ')) break;
  }
  const [start = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...headers] = start.split('\r\n');
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(
      headers.map((line) => [line.split(':', 1)[0]?.toLowerCase(), line.replace(/^[^:]*: */, '')]),
    ),
    body: rest.join('\r\n\r\n').replace(/^[0-9a-f]+\r\n|\r\n0\r\n$/g, ''),
  };
}
