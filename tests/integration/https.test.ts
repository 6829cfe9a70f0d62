/** A gateway with a certificate: HTTP/2, HTTP/1.1 and WebSocket over TLS, and the limits of each. */
import { execFile } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { constants } from 'node:http2';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { certificateFiles } from '../../src/edge/certificate.ts';
import { readConfig } from '../../src/process/config.ts';
import { findBrowser, openBrowser } from '../support/browser.ts';
import { type CertificateFolder, makeCertificate } from '../support/certificates.ts';
import { CANCEL_TASK, collect, PREDICT_TRIP, TASK_RESULT, TASK_UPDATES } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Http2Connection, openHttp2 } from '../support/http2Client.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startProcess } from '../support/processes.ts';

const run = promisify(execFile);
/** Resolves once something is closed, after an error, too. */
function closeOf(closing: EventEmitter): Promise<void> {
  return new Promise((resolve) => closing.on('error', () => {}).once('close', () => resolve()));
}

const HEALTH = '{ health { name } }';
const HEALTHY = { data: { health: { name: 'Tidings' } } };

let nats: NatsServer;
let certificate: CertificateFolder;
let ca: Buffer;

beforeAll(async () => {
  [nats, certificate] = await Promise.all([startNats(), makeCertificate()]);
  ca = await certificate.read();
});

afterAll(async () => {
  for (const made of [certificate, nats]) await made?.[Symbol.asyncDispose]();
});

function startSecure(env: Readonly<Record<string, string>> = {}): Promise<Gateway> {
  return startGateway(nats, { ...certificate.env, ...env });
}

/** Submits a trip. @returns the id of its task. */
async function submit(connection: Http2Connection, number = 1): Promise<string> {
  const { text } = await connection.post(PREDICT_TRIP, { input: tripNumber(number) });
  return JSON.parse(text).data.predictTrip.id;
}

describe('over TLS', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await startSecure({ ALLOWED_HOSTS: 'gateway.example' });
  });

  afterAll(() => gateway?.[Symbol.asyncDispose]());

  test('POST, GET, GraphiQL, the health and a wrong address are answered over HTTP/2', async () => {
    await using connection = await openHttp2(gateway.url, ca);
    const posted = await connection.post(HEALTH);
    expect(posted.headers).toMatchObject({ ':status': 200, 'x-content-type-options': 'nosniff' });
    expect(JSON.parse(posted.text)).toEqual(HEALTHY);
    const get = { ':method': 'GET', 'apollo-require-preflight': '1' };
    const path = `/graphql?query=${encodeURIComponent(HEALTH)}`;
    expect(JSON.parse((await connection.ask({ ...get, ':path': path })).text)).toEqual(HEALTHY);
    const page = await connection.ask({ ...get, accept: 'text/html' });
    expect(page.headers).toMatchObject({ ':status': 200, 'content-encoding': 'gzip' });
    for (const [asked, status] of [
      ['/health', 200],
      ['/', 302],
      ['/nothing', 404],
    ] as const)
      expect((await connection.ask({ ...get, ':path': asked })).headers[':status']).toBe(status);
  });

  test('browsers are told to come back over TLS only, except under the names of every machine', async () => {
    await using connection = await openHttp2(gateway.url, ca);
    const named = await connection.post(HEALTH, {}, { ':authority': 'gateway.example' });
    expect(named.headers['strict-transport-security']).toMatch(/^max-age=[0-9]+$/);
    expect((await connection.post(HEALTH)).headers).not.toHaveProperty('strict-transport-security');
  });

  test('HTTP/1.1 and a WebSocket go over the same port', async () => {
    const asked = request(gateway.url, {
      ca,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    asked.end(JSON.stringify({ query: HEALTH }));
    const [response] = await once(asked, 'response');
    expect(response.httpVersion).toBe('1.1');
    expect(JSON.parse((await collect<string>(response.setEncoding('utf8'))).join(''))).toEqual(HEALTHY);

    const socket = new WebSocket(gateway.url.replace('https', 'wss'), 'graphql-transport-ws', { ca });
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init' }));
    expect(JSON.parse(String((await once(socket, 'message'))[0]))).toEqual({ type: 'connection_ack' });
    socket.close();
    await once(socket, 'close');
  });

  test('curl gets its answer over HTTP/2', async () => {
    const { TLS_CERT_FILE } = certificate.env;
    const body = ['-H', 'content-type: application/json', '-d', JSON.stringify({ query: HEALTH })];
    const format = ['-w', '\n%{http_version}'];
    const { stdout } = await run('curl', ['-s', '--cacert', TLS_CERT_FILE, ...body, ...format, gateway.url]);
    expect(stdout).toBe(`${JSON.stringify(HEALTHY)}\n2`);
  });

  test('a name that is not allowed, a foreign page and a request of a form are refused over HTTP/2, too', async () => {
    await using connection = await openHttp2(gateway.url, ca);
    const refused = async (headers: Record<string, string>) => {
      const { text } = await connection.ask(headers, JSON.stringify({ query: HEALTH }));
      return JSON.parse(text).errors[0].extensions.code;
    };
    expect(await refused({ ':authority': 'evil.example' })).toBe('HOST_NOT_ALLOWED');
    expect(await refused({ origin: 'https://evil.example' })).toBe('ORIGIN_NOT_ALLOWED');
    expect(await refused({ 'content-type': 'text/plain' })).toBe('UNSUPPORTED_MEDIA_TYPE');
    // The page of the gateway itself is loaded over https.
    const { host } = new URL(gateway.url);
    expect(await refused({ origin: `http://${host}` })).toBe('ORIGIN_NOT_ALLOWED');
    const own = await connection.post(HEALTH, {}, { origin: `https://${host}` });
    expect(JSON.parse(own.text)).toEqual(HEALTHY);
  });

  test('plain HTTP gets no answer', async () => {
    const socket = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.resume().write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await closeOf(socket);
    expect(socket.bytesRead).toBeLessThan(20);
  });

  test('a hundred subscriptions go over one connection, and further ones wait', async () => {
    await using connection = await openHttp2(gateway.url, ca);
    const id = await submit(connection);
    const ask = async () => {
      const { text } = await connection.post(TASK_RESULT, { id }, { accept: 'text/event-stream' });
      return text;
    };
    const asked = Promise.all(Array.from({ length: 120 }, ask));
    await using other = await openHttp2(gateway.url, ca);
    await other.post(CANCEL_TASK, { id });
    for (const text of await asked) {
      expect(text).toContain('"CANCELED"');
      expect(text).toContain('event: complete');
    }
  });
});

