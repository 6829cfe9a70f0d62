/**
 * Blobs where everything is locked: API keys, HTTPS, brokers with roles, and a broker of their own for blobs. Each owner
 * gets its own over HTTP/2, and no process does what it may not.
 */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CertificateFolder, makeCertificate } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { type Http2Connection, openHttp2 } from '../support/http2Client.ts';
import { startNats } from '../support/natsServer.ts';
import {
  COMPILED,
  type Gateway,
  type Process,
  ROOT,
  startGateway,
  startWorker,
} from '../support/processes.ts';
import { connectByKey, provisionRoles, type RoleNats, startNatsWithRoles } from '../support/roles.ts';
import { writeTensorModel } from '../support/tensorModel.ts';

const KIB = 1024;
const DOUBLE = `mutation ($input: DoubleInput!, $options: TaskOptions) { double(input: $input, options: $options) {
  id state error { message } prediction { ... on Doubled { y { url } } } } }`;

const opened = new AsyncDisposableStack();
let nats: RoleNats;
let own: { readonly url: string };
let gateway: Gateway;
let worker: Process;
let certificate: CertificateFolder;
let connection: Http2Connection;
let shop: string;
let rival: string;
let operator: string;

beforeAll(async () => {
  const folder = opened.use(await mkdtempDisposable(`${tmpdir()}/tidings-access-`));
  await writeTensorModel(folder.path, 'doubles');
  nats = opened.use(await startNatsWithRoles());
  own = opened.use(await startNats({ config: await readFile(join(nats.keys, 'roles.conf'), 'utf8') }));
  certificate = opened.use(await makeCertificate());
  const env = { MODELS_DIR: folder.path, BLOBS_NATS_URL: own.url };
  await provisionRoles(nats, env);
  [gateway, worker] = await Promise.all([
    startGateway(nats, { ...env, ...nats.env('gateway'), ...certificate.env, AUTH: 'keys' }),
    startWorker(nats, { ...env, ...nats.env('worker') }),
  ]);
  opened.use(gateway);
  opened.use(worker);
  connection = opened.use(await openHttp2(gateway.url, await certificate.read()));
  [shop, rival, operator] = (await Promise.all([
    keyFor('--owner', 'shop'),
    keyFor('--owner', 'rival'),
    keyFor('--owner', 'ops', '--role', 'operator'),
  ])) as [string, string, string];
  for (const key of [shop, rival, operator])
    await eventually(
      () => connection.post('{ __typename }', {}, as(key)),
      ({ headers }) => headers[':status'] === 200,
    );
});

afterAll(async () => {
  const outputs = [gateway, worker].map((each) => each?.output() ?? '');
  await opened.disposeAsync();
  for (const output of outputs) expect(output).not.toContain('Permissions Violation');
});

async function keyFor(...args: readonly string[]): Promise<string> {
  const command = ['src/cli/key.ts', 'create', ...args];
  const env = { PATH: process.env.PATH, ...COMPILED, ...nats.env('admin') };
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: ROOT, env });
  return stdout.trimEnd();
}

function as(key: string) {
  return { authorization: `Bearer ${key}` };
}

/** The status and the bytes of an answer. */
async function ask(method: string, path: string, headers: object = {}, body = Buffer.alloc(0)) {
  const asked = { ':method': method, ':path': path, 'content-type': 'application/octet-stream' };
  const stream = connection.begin({ ...asked, ...headers });
  stream.end(body);
  const [answered] = await once(stream, 'response');
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece);
  return { status: answered[':status'], bytes: Buffer.concat(pieces) };
}

test('an owner stores a blob, names it, and reads the output; others get none of them', async () => {
  const numbers = Float32Array.from({ length: 200 * KIB }, (_, i) => i);
  const stored = await ask('PUT', '/blobs', as(shop), Buffer.from(numbers.buffer));
  expect(stored.status).toBe(201);
  const { blob } = JSON.parse(stored.bytes.toString());
  const input = { x: { shape: [numbers.length], data: { blob } } };
  const variables = { input, options: { waitMs: 30_000 } };
  const { data } = JSON.parse((await connection.post(DOUBLE, variables, as(shop))).text);
  expect(data.double).toMatchObject({ state: 'SUCCEEDED', error: null });
  const { url } = data.double.prediction.y;
  const output = await ask('GET', url, as(shop));
  expect(output.bytes.equals(Buffer.from(numbers.map((x) => 2 * x).buffer))).toBe(true);
  for (const path of [url, `/blobs/${blob}`]) {
    expect((await ask('GET', path, as(rival))).status).toBe(404);
    expect((await ask('GET', path)).status).toBe(401);
  }
  const refused = JSON.parse((await connection.post(DOUBLE, variables, as(rival))).text);
  expect(refused.errors).toMatchObject([{ extensions: { code: 'BLOB_NOT_FOUND', field: 'x' } }]);
});

test('artifacts are for operators, and lie at the broker of the blobs', async () => {
  const bytes = randomBytes(600 * KIB);
  const path = `/artifacts/${createHash('sha256').update(bytes).digest('hex')}`;
  expect((await ask('PUT', path, as(shop), bytes)).status).toBe(403);
  expect((await ask('PUT', path, as(operator), bytes)).status).toBe(201);
  expect((await ask('GET', path, as(shop))).status).toBe(403);
  expect((await ask('GET', path, as(operator))).bytes.equals(bytes)).toBe(true);
  expect(await streamsAt(own.url)).toEqual(['ARTIFACTS', 'BLOBS', 'WRITE_PROBE']);
  expect((await streamsAt(nats.url)).filter((name) => ['ARTIFACTS', 'BLOBS'].includes(name))).toEqual([]);
});

/** The streams of tasks that a broker has. */
async function streamsAt(url: string): Promise<readonly string[]> {
  const observer = await connectByKey(url, join(nats.keys, 'observer.nk'), 'observer');
  try {
    const manager = await jetstreamManager(observer);
    return (await Array.fromAsync(manager.streams.names())).toSorted();
  } finally {
    await observer.close();
  }
}

test('nothing is stored of an upload whose stream is reset', async () => {
  const bytes = randomBytes(3 * KIB * KIB);
  const stream = connection.begin({ ':method': 'PUT', ':path': '/blobs', ...as(shop) });
  stream.write(bytes.subarray(0, KIB * KIB));
  await once(stream, 'drain').catch(() => {});
  stream.close();
  const digest = createHash('sha256').update(bytes).digest('hex');
  expect((await ask('PUT', '/blobs', as(shop), Buffer.from('another'))).status).toBe(201);
  expect((await ask('GET', `/blobs/${digest}`, as(shop))).status).toBe(404);
});
