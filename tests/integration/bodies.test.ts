/** How requests are read: strict UTF-8, known encodings, one operation chosen by its name, and time limits. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type ErrorView, PREDICT_TRIP, type Trip } from '../support/client.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, startGateway } from '../support/processes.ts';
import { exchange } from '../support/rawHttp.ts';
import { refusalIn } from '../support/transports.ts';

const TRIP: Trip = { pickupLocationId: 74, dropoffLocationId: 75, tripDistanceMiles: 1.44 };
const NAME = { query: '{ health { name } }' };
const JSON_TYPE = { 'content-type': 'application/json' };
/** A header that a page of another origin cannot send. A GET needs one. */
const GET = { 'apollo-require-preflight': '1' };
const MIB = 1024 * 1024;

let nats: NatsServer;
let gateway: Gateway;

beforeAll(async () => {
  nats = await startNats();
  gateway = await startGateway(nats, { MAX_BODY_BYTES: String(MIB), REQUEST_TIMEOUT_MS: '1000' });
});

afterAll(async () => {
  for (const started of [gateway, nats]) await started?.[Symbol.asyncDispose]();
});

interface Answered extends ErrorView {
  readonly status: number;
  readonly headers: Headers;
}

async function refused(body: Uint8Array | string, headers: Record<string, string> = {}): Promise<Answered> {
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body: body as BodyInit,
  });
  return { status: response.status, headers: response.headers, ...refusalIn(await response.json()) };
}

async function answered(body: Uint8Array | string, headers: Record<string, string> = {}): Promise<unknown> {
  const init = { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: body as BodyInit };
  return (await fetch(gateway.url, init)).json();
}

function submission(requestId: string): Buffer {
  const text = JSON.stringify({ query: PREDICT_TRIP, variables: { input: TRIP, options: { requestId } } });
  return Buffer.from(text);
}

/** Latin-1 bytes where UTF-8 is expected. */
function misspelt(requestId: string): Buffer {
  return Buffer.from(submission(requestId).toString(), 'latin1');
}