describe.concurrent('the limits of a connection hold over HTTP/2:', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await startSecure({
      MAX_SUBSCRIPTIONS: '1',
      MAX_BODY_BYTES: '100000',
      KEEP_ALIVE_MS: '5000',
      REQUEST_TIMEOUT_MS: '5000',
    });
  });

  afterAll(() => gateway?.[Symbol.asyncDispose]());

  test('a body that is too large is refused, announced or not, and the connection goes on', async () => {
    await using connection = await openHttp2(gateway.url, ca);
    for (const headers of [{}, { 'content-length': '200000' }]) {
      const { headers: answered, text } = await connection.ask(headers, 'x'.repeat(200_000));
      expect(answered[':status']).toBe(413);
      expect(text).toContain('PAYLOAD_TOO_LARGE');
    }
    expect(JSON.parse((await connection.post(HEALTH)).text)).toEqual(HEALTHY);
  });

  test('a body that does not come ends its stream, and no other', async () => {
    await using connection = await openHttp2(gateway.url, ca);
    const stalled = connection.begin();
    stalled.write('{');
    const closed = closeOf(stalled);
    expect(JSON.parse((await connection.post(HEALTH)).text)).toEqual(HEALTHY);
    await closed;
    expect(stalled.rstCode).not.toBe(0);
    expect(JSON.parse((await connection.post(HEALTH)).text)).toEqual(HEALTHY);
  });

  test('a connection without requests is closed, at first and later', async () => {
    await using silent = await openHttp2(gateway.url, ca);
    await using used = await openHttp2(gateway.url, ca);
    await used.post(HEALTH);
    await Promise.all([silent.closed, used.closed]);
  });

  test('a handshake that does not come is given up', async () => {
    await closeOf(connectTcp(Number(new URL(gateway.url).port), '127.0.0.1').resume());
  });

  test('a client that resets streams without end loses its connection, and the gateway serves on', async () => {
    await using connection = await openHttp2(gateway.url, ca);
    let isClosed = false;
    void connection.closed.then(() => {
      isClosed = true;
    });
    for (let i = 0; i < 100 && !isClosed; i++) {
      for (let j = 0; j < 50 && !connection.session.closed && !connection.session.destroyed; j++)
        connection.begin().close(8);
      await new Promise(setImmediate);
    }
    expect(await connection.closed).not.toBe(0);
    await using other = await openHttp2(gateway.url, ca);
    expect(JSON.parse((await other.post(HEALTH)).text)).toEqual(HEALTHY);
  });

  test('headers that are too large are refused', async () => {
    await using connection = await openHttp2(gateway.url, ca);
    // A client confirms the settings with its first request. Until then the limit is that of nghttp2.
    await connection.post(HEALTH);
    const stream = connection.begin({ 'x-large': 'x'.repeat(30_000) });
    stream.end(JSON.stringify({ query: HEALTH }));
    await closeOf(stream.resume());
    expect(stream.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });

  test('a client that does not read its answers loses its connection', async () => {
    await using connection = await openHttp2(gateway.url, ca);
    const unread = Array.from({ length: 10 }, () => {
      const stream = connection.begin().pause();
      stream.end(JSON.stringify({ query: getIntrospectionQuery() }));
      return closeOf(stream);
    });
    await gateway.logged('dropped an HTTP connection whose client does not read');
    await Promise.all([connection.closed, ...unread]);
  });

  test('a client that cancels a waiting mutation or a subscription is forgotten', async () => {
    await using connection = await openHttp2(gateway.url, ca);
    const id = await submit(connection);
    // It counts as a subscription for a moment, and only one is allowed.
    const wait = async () => {
      const options = { waitMs: 1, requestId: 'waits' };
      return (await connection.post(PREDICT_TRIP, { input: tripNumber(3), options })).text;
    };
    for (const [body, accept] of [
      [
        { query: PREDICT_TRIP, variables: { input: tripNumber(2), options: { waitMs: 30_000 } } },
        'application/json',
      ],
      [{ query: TASK_UPDATES, variables: { id } }, 'text/event-stream'],
    ] as const) {
      const stream = connection.begin({ accept });
      stream.end(JSON.stringify(body));
      await eventually(wait, (text) => text.includes('GATEWAY_BUSY'));
      stream.close(8);
      await eventually(wait, (text) => !text.includes('errors'));
    }
  });
});

