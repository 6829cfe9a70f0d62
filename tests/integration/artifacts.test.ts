/** Artifacts: bytes of operators, stored once under their digest, found again by a writer that was cut off, never expired. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type BlobContent, blobOf, BLOB_CHUNK_BYTES as CHUNK } from '../../src/contract/blob.ts';
import { subjects } from '../../src/contract/subjects.ts';
import { eventually } from '../support/eventually.ts';
import { type Broker, openTestBroker } from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, startGateway } from '../support/processes.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const LIMIT = 4 * MIB;
const STORE = 24 * MIB;
const TOKEN = 'the-token-of-an-operator';
const OPERATOR = { authorization: `Bearer ${TOKEN}` };
const LIMITS = {
  OPERATOR_TOKEN: TOKEN,
  BLOB_MAX_UPLOAD_BYTES: String(LIMIT),
  ARTIFACTS_MAX_BYTES: String(STORE),
};

let nats: NatsServer;
let gateway: Gateway;
let broker: Broker;
let streams: StreamInspector;

beforeAll(async () => {
  nats = await startNats();
  gateway = await startGateway(nats, LIMITS);
  broker = await openTestBroker(nats, { ARTIFACTS_MAX_BYTES: String(STORE) });
  streams = await inspectStreams(nats);
});

afterAll(async () => {
  for (const started of [streams, broker, gateway, nats]) await started?.[Symbol.asyncDispose]();
});

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function ask(
  digest: string,
  method: string,
  {
    body,
    headers = OPERATOR,
    at = gateway,
  }: { body?: Buffer<ArrayBuffer>; headers?: Record<string, string>; at?: Gateway } = {},
): Promise<Response> {
  return fetch(new URL(`/artifacts/${digest}`, at.url), { method, body: body ?? null, headers });
}

async function codeOf(response: Response): Promise<unknown> {
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  return errors[0]?.extensions.code;
}

function partsOf(digest: string): Promise<readonly string[]> {
  return streams
    .subjects('ARTIFACTS')
    .then((all) => all.filter((subject) => subject.startsWith(`artifacts.${digest}.`)));
}

/** Content that runs into an error at one chunk. */
function failingAt(chunk: number, content: BlobContent): BlobContent {
  const read = (from: number, to: number) => {
    if (from === chunk * CHUNK) throw new Error('the reader was cut off');
    return content.read(from, to);
  };
  return { ...content, read };
}

test('an operator asks for a digest, stores the artifact, and reads it whole and in parts', async () => {
  const bytes = randomBytes(3 * CHUNK + 17);
  const digest = digestOf(bytes);
  expect((await ask(digest, 'HEAD')).status).toBe(404);
  const stored = await ask(digest, 'PUT', { body: bytes, headers: { ...OPERATOR, 'content-type': 'a/b' } });
  expect([stored.status, await stored.json()]).toEqual([201, { artifact: digest, bytes: bytes.length }]);
  expect(stored.headers.get('location')).toBe(`/artifacts/${digest}`);
  const head = await ask(digest, 'HEAD');
  expect(Object.fromEntries(head.headers)).toMatchObject({
    'content-length': String(bytes.length),
    'content-type': 'a/b',
    etag: `"${digest}"`,
    'accept-ranges': 'bytes',
  });
  expect(Buffer.from(await (await ask(digest, 'GET')).arrayBuffer()).equals(bytes)).toBe(true);
  const part = await ask(digest, 'GET', { headers: { ...OPERATOR, range: `bytes=${CHUNK - 1}-${CHUNK}` } });
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(CHUNK - 1, CHUNK + 1))).toBe(true);
  const messages = (await streams.state('ARTIFACTS')).last_seq;
  expect((await ask(digest, 'PUT', { body: bytes })).status).toBe(200);
  expect((await streams.state('ARTIFACTS')).last_seq).toBe(messages);
});

test('only operators store and read artifacts', async () => {
  const { digest, content } = blobOf(randomBytes(10));
  await broker.artifacts.put(digest, content);
  for (const method of ['PUT', 'GET'])
    for (const headers of [{}, { authorization: 'Bearer another-token-of-16' }]) {
      const response = await ask(digest, method, {
        headers,
        ...(method === 'PUT' && { body: Buffer.from('x') }),
      });
      expect([response.status, await codeOf(response)]).toEqual([403, 'FORBIDDEN']);
    }
});