describe('a body', () => {
  test.each([
    ['is not UTF-8', misspelt('caf\u00e9'), 'The body must be UTF-8: it has bytes that are not.'],
    ['ends within a character', Buffer.from('{"query": "\u20ac').subarray(0, -1), 'The body must be UTF-8'],
    [
      'has half of an escaped surrogate pair',
      String.raw`{"query":"{a}","variables":{"x":"\\\ud83d"}}`,
      String.raw`\ud83d is half`,
    ],
    ['has the low half', String.raw`{"query":"{a}","variables":{"\uDE00":1}}`, String.raw`\uDE00 is half`],
    ['begins with a byte order mark', `\ufeff${JSON.stringify(NAME)}`, 'byte order mark'],
  ])('is refused with 400 if it %s', async (_what, body, message) => {
    expect(await refused(body)).toMatchObject({
      status: 400,
      message: expect.stringContaining(message),
      extensions: { code: 'BAD_REQUEST' },
    });
  });

  test('can have escaped surrogate pairs and escaped backslashes', async () => {
    const query = String.raw`query ($x: String = \"\\ud83d\", $id: ID!) { task(id: $id) { id } a: task(id: $id) @skip(if: true) { id } }`;
    const body = `{"query": "${query}", "variables": {"id": "\\ud83d\\ude00"}}`;
    // The query itself is refused, so the body was read.
    expect((await refused(body)).extensions.code).toMatch(/GRAPHQL_(PARSE|VALIDATION)_FAILED/);
    expect(
      await answered('{"query": "{ health { name } }", "variables": {"x": "\\ud83d\\ude00 \\\\ud83d"}}'),
    ).toEqual({
      data: { health: { name: 'Tidings' } },
    });
  });

  test.each(['iso-8859-1', 'utf-16', '"latin1"', 'us-ascii'])(
    'is refused with 415 in the charset %s',
    async (charset) => {
      const { status, message, extensions } = await refused(JSON.stringify(NAME), {
        'content-type': `application/json; charset=${charset}`,
      });
      expect({ status, code: extensions.code }).toEqual({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
      expect(message).toBe(
        `The charset of a body must be utf-8, got ${JSON.stringify(charset.replaceAll('"', ''))}.`,
      );
    },
  );

  test.each(['application/json;charset=UTF-8', 'Application/JSON ; Charset="utf-8"'])(
    'is read with the content type %s',
    async (contentType) => {
      const expected = { data: { health: { name: 'Tidings' } } };
      expect(await answered(JSON.stringify(NAME), { 'content-type': contentType })).toEqual(expected);
      const accept = 'text/html;q=0.1, application/json';
      expect(await answered(JSON.stringify(NAME), { 'content-type': contentType, accept })).toEqual(expected);
    },
  );

  const encodings = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync, identity: Buffer.from };
  test.each(Object.entries(encodings))('is decoded from %s', async (encoding, encode) => {
    const large = JSON.stringify({ ...NAME, variables: { x: 'x'.repeat(500_000) } });
    for (const accept of ['application/json', 'text/html;q=0.1, application/json'])
      expect(await answered(encode(large), { 'content-encoding': encoding, accept })).toEqual({
        data: { health: { name: 'Tidings' } },
      });
  });

  test.each(Object.entries(encodings))(
    'is refused with 413 if it is too large after decoding from %s',
    async (encoding, encode) => {
      const bomb = encode(Buffer.alloc(2 * MIB, ' '));
      expect(await refused(bomb, { 'content-encoding': encoding })).toMatchObject({
        status: 413,
        extensions: { code: 'PAYLOAD_TOO_LARGE', limit: MIB },
      });
    },
  );

  test('is refused with 400 if its encoding is wrong, or if it is not UTF-8 after decoding', async () => {
    const encoding = { 'content-encoding': 'gzip' };
    const whole = gzipSync(JSON.stringify(NAME));
    for (const body of [JSON.stringify(NAME), whole.subarray(0, -4), gzipSync(misspelt('caf\u00e9'))])
      expect(await refused(body, encoding)).toMatchObject({
        status: 400,
        extensions: { code: 'BAD_REQUEST' },
      });
  });

  const followed = Object.entries({
    gzip: gzipSync,
    'x-gzip': gzipSync,
    br: brotliCompressSync,
    deflate: deflateSync,
  });
  test.each(followed)(
    'is refused with 400 if bytes follow the end of its %s data',
    async (encoding, encode) => {
      const whole = encode(JSON.stringify(NAME));
      for (const more of ['junk', '\0', '\0\0junk', JSON.stringify(NAME)]) {
        const body = Buffer.concat([whole, Buffer.from(more)]);
        expect(await refused(body, { 'content-encoding': encoding })).toMatchObject({
          status: 400,
          extensions: { code: 'BAD_REQUEST' },
        });
      }
    },
  );

  test.each(['gzip, chunked', 'identity, chunked', 'deflate,chunked'])(
    'is refused with 415 with the transfer-encoding %s',
    async (coding) => {
      const text = JSON.stringify(NAME);
      const head = [
        'POST /graphql HTTP/1.1',
        `host: ${new URL(gateway.url).host}`,
        'content-type: application/json',
        `transfer-encoding: ${coding}`,
        'connection: close',
      ].join('\r\n');
      const chunk = `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
      const answer = await exchange(gateway.url, `${head}\r\n\r\n${chunk}`);
      expect(answer).toMatch(/^HTTP\/1\.1 415 /);
      expect(answer).toContain('The transfer-encoding of a body must be chunked, or none');
    },
  );

  test.each(['zstd', 'compress', 'gzip, br', 'gzip, identity'])(
    'is refused with 415 with the encoding %s, and the answer lists the possible ones',
    async (encoding) => {
      const { status, headers, message } = await refused(JSON.stringify(NAME), {
        'content-encoding': encoding,
      });
      expect({ status, possible: headers.get('accept-encoding') }).toEqual({
        status: 415,
        possible: 'gzip, br, deflate',
      });
      expect(message).toContain(`got "${encoding}".`);
    },
  );
});

describe('over GET', () => {
  const ask = (search: string) => fetch(`${gateway.url}?${search}`, { headers: GET });

  test.each([
    ['bytes that are not UTF-8', 'query=%7Btask(id:%22caf%E9%22)%7Bid%7D%7D'],
    ['such bytes in the variables', 'query=%7B__typename%7D&variables=%7B%22x%22:%22%FF%22%7D'],
    [
      'half of an escaped surrogate pair',
      `query=%7B__typename%7D&variables=${encodeURIComponent(String.raw`{"x":"\ud83d"}`)}`,
    ],
    ['variables that are not JSON', 'query=%7B__typename%7D&variables=%7B'],
    ['an empty operationName', 'query=%7B__typename%7D&operationName='],
  ])('a query with %s is refused with 400', async (_what, search) => {
    const response = await ask(search);
    expect(response.status).toBe(400);
    expect(refusalIn(await response.json()).extensions.code).toBe('BAD_REQUEST');
  });

  test('a query with raw bytes that are not percent-encoded is refused with 400', async () => {
    const { port, host } = new URL(gateway.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      Buffer.from(
        `GET /graphql?query={__typename}&x=\u00e9 HTTP/1.1\r\nhost: ${host}\r\napollo-require-preflight: 1\r\nconnection: close\r\n\r\n`,
      ),
    );
    expect((await Array.fromAsync(socket.setEncoding('utf8'))).join('')).toMatch(/^HTTP\/1.1 400 /);
  });

  test('a query with characters beyond ASCII is read', async () => {
    const response = await ask(`query=${encodeURIComponent('{ task(id: "caf\u00e9 \u{1f600}") { id } }')}`);
    expect(refusalIn(await response.json()).message).toContain('There is no task "café 😀"');
  });
});

describe('a WebSocket', () => {
  test('accepts messages in binary frames, too', async () => {
    const socket = await initialised();
    socket.send(Buffer.from(subscribing('1')));
    const [answer] = await once(socket, 'message');
    expect(JSON.parse(String(answer))).toMatchObject({ type: 'next', payload: { data: { health: {} } } });
    socket.close();
  });

  test.each([
    ['a binary frame that is not UTF-8', misspelt('caf\u00e9'), true, 1007],
    ['a text frame that is not UTF-8', misspelt('caf\u00e9'), false, 1007],
    ['half of an escaped surrogate pair', '{"type":"ping","payload":{"x":"\\ud83d"}}', false, 4400],
    ['an id of 257 characters', subscribing('x'.repeat(257)), false, 4400],
    ['an id of 7,000 characters', subscribing('x'.repeat(7_000)), false, 4400],
    ['a ping of 10 KB', JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(10_000) } }), false, 1009],
    ['a large message that is not JSON', `{"type":"subscribe",${'['.repeat(9_000)}`, false, 4400],
    ['a large message that is not a subscription', `{"type":"pong"${' '.repeat(9_000)}}`, false, 1009],
  ])('is closed after %s', async (_what, data, binary, closeCode) => {
    const socket = await initialised();
    const closed = once(socket, 'close');
    socket.send(data, { binary });
    expect((await closed)[0]).toBe(closeCode);
  });
});

describe('an operation', () => {
  const TWO = 'query A { health { name } } query B { health { name } }';
  test.each([
    ['whose name is unknown', { query: TWO, operationName: 'C' }],
    ['whose name is unknown, alone', { query: 'query A { health { name } }', operationName: 'B' }],
    ['whose name is empty', { query: 'query A { health { name } }', operationName: '' }],
    ['without a name among several', { query: TWO }],
  ])(
    '%s is refused with the same code on every transport',
    async (_what, params: { query: string; operationName?: string }) => {
      const body = JSON.stringify(params);
      const codes = [
        await refused(body),
        await refused(body, { accept: 'text/html;q=0.1, application/json' }),
      ].map(({ status, extensions }) => `${status} ${extensions.code}`);
      const overGet = await fetch(`${gateway.url}?${new URLSearchParams(params)}`, { headers: GET });
      codes.push(`${overGet.status} ${refusalIn(await overGet.json()).extensions.code}`);
      const sse = await fetch(gateway.url, {
        method: 'POST',
        headers: { ...JSON_TYPE, accept: 'text/event-stream' },
        body,
      });
      codes.push(String(/"code":"(\w+)"/.exec(await sse.text())?.[1]));
      const socket = await initialised();
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: params }));
      const [error] = await once(socket, 'message');
      codes.push(JSON.parse(String(error)).payload[0].extensions.code);
      socket.close();
      const [first = ''] = codes;
      expect(first).toMatch(/^400 /);
      const code = first.replace('400 ', '');
      expect(codes).toEqual([first, first, first, code, code]);
    },
  );
});

/** The limit is 1,000 ms here. */
describe('a connection is closed at its time limit', () => {
  test.each([
    ['if it sends nothing', '', ''],
    ['if its headers come byte by byte', 'POST /graphql HTTP/1.1\r\nx: ', 'x'],
    [
      'if its body comes byte by byte',
      'POST /graphql HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n',
      'x',
    ],
    [
      'if its chunks come byte by byte',
      'POST /graphql HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
      '1\r\nx\r\n',
    ],
  ])('%s', async (_what, head, more) => {
    const { port, host } = new URL(gateway.url);
    const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
    // `once` would reject: a write to a closing connection causes a reset.
    const closed = new Promise((resolve) => socket.resume().on('close', resolve));
    if (head !== '') socket.write(head.replace('HOST', host));
    const dripping = setInterval(() => more !== '' && socket.write(more), 50);
    await closed;
    clearInterval(dripping);
  });

  test('if a WebSocket message comes byte by byte', async () => {
    const socket = await initialised();
    const closed = once(socket, 'close');
    const dripping = setInterval(() => socket.send('x', { fin: false }), 50);
    expect((await closed)[0]).toBe(1008);
    clearInterval(dripping);
  });
});

function subscribing(id: string): string {
  return JSON.stringify({ id, type: 'subscribe', payload: NAME });
}

async function initialised(): Promise<WebSocket> {
  const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws');
  await once(socket, 'open');
  socket.on('error', () => {});
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await once(socket, 'message');
  return socket;
}