test.concurrent('clients that leave in the middle of a body or of an answer are no errors in the log', async () => {
  await using gateway = await startSecure({ LOG_LEVEL: 'debug' });
  await using connection = await openHttp2(gateway.url, ca);
  const body = connection.begin();
  body.write('{"query":');
  await connection.post(HEALTH);
  const left = closeOf(body);
  body.close(constants.NGHTTP2_CANCEL);
  await left;
  const page = connection.begin({ ':method': 'GET', accept: 'text/html' });
  page.end();
  await once(page, 'data');
  const torn = closeOf(page);
  page.close(constants.NGHTTP2_CANCEL);
  await torn;
  {
    await using other = await openHttp2(gateway.url, ca);
    const stream = other.begin({ accept: 'text/event-stream' });
    stream.end(JSON.stringify({ query: TASK_UPDATES, variables: { id: await submit(other) } }));
    await once(stream, 'data');
  }
  expect(JSON.parse((await connection.post(HEALTH)).text)).toEqual(HEALTHY);
  gateway.kill('SIGTERM');
  expect(await gateway.ended).toBe(0);
  expect(gateway.output()).not.toMatch(/"level":[56]0|Warning/);
});

test.concurrent('a gateway that stops breaks streams off without completing them, and ends in order', async () => {
  await using gateway = await startSecure();
  await using connection = await openHttp2(gateway.url, ca);
  const id = await submit(connection);
  const stream = connection.begin({ accept: 'text/event-stream' });
  stream.end(JSON.stringify({ query: TASK_UPDATES, variables: { id } }));
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await eventually(
    async () => text,
    (seen) => seen.includes('"QUEUED"'),
  );
  const broken = closeOf(stream);
  gateway.kill('SIGTERM');
  await broken;
  expect(text).not.toContain('complete');
  expect(stream.rstCode).not.toBe(0);
  await connection.closed;
  expect(await gateway.ended).toBe(0);
});

test.concurrent('MAX_CONNECTIONS counts connections over TLS', async () => {
  await using gateway = await startSecure({ MAX_CONNECTIONS: '1' });
  await using connection = await openHttp2(gateway.url, ca);
  const { port } = new URL(gateway.url);
  await closeOf(connectTls({ port: Number(port), host: '127.0.0.1', ca, ALPNProtocols: ['h2'] }));
  expect(JSON.parse((await connection.post(HEALTH)).text)).toEqual(HEALTHY);
});