test('another digest, a name that is none, other methods and a body that is too large are refused', async () => {
  const name = '0'.repeat(64);
  const other = await ask(name, 'PUT', { body: randomBytes(10) });
  expect([other.status, await codeOf(other)]).toEqual([400, 'BAD_USER_INPUT']);
  expect(await partsOf(name)).toEqual([]);
  const misnamed = await ask('trips.parquet', 'GET');
  expect([misnamed.status, await codeOf(misnamed)]).toEqual([404, 'BLOB_NOT_FOUND']);
  const removed = await ask(name, 'DELETE');
  expect([removed.status, removed.headers.get('allow')]).toEqual([405, 'GET, HEAD, PUT']);
  const large = await ask(name, 'PUT', { body: Buffer.alloc(LIMIT + 1) });
  expect([large.status, await codeOf(large)]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
});

test('an old artifact that is written again stays for another day', async () => {
  const { digest, content } = blobOf(randomBytes(CHUNK + 1));
  await broker.artifacts.put(digest, content);
  const { last_seq: before } = await streams.state('ARTIFACTS');
  expect(await broker.artifacts.put(digest, content)).toEqual({ isNew: false });
  expect((await streams.state('ARTIFACTS')).last_seq).toBe(before);
  const writtenAt = (await broker.artifacts.storedAt(digest)) as number;

  const clock = vi.spyOn(broker, 'now').mockReturnValue(broker.now() + 13 * 60 * 60_000);
  expect(await broker.artifacts.put(digest, content).finally(() => clock.mockRestore())).toEqual({
    isNew: false,
  });
  expect((await streams.state('ARTIFACTS')).last_seq).toBe(before + 1);
  expect(await broker.artifacts.storedAt(digest)).toBeGreaterThan(writtenAt);
  expect(Buffer.concat(await Array.fromAsync(broker.artifacts.read(digest)))).toHaveLength(content.bytes);
});

test('a write that is cut off leaves no artifact, and the next one finds its chunks', async () => {
  const { digest, content } = blobOf(randomBytes(5 * CHUNK));
  await expect(broker.artifacts.put(digest, failingAt(3, content))).rejects.toThrow('the reader was cut off');
  expect(await broker.artifacts.has(digest)).toBe(false);
  expect(await Array.fromAsync(broker.artifacts.list())).toContainEqual(
    expect.objectContaining({ digest, bytes: undefined, storedAt: expect.any(Number) }),
  );
  const { last_seq: before } = await streams.state('ARTIFACTS');
  expect(await broker.artifacts.put(digest, content)).toEqual({ isNew: true });
  // Two chunks and the end.
  expect((await streams.state('ARTIFACTS')).last_seq).toBe(before + 3);
  expect(await broker.artifacts.find(digest)).toMatchObject({ digest, bytes: content.bytes });
  expect(await Array.fromAsync(broker.artifacts.list())).toContainEqual(
    expect.objectContaining({ digest, bytes: content.bytes }),
  );
});

test('two processes may store the same artifact at once, also while it is removed', async () => {
  const { digest, content } = blobOf(randomBytes(6 * CHUNK));
  await Promise.all([
    ask(digest, 'PUT', { body: content.read(0, content.bytes) as Buffer<ArrayBuffer> }),
    broker.artifacts.put(digest, content),
  ]);
  expect(await broker.artifacts.has(digest)).toBe(true);
  await broker.artifacts.remove(digest);
  let isRemoved = false;
  const read = async (from: number, to: number) => {
    if (from === 4 * CHUNK && !isRemoved) {
      isRemoved = true;
      await broker.artifacts.remove(digest);
    }
    return content.read(from, to);
  };
  await broker.artifacts.put(digest, { ...content, read });
  expect(isRemoved).toBe(true);
  expect((await partsOf(digest)).length).toBe(7);
});

test('an artifact whose content is damaged is told as such, and can be stored again', async () => {
  const { digest, content } = blobOf(randomBytes(2 * CHUNK));
  await broker.artifacts.put(digest, content);
  await streams.purge('ARTIFACTS', subjects.artifactChunk(digest, 1));
  await streams.publish(subjects.artifactChunk(digest, 1), 'x'.repeat(CHUNK));
  await expect(Array.fromAsync(broker.artifacts.read(digest))).rejects.toThrow('is another content');
  // A reader has removed it, so that it can be stored rightly.
  expect(await partsOf(digest)).toEqual([]);
  expect(await broker.artifacts.put(digest, content)).toEqual({ isNew: true });
});

test('an artifact that is not there, or lacks a chunk, is told as such', async () => {
  const { digest, content } = blobOf(randomBytes(2 * CHUNK));
  await expect(Array.fromAsync(broker.artifacts.read(digest))).rejects.toThrow(
    `There is no artifact ${digest}`,
  );
  await broker.artifacts.put(digest, content);
  await streams.purge('ARTIFACTS', subjects.artifactChunk(digest, 0));
  const response = await ask(digest, 'GET');
  expect([response.status, await codeOf(response)]).toEqual([404, 'BLOB_NOT_FOUND']);
  // The rest of it is still there.
  expect(await broker.artifacts.put(digest, content)).toEqual({ isNew: true });
  expect((await ask(digest, 'GET')).status).toBe(200);
});

test('content with another digest than its name is refused, and leaves nothing', async () => {
  const { content } = blobOf(randomBytes(2 * CHUNK));
  const name = '1'.repeat(64);
  await expect(broker.artifacts.put(name, content)).rejects.toThrow('must have that SHA-256');
  expect(await partsOf(name)).toEqual([]);
});

test('a write goes on after the broker was killed and has restarted', async () => {
  const { digest, content } = blobOf(randomBytes(4 * CHUNK));
  let restarting: Promise<void> | undefined;
  const read = async (from: number, to: number) => {
    if (from === 2 * CHUNK && restarting === undefined) {
      await nats.kill();
      restarting = nats.restart();
    }
    return content.read(from, to);
  };
  await broker.artifacts.put(digest, { ...content, read });
  await restarting;
  const response = await eventually(
    () => ask(digest, 'GET'),
    ({ status }) => status === 200,
  );
  expect(digestOf(new Uint8Array(await response.arrayBuffer()))).toBe(digest);
  // The inspector connects again by itself, for the tests that come after this one.
  await eventually(
    () => streams.state('ARTIFACTS').catch(() => undefined),
    (state) => state !== undefined,
  );
});

test('artifacts have no age, and a full store refuses one before anything of it is stored', async () => {
  for (;;) {
    const { digest, content } = blobOf(randomBytes(LIMIT));
    const before = await streams.state('ARTIFACTS');
    const response = await ask(digest, 'PUT', { body: content.read(0, LIMIT) as Buffer<ArrayBuffer> });
    if (response.status === 201) continue;
    expect([response.status, await codeOf(response)]).toEqual([507, 'BLOB_STORE_FULL']);
    expect((await streams.state('ARTIFACTS')).last_seq).toBe(before.last_seq);
    break;
  }
  await expect(
    broker.artifacts.put(digestOf(Buffer.alloc(LIMIT)), blobOf(Buffer.alloc(LIMIT)).content),
  ).rejects.toMatchObject({ code: 'BLOB_STORE_FULL' });
  for await (const { digest } of broker.artifacts.list()) await broker.artifacts.remove(digest);
  expect((await streams.state('ARTIFACTS')).messages).toBe(0);
  expect(await streams.maxAge('ARTIFACTS')).toBe(0);
});

test('artifacts are at the broker of the blobs', async () => {
  await using own = await startNats();
  await using apart = await startGateway(nats, { ...LIMITS, BLOBS_NATS_URL: own.url });
  const bytes = randomBytes(CHUNK);
  const digest = digestOf(bytes);
  expect((await ask(digest, 'PUT', { body: bytes, at: apart })).status).toBe(201);
  expect(await partsOf(digest)).toEqual([]);
  await using owned = await inspectStreams(own);
  expect((await owned.state('ARTIFACTS')).messages).toBe(2);
});
