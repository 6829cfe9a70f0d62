/** Large bytes beside GraphQL: stored and read over HTTP, by their owner only, within limits, and whole or not at all. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempDisposable, readdir, readlink } from 'node:fs/promises';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storedBytesOf } from '../../src/contract/blob.ts';
import { subjects } from '../../src/contract/subjects.ts';
import { fieldOf, post } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { peakGrowth } from '../support/memory.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { as, startGatewaysWith } from '../support/owners.ts';
import { type Gateway, startGateway } from '../support/processes.ts';
import { canMountDisks, mountSmallDisk } from '../support/smallDisk.ts';
import { inspectStreams } from '../support/streams.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const LIMIT = 8 * MIB;
const STORE = 24 * MIB;

let nats: NatsServer;
let spool: Awaited<ReturnType<typeof mkdtempDisposable>>;
let system: Awaited<ReturnType<typeof startGatewaysWith>>;
let gateway: Gateway;
let other: Gateway;

beforeAll(async () => {
  nats = await startNats();
  spool = await mkdtempDisposable(`${tmpdir()}/tidings-spool-`);
  const env = {
    BLOB_MAX_BYTES: String(LIMIT),
    BLOBS_MAX_BYTES: String(STORE),
    BLOB_SPOOL_DIR: spool.path,
  };
  system = await startGatewaysWith(
    nats,
    { frugal: { blobBytes: 2 * MIB + 64 * KIB }, metered: { costPerMinute: 10 } },
    2,
    env,
  );
  [gateway, other] = system.gateways as [Gateway, Gateway];
});

afterAll(async () => {
  for (const started of [system, nats]) await started?.[Symbol.asyncDispose]();
  await spool?.remove();
});

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function urlOf(path: string, { url }: Gateway = gateway): string {
  return new URL(path, url).href;
}

interface Upload {
  readonly path?: string;
  readonly owner?: string;
  readonly at?: Gateway;
  readonly headers?: Readonly<Record<string, string>>;
}

function put(body: Uint8Array<ArrayBuffer>, { path = '/blobs', owner = 'ann', at, headers }: Upload = {}) {
  return fetch(urlOf(path, at), { method: 'PUT', body, headers: { ...as(owner), ...headers } });
}

async function stored(body: Uint8Array<ArrayBuffer>, upload: Upload = {}): Promise<string> {
  const response = await put(body, upload);
  const answer = (await response.json()) as { blob: string };
  if (response.status !== 201) throw new Error(JSON.stringify(answer));
  return answer.blob;
}

function get(path: string, headers: Readonly<Record<string, string>> = {}, owner = 'ann', method = 'GET') {
  return fetch(urlOf(path), { method, headers: { ...as(owner), ...headers } });
}

async function codeOf(response: Response): Promise<unknown> {
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  return errors[0]?.extensions.code;
}

test('a blob is stored with its type, and read whole and in parts at any gateway', async () => {
  const bytes = randomBytes(2 * MIB + 123);
  const response = await put(bytes, { headers: { 'content-type': 'image/png; a=b' } });
  expect(response.status).toBe(201);
  const answer = await response.json();
  const digest = digestOf(bytes);
  expect(answer).toMatchObject({ blob: digest, bytes: bytes.length, mediaType: 'image/png' });
  expect(Date.parse(answer.expiresAt)).toBeGreaterThan(Date.now() + 900_000);
  expect(response.headers.get('location')).toBe(`/blobs/${digest}`);
  const whole = await fetch(urlOf(`/blobs/${digest}`, other), { headers: as('ann') });
  expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': String(bytes.length),
    etag: `"${digest}"`,
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'content-disposition': 'attachment',
  });
  const ranges: readonly (readonly [string, number, number])[] = [
    ['bytes=0-0', 0, 1],
    [`bytes=${512 * KIB - 1}-${512 * KIB}`, 512 * KIB - 1, 512 * KIB + 1],
    [`bytes=${MIB}-`, MIB, bytes.length],
    ['bytes=-5', bytes.length - 5, bytes.length],
    [`bytes=5-${10 * MIB}`, 5, bytes.length],
  ];
  for (const [range, from, to] of ranges) {
    const part = await get(`/blobs/${digest}`, { range });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/${bytes.length}`);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(from, to))).toBe(true);
  }
});

test('a client that knows the bytes gets 304, and HEAD tells what GET would', async () => {
  const bytes = randomBytes(600 * KIB);
  const path = `/blobs/${await stored(bytes)}`;
  const etag = `"${digestOf(bytes)}"`;
  expect((await get(path, { 'if-none-match': `"x", W/${etag}` })).status).toBe(304);
  const head = await get(path, {}, 'ann', 'HEAD');
  expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([
    200,
    String(bytes.length),
    etag,
  ]);
  const changed = await get(path, { range: 'bytes=0-9', 'if-range': '"other"' });
  expect(changed.status).toBe(200);
  const [behind, several, broken] = await Promise.all(
    [`bytes=${bytes.length}-`, 'bytes=0-1,4-5', 'bytes=9-1'].map((range) => get(path, { range })),
  );
  expect([behind?.status, behind?.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`]);
  expect([several?.status, broken?.status]).toEqual([200, 200]);
});

test('an empty blob is one, too', async () => {
  const digest = await stored(new Uint8Array());
  expect((await get(`/blobs/${digest}`)).headers.get('content-length')).toBe('0');
});

test('a blob of another owner is not found, nor is one that there never was or a name that cannot be one', async () => {
  const digest = await stored(randomBytes(10));
  for (const [path, owner] of [
    [`/blobs/${digest}`, 'bob'],
    [`/blobs/${'0'.repeat(64)}`, 'ann'],
    ['/blobs/..%2f', 'ann'],
  ] as const) {
    const response = await get(path, {}, owner);
    expect([response.status, await codeOf(response)]).toEqual([404, 'BLOB_NOT_FOUND']);
  }
});

test('a body with another digest than its name is refused, and not stored', async () => {
  const name = '0'.repeat(64);
  const response = await put(randomBytes(10), { path: `/blobs/${name}` });
  expect([response.status, await codeOf(response)]).toEqual([400, 'BAD_USER_INPUT']);
  expect((await get(`/blobs/${name}`)).status).toBe(404);
  const bytes = randomBytes(10);
  expect(await stored(bytes, { path: `/blobs/${digestOf(bytes)}` })).toBe(digestOf(bytes));
});

test('a blob that is too large is refused, announced or not', async () => {
  const announced = await put(new Uint8Array(LIMIT + 1));
  expect([announced.status, await codeOf(announced)]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  const request = startUpload('ann');
  request.end(Buffer.alloc(LIMIT + 1));
  const [response] = await once(request, 'response');
  expect(response.statusCode).toBe(413);
  expect(await json(response)).toMatchObject({ errors: [{ extensions: { limit: LIMIT } }] });
});

test('other encodings, methods and types that are none are refused', async () => {
  const [encoded, typeless, deleted, bare] = await Promise.all([
    put(new Uint8Array(1), { headers: { 'content-encoding': 'gzip' } }),
    put(new Uint8Array(1), { headers: { 'content-type': 'picture' } }),
    get(`/blobs/${'0'.repeat(64)}`, {}, 'ann', 'DELETE'),
    get('/blobs'),
  ]);
  expect([encoded.status, typeless.status, deleted.status, bare.status]).toEqual([415, 415, 405, 405]);
  expect([deleted.headers.get('allow'), bare.headers.get('allow')]).toEqual(['GET, HEAD, PUT', 'PUT']);
});

test('pages of other origins, and names that are not the gateway, are refused', async () => {
  const foreign = await put(new Uint8Array(1), { headers: { origin: 'https://evil.example' } });
  expect([foreign.status, await codeOf(foreign)]).toEqual([403, 'ORIGIN_NOT_ALLOWED']);
  const request = startUpload('ann', { host: 'evil.example' });
  request.end();
  const [response] = await once(request, 'response');
  expect(response.statusCode).toBe(403);
});

test('the blobs of an owner are limited over all gateways, and me shows what is used', async () => {
  const owner = 'frugal';
  await stored(randomBytes(MIB), { owner });
  await eventually(
    () => usedBytes(owner, other),
    (used) => used === storedBytesOf(MIB),
  );
  const refused = await put(randomBytes(1.5 * MIB), { owner, at: other });
  expect([refused.status, await codeOf(refused)]).toEqual([429, 'OWNER_QUOTA']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  const bytes = randomBytes(MIB / 2);
  await stored(bytes, { owner, at: other });
  // The same content a moment later is not stored again.
  await stored(bytes, { owner, at: other });
  expect(await usedBytes(owner, other)).toBe(storedBytesOf(MIB) + storedBytesOf(MIB / 2));
});

test('what a client stores and reads counts in its rate of cost', async () => {
  const owner = 'metered';
  // A point for the request, and one for each of four chunks.
  const digest = await stored(randomBytes(2 * MIB), { owner });
  expect((await get(`/blobs/${digest}`, {}, owner)).status).toBe(200);
  const refused = await get(`/blobs/${digest}`, {}, owner);
  expect([refused.status, await codeOf(refused)]).toEqual([429, 'RATE_LIMITED']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
});

async function usedBytes(owner: string, { url }: Gateway): Promise<number | undefined> {
  const answer = await post(url, '{ me { quotas { name used } } }', {}, as(owner));
  const { quotas } = fieldOf<{ quotas: readonly { name: string; used: number }[] }>(answer);
  return quotas.find(({ name }) => name === 'BLOB_BYTES')?.used;
}

test.runIf(canMountDisks)(
  'an upload for which the disk has no room is refused with 507, and the next one is stored',
  async () => {
    await using disk = await mountSmallDisk(40);
    const env = { BLOB_SPOOL_DIR: disk.path, BLOBS_MAX_BYTES: String(STORE) };
    await using cramped = await startGateway(nats, env);
    disk.fill();
    const refused = await put(randomBytes(MIB), { at: cramped });
    expect([refused.status, await codeOf(refused)]).toEqual([507, 'BLOB_STORE_FULL']);
    disk.makeRoom();
    expect((await put(randomBytes(MIB), { at: cramped })).status).toBe(201);
  },
);

test('nothing is stored of an upload whose client leaves, and its file has no name', async () => {
  const before = await blobMessages();
  const request = startUpload('ann', { 'content-length': String(4 * MIB) });
  request.on('error', () => {});
  request.write(Buffer.alloc(2 * MIB, 1));
  await untilSpooled(gateway);
  expect(await readdir(spool.path)).toEqual([]);
  request.destroy();
  await stored(randomBytes(KIB));
  expect(await blobMessages()).toBe(before + 2);
});

test('an upload in the middle of which the gateway is killed leaves nothing', async () => {
  await using killed = await startGateway(nats, {
    BLOB_SPOOL_DIR: spool.path,
    BLOBS_MAX_BYTES: String(STORE),
  });
  const before = await blobMessages();
  const request = startUpload('ann', { 'content-length': String(4 * MIB) }, killed);
  const left = once(request, 'error');
  request.write(Buffer.alloc(2 * MIB, 1));
  await untilSpooled(killed);
  killed.kill('SIGKILL');
  await left;
  expect(await readdir(spool.path)).toEqual([]);
  expect(await blobMessages()).toBe(before);
});

test('what is stored is there after the broker was killed and has restarted', async () => {
  const bytes = randomBytes(3 * MIB);
  const digest = await stored(bytes);
  await nats.restart();
  const response = await eventually(
    () => get(`/blobs/${digest}`),
    ({ status }) => status === 200,
  );
  expect(digestOf(new Uint8Array(await response.arrayBuffer()))).toBe(digest);
});

test('an answer whose chunks are gone is cut off, never ended as if it were whole', async () => {
  const digest = await stored(randomBytes(3 * MIB));
  await using streams = await inspectStreams(nats);
  await streams.purge('BLOBS', subjects.blobChunk('ann', digest, 5));
  const response = await get(`/blobs/${digest}`);
  await expect(response.arrayBuffer()).rejects.toThrow();
  await streams.purge('BLOBS', subjects.blobChunk('ann', digest, 0));
  expect((await get(`/blobs/${digest}`)).status).toBe(404);
});

test('a full store refuses with 507 before anything of the blob is stored', async () => {
  await using streams = await inspectStreams(nats);
  let response = await put(randomBytes(LIMIT));
  while (response.status === 201) response = await put(randomBytes(LIMIT));
  expect([response.status, await codeOf(response)]).toEqual([507, 'BLOB_STORE_FULL']);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  const { messages } = await streams.state('BLOBS');
  expect((await put(randomBytes(LIMIT))).status).toBe(507);
  expect((await streams.state('BLOBS')).messages).toBe(messages);
  await streams.purge('BLOBS', subjects.allBlobs);
});

/** Until a process has a file of a blob open. It has no name any more. */
async function untilSpooled({ pid }: Gateway): Promise<void> {
  const folder = `/proc/${pid}/fd`;
  const openFiles = async () =>
    Promise.all((await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  await eventually(openFiles, (paths) =>
    paths.some((path) => path.includes('tidings-blob-') && path.endsWith(' (deleted)')),
  );
}

function startUpload(
  owner: string,
  headers: Readonly<Record<string, string>> = {},
  { url }: Gateway = gateway,
): ClientRequest {
  return httpRequest(new URL('/blobs', url), { method: 'PUT', headers: { ...as(owner), ...headers } });
}

async function blobMessages(broker = nats): Promise<number> {
  await using streams = await inspectStreams(broker);
  return (await streams.state('BLOBS')).messages;
}

describe('blobs with a broker of their own', () => {
  let own: NatsServer;
  let apart: Gateway;

  beforeAll(async () => {
    own = await startNats();
    apart = await startGateway(nats, { BLOBS_NATS_URL: own.url });
  });

  afterAll(async () => {
    for (const started of [apart, own]) await started?.[Symbol.asyncDispose]();
  });

  test('a blob of 100 MB goes through a gateway that never holds it whole', async () => {
    const [grown = 0] = await peakGrowth([apart], async () => {
      const piece = randomBytes(MIB);
      const hash = createHash('sha256');
      const request = startUpload('anonymous', {}, apart);
      const answered = once(request, 'response');
      for (let i = 0; i < 100; i++) {
        piece.writeUInt32LE(i);
        hash.update(piece);
        if (!request.write(Buffer.from(piece))) await once(request, 'drain');
      }
      request.end();
      const [response] = await answered;
      const digest = hash.digest('hex');
      expect(await json(response)).toMatchObject({ blob: digest, bytes: 100 * MIB });
      const read = createHash('sha256');
      const whole = await fetch(urlOf(`/blobs/${digest}`, apart));
      for await (const chunk of whole.body ?? []) read.update(chunk);
      expect(read.digest('hex')).toBe(digest);
    });
    // Without the blob the process grows by about 80 MiB under such a load, which is memory of pieces that are not collected yet.
    expect(grown).toBeLessThan(150 * MIB);
  });

  test('that broker has all of them, and nothing else', async () => {
    const [before, beforeOwn] = [await blobMessages(), await blobMessages(own)];
    const bytes = randomBytes(MIB);
    const digest = await stored(bytes, { at: apart });
    const response = await fetch(urlOf(`/blobs/${digest}`, apart));
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    expect(await blobMessages()).toBe(before);
    expect(await blobMessages(own)).toBe(beforeOwn + 3);
    await using streams = await inspectStreams(own);
    await expect(streams.state('ENDS')).rejects.toThrow('stream not found');
  });
});

test('an upload may take longer than other requests, and one that stops is closed', async () => {
  await using strict = await startGateway(nats, {
    REQUEST_TIMEOUT_MS: '1000',
    BLOBS_MAX_BYTES: String(STORE),
  });
  const slow = startUpload('ann', { 'content-length': String(128 * KIB) }, strict);
  const answered = once(slow, 'response');
  slow.write(Buffer.alloc(64 * KIB));
  const stopped = startUpload('ann', { 'content-length': '10' }, strict);
  const closed = once(stopped, 'error');
  stopped.write('half');
  await closed;
  slow.end(Buffer.alloc(64 * KIB));
  const [response] = await answered;
  expect(response.statusCode).toBe(201);
});