test.concurrent('while a gateway drains, a connection ends after its answer', async () => {
  await using gateway = await startSecure({ DRAIN_MS: '60000' });
  await using connection = await openHttp2(gateway.url, ca);
  expect(JSON.parse((await connection.post(HEALTH)).text)).toEqual(HEALTHY);
  gateway.kill('SIGTERM');
  await gateway.logged('told to stop');
  expect(JSON.parse((await connection.post(HEALTH)).text)).toEqual(HEALTHY);
  expect(await connection.closed).toBe(0);
  await using next = await openHttp2(gateway.url, ca);
  expect(JSON.parse((await next.post(HEALTH)).text)).toEqual(HEALTHY);
  gateway.kill('SIGKILL');
  await gateway.ended;
});

test.concurrent('a new certificate is for new connections, and a broken one changes nothing', async () => {
  await using own = await makeCertificate();
  const first = await own.read();
  await using gateway = await startGateway(nats, own.env);
  await using connection = await openHttp2(gateway.url, first);

  await writeFile(own.env.TLS_KEY_FILE, 'no key');
  await gateway.logged('the new certificate cannot be used');
  await using meanwhile = await openHttp2(gateway.url, first);
  expect(JSON.parse((await meanwhile.post(HEALTH)).text)).toEqual(HEALTHY);

  await own.renew();
  await gateway.logged('new connections get the new certificate');
  await using renewed = await openHttp2(gateway.url, await own.read());
  expect(JSON.parse((await renewed.post(HEALTH)).text)).toEqual(HEALTHY);
  expect(JSON.parse((await connection.post(HEALTH)).text)).toEqual(HEALTHY);
});

test.each([
  ['a certificate', { TLS_CERT_FILE: 'cert.pem' }, 'TLS_KEY_FILE must name a file if TLS_CERT_FILE does'],
  ['a key', { TLS_KEY_FILE: 'key.pem' }, 'TLS_CERT_FILE must name a file if TLS_KEY_FILE does'],
])('%s alone is refused', (_what, env, problem) => {
  expect(() => certificateFiles(readConfig(env))).toThrow(problem);
});

test('a file that is not there ends the start', async () => {
  await using gateway = startProcess('src/main.ts', {
    NATS_URL: nats.url,
    PORT: '0',
    ...certificate.env,
    TLS_KEY_FILE: '/nowhere/key.pem',
  });
  expect(await gateway.ended).toBe(78);
  expect(gateway.output()).toContain('must name a certificate and its key');
});

const browserPath = findBrowser();

test.skipIf(browserPath === undefined)(
  'a page in Chromium has twenty EventSources and a mutation at once, and they come back after a restart',
  async () => {
    let gateway = await startSecure();
    const browser = await openBrowser(browserPath ?? '');
    try {
      const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
      await page.goto(`${new URL(gateway.url).origin}/health`);
      const ids = await page.evaluate(openSources, { predict: PREDICT_TRIP, updates: TASK_UPDATES });
      expect(new Set(ids).size).toBe(20);
      const { port } = new URL(gateway.url);
      gateway.kill('SIGTERM');
      expect(await gateway.ended).toBe(0);
      gateway = await startSecure({ PORT: port });
      await using connection = await openHttp2(gateway.url, ca);
      for (const id of ids) await connection.post(CANCEL_TASK, { id });
      expect(await page.evaluate(finalStates)).toEqual(Array.from({ length: 20 }, () => 'CANCELED'));
    } finally {
      await browser.close();
      await gateway[Symbol.asyncDispose]();
    }
  },
);

interface Sources {
  readonly finals: Promise<string>[];
}

/** Runs in the page: submits a trip while the EventSource of each trip before is open. @returns the ids. */
async function openSources({ predict, updates }: { predict: string; updates: string }): Promise<string[]> {
  const sources: Sources = { finals: [] };
  Object.assign(globalThis, { sources });
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) {
    const input = { pickupLocationId: 74, dropoffLocationId: 75, tripDistanceMiles: 1 + i / 10 };
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: predict, variables: { input } }),
    });
    const { id } = (await response.json()).data.predictTrip;
    const params = new URLSearchParams({ query: updates, variables: JSON.stringify({ id }) });
    const source = new EventSource(`/graphql?${params}`);
    await new Promise<void>((opened, failed) => {
      sources.finals.push(
        new Promise<string>((resolve) => {
          source.addEventListener('next', ({ data }) => {
            const { state } = JSON.parse(data).data.taskUpdates;
            ids[i] = id;
            opened();
            if (state !== 'QUEUED' && state !== 'RUNNING') resolve(state);
          });
        }),
      );
      setTimeout(() => failed(new Error(`EventSource ${i} got no event`)), 10_000);
    });
  }
  return ids;
}

/** Runs in the page. */
async function finalStates(): Promise<string[]> {
  return Promise.all((globalThis as unknown as { sources: Sources }).sources.finals);
}
