/** Large values of tasks: they travel as blobs, which are checked before a task is accepted and read before it runs. */
import { createHash } from 'node:crypto';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BLOB_CHUNK_BYTES, storedBytesOf } from '../../src/contract/blob.ts';
import { subjects } from '../../src/contract/subjects.ts';
import type { Task } from '../../src/contract/task.ts';
import { Catalog } from '../../src/models/catalog.ts';
import type { Model } from '../../src/models/models.ts';
import { readConfig } from '../../src/process/config.ts';
import type { Offering } from '../../src/rollout/offering.ts';
import { type GatewayTasks, openGatewayTasks } from '../../src/tasks/gatewayTasks.ts';
import type { TaskOptions } from '../../src/tasks/taskOptions.ts';
import { eventually } from '../support/eventually.ts';
import { type Broker, openTestBroker } from '../support/jobs.ts';
import { SILENT } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';
import { writeTensorModel } from '../support/tensorModel.ts';

const OWNER = 'anonymous';
const METERED = 'metered';
const KIB = 1024;

let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;
let nats: NatsServer;
let gateway: Gateway;
let worker: Process;
let broker: Broker;
let model: Model;
let tasks: GatewayTasks;

beforeAll(async () => {
  folder = await mkdtempDisposable(`${tmpdir()}/tidings-tensors-`);
  await writeTensorModel(folder.path, 'doubles');
  const env = { MODELS_DIR: folder.path };
  nats = await startNats();
  [gateway, worker] = await Promise.all([startGateway(nats, env), startWorker(nats, env)]);
  broker = await openTestBroker(nats);
  const { models } = await Catalog.open(folder.path, SILENT);
  model = models[0] as Model;
  tasks = await openGatewayTasks({
    broker,
    blobStore: broker.blobs,
    home: '0a0b0c0e',
    models,
    offering: { choose: () => ({ version: '1' }) } as unknown as Offering,
    limits: readConfig({}),
    quotasOf: (owner) => (owner === METERED ? { blobBytes: 3_200 * KIB } : {}),
    quotasOfKey: () => ({}),
    actualsOf: () => 0,
    log: SILENT,
  });
});

afterAll(async () => {
  tasks?.[Symbol.dispose]();
  for (const started of [broker, gateway, worker, nats]) await started?.[Symbol.asyncDispose]();
  await folder?.remove();
});

function floats(count: number, first = 0): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => first + i / 8);
}

function bytesOf(numbers: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(numbers.buffer);
}

function inline(numbers: Float32Array<ArrayBuffer>) {
  return { shape: [numbers.length], base64: bytesOf(numbers).toBase64() };
}

async function upload(numbers: Float32Array<ArrayBuffer>): Promise<string> {
  const response = await fetch(new URL('/blobs', gateway.url), { method: 'PUT', body: bytesOf(numbers) });
  return ((await response.json()) as { blob: string }).blob;
}

function submit(x: unknown, options: TaskOptions = {}, owner = OWNER) {
  const asked = { model, owner, trace: undefined, gone: undefined };
  return tasks.submissions.submit({ ...asked, options: { waitMs: 5_000, ...options }, input: { x } });
}

async function outputOf({ id }: Task, query = '', headers: Readonly<Record<string, string>> = {}) {
  return fetch(new URL(`/tasks/${id}/outputs/y${query}`, gateway.url), { headers });
}

async function numbersIn(response: Response): Promise<Float32Array> {
  return new Float32Array(await response.arrayBuffer());
}

test('a small tensor travels in messages, and its output can be read as bytes and in NumPy’s format', async () => {
  const before = await blobMessages();
  const task = await submit(inline(floats(4)));
  expect(task).toMatchObject({ state: 'SUCCEEDED', prediction: { y: { shape: [4] }, echo: 1 } });
  expect(await blobMessages()).toBe(before);
  expect(await numbersIn(await outputOf(task))).toEqual(Float32Array.of(0, 0.25, 0.5, 0.75));
  const npy = Buffer.from(await (await outputOf(task, '?format=npy')).arrayBuffer());
  expect(npy.toString('latin1', 1, 6)).toBe('NUMPY');
  const headerEnd = 10 + npy.readUInt16LE(8);
  expect(headerEnd % 64).toBe(0);
  expect(npy.toString('latin1', 10, headerEnd).trimEnd()).toBe(
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }",
  );
  expect(npy.readFloatLE(headerEnd + 12)).toBe(0.75);
  const part = await outputOf(task, '?format=npy', { range: `bytes=${headerEnd - 1}-${headerEnd + 3}` });
  expect(Buffer.from(await part.arrayBuffer())).toEqual(npy.subarray(headerEnd - 1, headerEnd + 4));
});

