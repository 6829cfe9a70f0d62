/** Large values through the whole line: stored, named in a mutation, read by a worker, and read back as an output. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fieldOf, post } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { goldenMedia, SIDE, writeMediaModel } from '../support/mediaModel.ts';
import { peakGrowth } from '../support/memory.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';
import { writeTensorModel } from '../support/tensorModel.ts';

const MIB = 1024 * 1024;
/**
 * The gateway has pieces of a value in hand, and garbage of them that is not collected yet: 50 to 85 MiB were seen. With the
 * whole value in memory, once on its way in and once on its way out, it would be beyond this.
 */
const GATEWAY_BOUND = 128 * MIB;
/** The worker has what it reads, what it sends to its session, the answer, and garbage of chunks: 3 to 5 times was seen. */
const WORKER_BOUND_TIMES = 7;
const LIMITS = { maxPixels: 10_000_000, maxBytes: 32 * MIB };
const DOUBLE = `mutation ($input: DoubleInput!, $options: TaskOptions) { double(input: $input, options: $options) { id } }`;
const ECHO = `mutation ($input: MediaInput!, $options: TaskOptions) { echoMedia(input: $input, options: $options) { id } }`;
const TASK = 'query ($id: ID!) { task(id: $id) { id state error { code message } } }';

interface TaskView {
  readonly id: string;
  readonly state: string;
  readonly error: { readonly code: string; readonly message: string } | null;
}

let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;
let nats: NatsServer;
let gateway: Gateway;
let worker: Process;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = await mkdtempDisposable(`${tmpdir()}/tidings-large-`);
  await writeTensorModel(folder.path, 'doubles');
  await writeMediaModel(folder.path, await goldenMedia(), LIMITS);
  nats = await startNats();
  env = { MODELS_DIR: folder.path };
  [gateway, worker] = await Promise.all([startGateway(nats, env), startWorker(nats, env)]);
});

afterAll(async () => {
  for (const started of [gateway, worker, nats]) await started?.[Symbol.asyncDispose]();
  await folder?.remove();
});

/** Floats of which each pair of neighbours differs. */
function tensorOf(bytes: number): Float32Array<ArrayBuffer> {
  const numbers = new Float32Array(bytes / 4);
  for (let i = 0; i < numbers.length; i++) numbers[i] = i % 65_521;
  return numbers;
}

async function upload(body: Uint8Array<ArrayBuffer>): Promise<string> {
  const response = await fetch(new URL('/blobs', gateway.url), { method: 'PUT', body });
  return ((await response.json()) as { blob: string }).blob;
}

/** @returns the path of an output of a task that has succeeded. */
async function outputOf(mutation: string, input: object, name: string): Promise<string> {
  const submitted = await post(gateway.url, mutation, { input, options: { timeoutMs: 120_000 } });
  const { id } = fieldOf<TaskView>(submitted);
  expect(await endOf(id)).toMatchObject({ state: 'SUCCEEDED', error: null });
  return `/tasks/${id}/outputs/${name}`;
}

function endOf(id: string): Promise<TaskView> {
  return persist(async () => {
    const task = fieldOf<TaskView>(await post(gateway.url, TASK, { id }));
    return ['QUEUED', 'RUNNING'].includes(task.state) ? undefined : task;
  });
}

async function digestAt(path: string): Promise<string> {
  const hash = createHash('sha256');
  const response = await fetch(new URL(path, gateway.url));
  for await (const chunk of response.body ?? []) hash.update(chunk);
  return hash.digest('hex');
}

function doubledDigest(numbers: Float32Array<ArrayBuffer>): string {
  return createHash('sha256')
    .update(new Uint8Array(numbers.map((x) => 2 * x).buffer))
    .digest('hex');
}

async function doubles(bytes: number): Promise<void> {
  const numbers = tensorOf(bytes);
  const blob = await upload(new Uint8Array(numbers.buffer));
  const path = await outputOf(DOUBLE, { x: { shape: [numbers.length], data: { blob } } }, 'y');
  expect(await digestAt(path)).toBe(doubledDigest(numbers));
}

describe.runIf(process.platform === 'linux')('memory', () => {
  test('a tensor of 100 MiB comes back doubled, and gateway and worker stay within their bounds', async () => {
    await doubles(4 * MIB);
    const [ofGateway = 0, ofWorker = 0] = await peakGrowth([gateway, worker], () => doubles(100 * MIB));
    expect(ofGateway).toBeLessThan(GATEWAY_BOUND);
    expect(ofWorker).toBeLessThan(WORKER_BOUND_TIMES * 100 * MIB);
  });

  test('a picture of 20 MB becomes a small one, and gateway and worker stay within their bounds', async () => {
    const side = 2_640;
    const raw = { width: side, height: side, channels: 3 } as const;
    const noise = sharp(randomBytes(side * side * 3), { raw }).png({ compressionLevel: 0 });
    const picture = new Uint8Array(await noise.toBuffer());
    expect(picture.length).toBeGreaterThan(20_000_000);
    const { input } = await goldenMedia();
    const boxes = { values: new Array(12).fill(0) };
    const [ofGateway = 0, ofWorker = 0] = await peakGrowth([gateway, worker], async () => {
      const blob = await upload(picture);
      const path = await outputOf(ECHO, { ...input, boxes, picture: { blob } }, 'pictureOut');
      const url = new URL(path, gateway.url);
      const small = sharp(Buffer.from(await (await fetch(url)).arrayBuffer()));
      expect(await small.metadata()).toMatchObject({ format: 'png', width: SIDE, height: SIDE });
    });
    expect(ofGateway).toBeLessThan(GATEWAY_BOUND);
    expect(ofWorker).toBeLessThan(WORKER_BOUND_TIMES * picture.length);
  });
});

test('gateway, worker and broker are killed while blobs are under way, and each task has its right output', async () => {
  const work = Array.from({ length: 4 }, (_, i) => careful(i));
  const port = new URL(gateway.url).port;
  gateway.kill('SIGKILL');
  await gateway.ended;
  gateway = await startGateway(nats, { ...env, PORT: port });
  await nats.restart();
  worker.kill('SIGKILL');
  await worker.ended;
  worker = await startWorker(nats, env);
  await Promise.all(work);
});

/** A client that repeats each step until it succeeds: the digest and the requestId make that safe. */
async function careful(i: number): Promise<void> {
  const numbers = tensorOf(2 * MIB).fill(i, 0, 1_000);
  const options = { timeoutMs: 120_000, requestId: `careful-${i}` };
  const blob = await persist(() => upload(new Uint8Array(numbers.buffer)));
  const input = { x: { shape: [numbers.length], data: { blob } } };
  const { id } = await persist(async () =>
    fieldOf<TaskView>(await post(gateway.url, DOUBLE, { input, options })),
  );
  expect(await endOf(id)).toMatchObject({ state: 'SUCCEEDED', error: null });
  const digest = doubledDigest(numbers);
  await persist(async () => ((await digestAt(`/tasks/${id}/outputs/y`)) === digest ? true : undefined));
}

/** What a step gives, once it gives something. */
async function persist<T>(step: () => Promise<T | undefined>): Promise<T> {
  const found = await eventually(
    () => step().catch(() => undefined),
    (given) => given !== undefined,
  );
  return found as T;
}
