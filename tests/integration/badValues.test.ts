/** Large numbers of bad tensors, pictures, texts and blobs: each is refused with its field, and nothing of it stays. */
import { randomBytes } from 'node:crypto';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BLOB_CHUNK_BYTES, blobOf } from '../../src/contract/blob.ts';
import { subjects } from '../../src/contract/subjects.ts';
import type { Answer } from '../support/client.ts';
import { type Broker, openTestBroker } from '../support/jobs.ts';
import { png } from '../support/media.ts';
import { goldenMedia, writeMediaModel } from '../support/mediaModel.ts';
import { residentBytes } from '../support/memory.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';
import { writeTensorModel } from '../support/tensorModel.ts';

const MIB = 1024 * 1024;
/** Requests of each kind. With those of all kinds, the gateway has 1,040 while its memory is watched. */
const REQUESTS = 80;
/** Requests of each kind after which its code is loaded and warm. */
const FIRST_REQUESTS = 20;
const AT_ONCE = 20;
/** The gateway may grow by so much: garbage of the last requests, and nothing that grows with their number. */
const BOUND = 48 * MIB;
const OPTIONS = { waitMs: 30_000 };
const DOUBLE = `mutation ($input: DoubleInput!, $options: TaskOptions) { double(input: $input, options: $options) {
  state error { code message } } }`;
const ECHO = `mutation ($input: MediaInput!, $options: TaskOptions) { echoMedia(input: $input, options: $options) {
  state error { code message } } }`;

let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;
let nats: NatsServer;
let broker: Broker;
let gateway: Gateway;
let worker: Process;
let media: Readonly<Record<string, unknown>>;
let ofAnother: string;
let halfThere: string;

beforeAll(async () => {
  folder = await mkdtempDisposable(`${tmpdir()}/tidings-bad-`);
  await writeTensorModel(folder.path, 'doubles');
  const golden = await goldenMedia();
  await writeMediaModel(folder.path, golden);
  media = { ...golden.input, boxes: { values: new Array(12).fill(0) } };
  nats = await startNats();
  const env = { MODELS_DIR: folder.path };
  broker = await openTestBroker(nats, env);
  [gateway, worker] = await Promise.all([startGateway(nats, env), startWorker(nats, env)]);
  const bytes = blobOf(randomBytes(2 * BLOB_CHUNK_BYTES));
  await broker.blobs.put('bob', bytes.digest, bytes.content);
  ofAnother = bytes.digest;
  const half = blobOf(randomBytes(BLOB_CHUNK_BYTES + 4));
  await broker.blobs.put('anonymous', half.digest, half.content);
  halfThere = half.digest;
  await using streams = await inspectStreams(nats);
  await streams.purge('BLOBS', subjects.blobChunk('anonymous', halfThere, 0));
});

afterAll(async () => {
  for (const started of [broker, gateway, worker, nats]) await started?.[Symbol.asyncDispose]();
  await folder?.remove();
});

interface Kind {
  /** The body of one request. Each is another one. */
  readonly body: (i: number) => string | Buffer<ArrayBuffer>;
  readonly code: string;
  readonly message: RegExp;
}

function bodyOf(query: string, input: object): string {
  return JSON.stringify({ query, variables: { input, options: OPTIONS } });
}

/** @param x the shape, and the data in one of the forms of a `TensorInput`. */
function tensor(
  x: (i: number) => readonly [size: number, data: object],
  code: string,
  message: RegExp,
): Kind {
  const input = (i: number) => {
    const [size, data] = x(i);
    return { x: { shape: [size], data } };
  };
  return { body: (i) => bodyOf(DOUBLE, input(i)), code, message };
}