test('a large tensor becomes a blob on its way in, and its output on the way out', async () => {
  const numbers = floats(200 * KIB);
  const task = await submit(inline(numbers));
  const doubled = numbers.map((number) => 2 * number);
  const digest = createHash('sha256').update(bytesOf(doubled)).digest('hex');
  expect(task).toMatchObject({
    state: 'SUCCEEDED',
    prediction: { y: { shape: [200 * KIB], blob: digest, bytes: 800 * KIB } },
  });
  const response = await outputOf(task);
  expect(response.headers.get('etag')).toBe(`"${digest}"`);
  expect(await numbersIn(response)).toEqual(doubled);
  expect((await outputOf(task, '', { range: 'bytes=4-7' })).status).toBe(206);
});

test('a client names a blob that it has stored', async () => {
  const numbers = floats(1000, 5);
  const blob = await upload(numbers);
  const task = await submit({ shape: [1000], blob });
  expect(await numbersIn(await outputOf(task))).toEqual(numbers.map((number) => 2 * number));
});

test('the large values of row batches are blobs, too, and each row has its output', async () => {
  const rows = [floats(70 * KIB), floats(70 * KIB, 1), floats(2)];
  const inputs = rows.map((row) => ({ x: inline(row) }));
  const asked = { model, owner: OWNER, trace: undefined, gone: undefined };
  const task = await tasks.submissions.submitRowBatch({ ...asked, options: { waitMs: 5_000 }, inputs });
  expect(task).toMatchObject({ state: 'SUCCEEDED', batch: { rowsDone: 3, rowsFailed: 0 } });
  for (const [row, numbers] of rows.entries()) {
    const response = await fetch(new URL(`/tasks/${task.id}/rows/${row}/outputs/y`, gateway.url));
    expect(await numbersIn(response)).toEqual(numbers.map((number) => 2 * number));
  }
  const beyond = await fetch(new URL(`/tasks/${task.id}/rows/3/outputs/y`, gateway.url));
  expect(beyond.status).toBe(404);
});

test('a blob that is not there, of another size, or too old is refused with its field', async () => {
  const missing = '0'.repeat(64);
  await expect(submit({ shape: [2], blob: missing })).rejects.toMatchObject({
    code: 'BLOB_NOT_FOUND',
    details: { field: 'x', value: 'none of that name' },
  });
  const blob = await upload(floats(3));
  await expect(submit({ shape: [2], blob })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: 'x must be a blob of 8 bytes, as its shape says, got 12 bytes',
  });
  const asked = { model, owner: 'bob', trace: undefined, gone: undefined };
  const ofAnother = tasks.submissions.submit({ ...asked, options: {}, input: { x: { shape: [3], blob } } });
  await expect(ofAnother).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
});

test('a request that was accepted is answered with its task, also if its blobs are gone since', async () => {
  const numbers = floats(600, 7);
  const blob = await upload(numbers);
  const options = { waitMs: 0, requestId: 'with-a-blob' };
  const x = { shape: [600], blob };
  const { id } = await submit(x, options);
  const asked = { model, owner: OWNER, trace: undefined, gone: undefined };
  const batch = { ...asked, options: { requestId: 'rows-with-a-blob' }, inputs: [{ x }] };
  const ofRows = await tasks.submissions.submitRowBatch(batch);
  await using streams = await inspectStreams(nats);
  await streams.purge('BLOBS', subjects.blobEnd(OWNER, blob));
  expect((await submit(x, options)).id).toBe(id);
  // The same content in another form is the same question.
  expect((await submit(inline(numbers), options)).id).toBe(id);
  await streams.purge('BLOBS', subjects.blobEnd(OWNER, blob));
  expect((await tasks.submissions.submitRowBatch(batch)).id).toBe(ofRows.id);
  await expect(submit(x, { requestId: 'another' })).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
});

test('what the outputs of a task can take counts for its owner from the start, and is refused beyond its quota', async () => {
  const numbers = floats(200 * KIB, 1);
  const bytes = storedBytesOf(800 * KIB);
  const usedBytes = () =>
    tasks.quotas.report({ owner: METERED }).find(({ name }) => name === 'blobBytes')?.used;
  await submit(inline(numbers), {}, METERED);
  // Its input and its output.
  expect(usedBytes()).toBe(2 * bytes);
  await expect(submit(inline(floats(260 * KIB, 2)), {}, METERED)).rejects.toMatchObject({
    code: 'OWNER_QUOTA',
  });
});

test('rows whose outputs do not fit into the store fail alone, in tasks of their own and in a batch', async () => {
  const large = (first: number) => inline(floats(70 * KIB, first));
  const inputs = [{ x: large(11) }, { x: inline(floats(2)) }, { x: large(12) }];
  await using streams = await inspectStreams(nats);
  const asked = { model, owner: OWNER, trace: undefined, gone: undefined };
  /** The ends of what is submitted, with room for one large output: a chunk and its end, and the chunk of another. */
  const endsWithLittleRoom = async (work: () => Promise<readonly Task[]>): Promise<readonly Task[]> => {
    worker.kill('SIGSTOP');
    const submitted = await work();
    await streams.limit('BLOBS', (await blobMessages()) + 3);
    worker.kill('SIGCONT');
    try {
      return await Promise.all(submitted.map(({ id }) => ended(id)));
    } finally {
      await streams.limit('BLOBS', -1);
    }
  };
  const ended = (id: string) =>
    eventually(
      () => tasks.tasks.find(id, OWNER),
      ({ state }) => state !== 'QUEUED' && state !== 'RUNNING',
    );
  const [batch] = await endsWithLittleRoom(async () => [
    await tasks.submissions.submitRowBatch({ ...asked, options: {}, inputs }),
  ]);
  expect(batch).toMatchObject({ state: 'SUCCEEDED', batch: { rowsDone: 3, rowsFailed: 1 } });
  const { errors } = await tasks.tasks.page(batch as Task, { first: 3, after: 0 });
  expect(errors).toMatchObject([{ code: 'BLOB_STORE_FULL' }]);
  const alone = await endsWithLittleRoom(() =>
    Promise.all([submit(large(21), { waitMs: 0 }), submit(large(22), { waitMs: 0 })]),
  );
  expect(alone.map(({ state }) => state).toSorted()).toEqual(['FAILED', 'SUCCEEDED']);
  expect(alone.find(({ state }) => state === 'FAILED')).toMatchObject({ error: { code: 'BLOB_STORE_FULL' } });
});

test('after a chunk that cannot be read no further one of the blob is written', async () => {
  let reading = 0;
  const asked: number[] = [];
  const read = async (from: number) => {
    asked.push(from / BLOB_CHUNK_BYTES);
    reading++;
    await blobMessages();
    reading--;
    if (from === BLOB_CHUNK_BYTES) throw new Error('the reader was cut off');
    return new Uint8Array(BLOB_CHUNK_BYTES);
  };
  const content = { bytes: 40 * BLOB_CHUNK_BYTES, mediaType: 'a/b', read };
  await expect(broker.blobs.put(OWNER, '2'.repeat(64), content)).rejects.toThrow('the reader was cut off');
  expect(reading).toBe(0);
  expect(Math.max(...asked)).toBeLessThan(20);
  expect(await broker.blobs.find(OWNER, '2'.repeat(64))).toBeUndefined();
});

test('a blob with an element that its field refuses fails its row alone', async () => {
  const blob = await upload(Float32Array.of(1, Number.NaN));
  expect(await submit({ shape: [2], blob })).toMatchObject({
    state: 'FAILED',
    error: { code: 'INVALID_INPUT', message: 'x must be finite numbers, got NaN at index 1' },
  });
});

test('a row whose blob is gone when it runs fails with a typed error', async () => {
  const numbers = floats(500, 9);
  const blob = await upload(numbers);
  await using streams = await inspectStreams(nats);
  worker.kill('SIGSTOP');
  const { id } = await submit({ shape: [500], blob }, { waitMs: 0 });
  await streams.purge('BLOBS', subjects.blobChunk(OWNER, blob, 0));
  worker.kill('SIGCONT');
  const task = await eventually(
    () => tasks.tasks.find(id, OWNER),
    ({ state }) => state !== 'QUEUED' && state !== 'RUNNING',
  );
  expect(task).toMatchObject({ state: 'FAILED', error: { code: 'BLOB_GONE' } });
  expect(task.error?.message).toContain(`x must be a blob that is there until the task ends, got ${blob}`);
});

test('a worker that is killed with blobs under way loses no task', async () => {
  const submitted: Task[] = [];
  for (let i = 0; i < 6; i++) submitted.push(await submit(inline(floats(300 * KIB, i)), { waitMs: 0 }));
  worker.kill('SIGKILL');
  await worker.ended;
  worker = await startWorker(nats, { MODELS_DIR: folder.path });
  for (const [i, { id }] of submitted.entries()) {
    const task = await eventually(
      () => tasks.tasks.find(id, OWNER),
      ({ state }) => state === 'SUCCEEDED',
    );
    const [first] = await numbersIn(await outputOf(task, '', { range: 'bytes=0-3' }));
    expect(first).toBe(2 * i);
  }
});

test('an output that is none, or of a task that has not ended, is refused', async () => {
  const task = await submit(inline(floats(1)));
  const statuses = await Promise.all(
    [
      `${task.id}/outputs/echo`,
      `${task.id}/outputs/z`,
      'nothing/outputs/y',
      `${task.id}/outputs/y?format=png`,
    ].map(async (path) => (await fetch(new URL(`/tasks/${path}`, gateway.url))).status),
  );
  expect(statuses).toEqual([404, 404, 404, 400]);
});

async function blobMessages(): Promise<number> {
  await using streams = await inspectStreams(nats);
  return (await streams.state('BLOBS')).messages;
}