function medium(change: (i: number) => object, code: string, message: RegExp): Kind {
  return { body: (i) => bodyOf(ECHO, { ...media, ...change(i) }), code, message };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

const ZEROS = new Float32Array(2_000);

const KINDS: Readonly<Record<string, Kind>> = {
  'a wrong shape': tensor((i) => [i + 3, { values: [1, 2] }], 'BAD_USER_INPUT', /^x must be /),
  'a wrong number of bytes': tensor(
    (i) => [2_001 + i, { base64: base64(new Uint8Array(ZEROS.buffer)) }],
    'BAD_USER_INPUT',
    /^x must be .*bytes/,
  ),
  'bytes of another element type': tensor(
    () => [1_000, { base64: base64(new Uint8Array(new Float64Array(1_000).buffer)) }],
    'BAD_USER_INPUT',
    /^x must be .*bytes/,
  ),
  NaN: tensor(
    (i) => [2_000, { base64: base64(new Uint8Array(ZEROS.with(i, Number.NaN).buffer)) }],
    'BAD_USER_INPUT',
    /^x must be finite numbers, got NaN at index/,
  ),
  'base64 with rubbish': tensor(
    (i) => [2_000, { base64: `${base64(new Uint8Array(ZEROS.buffer))}$${i}` }],
    'BAD_USER_INPUT',
    /^x must be base64/,
  ),
  'a blob that is gone': tensor(
    (i) => [2, { blob: String(i).padStart(64, '0') }],
    'BLOB_NOT_FOUND',
    /^x must be a blob of yours/,
  ),
  'a blob of another owner': tensor(
    () => [BLOB_CHUNK_BYTES / 2, { blob: ofAnother }],
    'BLOB_NOT_FOUND',
    /^x must be a blob of yours/,
  ),
  'a blob that is half there': tensor(
    () => [BLOB_CHUNK_BYTES / 4 + 1, { blob: halfThere }],
    'BLOB_GONE',
    /^x must be a blob that is there until the task ends/,
  ),
  'a picture that is none': medium(
    (i) => ({ picture: { base64: base64(Buffer.from(`no picture ${i} ${'x'.repeat(5_000)}`)) } }),
    'BAD_USER_INPUT',
    /^picture must be a picture/,
  ),
  'a broken picture': medium(
    (i) => ({ picture: { base64: base64(Buffer.concat([png({ width: 9, height: 9 }), Buffer.alloc(i)])) } }),
    'INVALID_INPUT',
    /^picture must be a whole picture/,
  ),
  'a bomb of pixels': medium(
    (i) => ({ picture: { base64: base64(png({ width: 30_000 + i, height: 30_000 })) } }),
    'BAD_USER_INPUT',
    /^picture must be a picture of at most 1000000 pixels/,
  ),
  'a text with NUL': medium((i) => ({ note: `${i}\0` }), 'BAD_USER_INPUT', /^note must be a text .*NUL/),
  'a text that is no UTF-8': {
    body: (i) => Buffer.from(bodyOf(ECHO, { ...media, note: `naïf ${i}` }), 'latin1'),
    code: 'BAD_REQUEST',
    message: /UTF-8/,
  },
};

async function refusal({ body }: Kind, i: number) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(gateway.url, { method: 'POST', headers, body: body(i) });
  const { data, errors } = (await response.json()) as Answer;
  const [error] = errors ?? [];
  if (error !== undefined) return { code: error.extensions.code, message: error.message };
  const [task] = Object.values(data ?? {}) as { error: { code: string; message: string } | null }[];
  return task?.error ?? { code: 'none', message: '' };
}

async function refusals(kind: Kind, count: number): Promise<void> {
  let next = 0;
  const client = async () => {
    while (next < count) {
      const { code, message } = await refusal(kind, next++);
      expect(code).toBe(kind.code);
      expect(message).toMatch(kind.message);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
}

test.each(Object.entries(KINDS))('each request with %s is refused with the reason', async (_, kind) => {
  await refusals(kind, FIRST_REQUESTS);
});

test.runIf(process.platform === 'linux')(
  'the memory of the gateway is flat under 1,000 requests with bad values of all kinds',
  async () => {
    for (const kind of Object.values(KINDS)) await refusals(kind, FIRST_REQUESTS);
    const before = await residentBytes(gateway.pid);
    for (const kind of Object.values(KINDS)) await refusals(kind, REQUESTS);
    expect((await residentBytes(gateway.pid)) - before).toBeLessThan(BOUND);
  },
);
