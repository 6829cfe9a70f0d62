/** Tasks with tensors, from the queue through a worker to their ends. All of them wait before the worker starts. */
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChunkJob } from '../../src/contract/messages/job.ts';
import type { FinishedTask } from '../../src/contract/task.ts';
import { ELEMENT_BYTES, elementsOf } from '../../src/contract/tensor.ts';
import type { Value, Values } from '../../src/contract/values.ts';
import { bytesIn, type Elements } from '../../src/models/elements.ts';
import { eventually } from '../support/eventually.ts';
import {
  addressOf,
  type Broker,
  bundleOfJobs,
  type Job,
  jobFor,
  openTestBroker,
  resultOf,
  storeBundles,
  together,
} from '../support/jobs.ts';
import { startNats } from '../support/natsServer.ts';
import { startWorker } from '../support/processes.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';
import { ECHOED, writeTensorModels } from '../support/tensorModels.ts';

let opened: AsyncDisposableStack;
let broker: Broker;
let streams: StreamInspector;
let lengths: Queued;
let unpadded: Queued;
let triples: Queued;
let states: Queued;
let singles: Queued;
let echoes: Queued;
let chunk: ChunkJob;

/** Tasks of one bundle. */
interface Queued {
  readonly jobs: readonly Job[];
}

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  const folder = opened.use(await mkdtempDisposable(join(tmpdir(), 'tidings-models-')));
  await writeTensorModels(folder.path);
  const nats = opened.use(await startNats());
  const env = { MODELS_DIR: folder.path };
  broker = opened.use(await openTestBroker(nats, env));
  streams = opened.use(await inspectStreams(nats));
  lengths = await queue(
    'masked',
    [5, 1, 4, 8, 3, 2].map((length) => ({ x: floats([length], counted(length)) })),
  );
  unpadded = await queue(
    'varying',
    [2, 0, 3, 2, 3, 2].map((length) => ({ x: ints(counted(length)) })),
  );
  triples = await queue(
    'triple',
    [1, 2, 3, 4].map((x) => ({ x: floats([2], [x, 10 * x]) })),
  );
  states = await queue(
    'state',
    [1, 2, 3].map((x) => ({ x: floats([1], [x]), state: floats([2, 1], [10 * x, 20 * x]) })),
  );
  singles = await queue(
    'alone',
    [1, 2].map((width) => ({ x: floats([2, width], counted(2 * width)) })),
  );
  echoes = await queue('echo', [2, 1].map(echoInput));
  chunk = await queueRowBatch(
    'masked',
    [7, 2, 3].map((length) => floats([length], counted(length))),
  );
  opened.use(await startWorker(nats, env));
});

afterAll(() => opened?.[Symbol.asyncDispose]());

async function queue(model: string, inputs: readonly Values[]): Promise<Queued> {
  const jobs = together(inputs.map((input) => jobFor(broker, { model, input })));
  await storeBundles(broker, [bundleOfJobs(jobs)]);
  return { jobs };
}

async function queueRowBatch(model: string, column: readonly Value[]): Promise<ChunkJob> {
  const { input: _, ...header } = jobFor(broker, { model, input: {} });
  const batch = { rowCount: column.length, rowsPerChunk: 1_000 };
  await broker.storeRowBatchJob({ ...header, batch }, addressOf(header));
  const job: ChunkJob = { ...header, batch, chunk: 0, columns: { x: column } };
  await broker.chunks.storeJob(job, addressOf(header));
  return job;
}

function ends({ jobs }: Queued): Promise<readonly (FinishedTask | undefined)[]> {
  return Promise.all(jobs.map((job) => resultOf(streams, job)));
}

async function predictions(queued: Queued) {
  return (await ends(queued)).map((end) => end?.prediction ?? end);
}

function counted(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

function bytes(shape: readonly number[], elements: Elements) {
  return { shape, base64: bytesIn(elements).toBase64() };
}

function floats(shape: readonly number[], numbers: readonly number[]) {
  return bytes(shape, Float32Array.from(numbers));
}

function ints(numbers: readonly number[]) {
  return bytes([numbers.length], Int32Array.from(numbers));
}

/** Bytes of no particular meaning, NaN among them. */
function echoInput(width: number): Values {
  const shape = [2, width];
  return Object.fromEntries(
    Object.entries(ECHOED).map(([name, type]) => {
      if (type === 'string') return [name, { shape, texts: counted(2 * width).map((i) => `é${i}`) }];
      const size = elementsOf(shape) * ELEMENT_BYTES[type];
      const data = Uint8Array.from({ length: size }, (_, i) => (type === 'bool' ? i % 2 : 251 - 3 * i));
      return [name, { shape, base64: data.toBase64() }];
    }),
  );
}

describe('a task with tensors', () => {
  test('gets every element type back as it was given', async () => {
    const answers = await predictions(echoes);
    for (const [i, { input }] of echoes.jobs.entries())
      expect(answers[i]).toEqual(
        Object.fromEntries(Object.entries(input).map(([name, value]) => [`${name}Out`, value])),
      );
  });

  test('of any size gets its own answer: it is padded, the padding is masked, and the answer is cut back', async () => {
    const found = await ends(lengths);
    const wanted = [5, 1, 4, 8, 3, 2].map((length) => ({
      mean: (length + 1) / 2,
      doubled: floats(
        [length],
        counted(length).map((x) => 2 * x),
      ),
    }));
    expect(found.map((end) => end?.prediction)).toEqual(wanted);
    // Those of up to four elements share a run, and so do the longer ones.
    expect(found.map((end) => end?.timings?.batchSize)).toEqual([2, 4, 4, 2, 4, 4]);
  });

  test('runs with tasks of its own size where nothing is padded', async () => {
    const found = await ends(unpadded);
    const wanted = [2, 0, 3, 2, 3, 2].map((length) => ({ y: ints(counted(length).map((x) => 2 * x)) }));
    expect(found.map((end) => end?.prediction)).toEqual(wanted);
    expect(found.map((end) => end?.timings?.batchSize)).toEqual([3, 1, 2, 3, 2, 3]);
  });

  test('is answered by a graph that takes three rows, also alone', async () => {
    const found = await ends(triples);
    const wanted = [1, 2, 3, 4].map((x) => ({ y: floats([2], [2 * x, 20 * x]) }));
    expect(found.map((end) => end?.prediction)).toEqual(wanted);
    expect(found.map((end) => end?.timings?.batchSize)).toEqual([3, 3, 3, 1]);
  });

  test('gets its own state where rows lie on the second axis', async () => {
    expect(await predictions(states)).toEqual(
      [1, 2, 3].map((x) => ({ state: floats([2, 1], [11 * x, 21 * x + 100]) })),
    );
  });

  test('has a run of its own where the graph has no batch axis', async () => {
    expect(await predictions(singles)).toEqual(
      [1, 2].map((width) => ({
        y: floats(
          [2, width],
          counted(2 * width).map((x) => 2 * x),
        ),
      })),
    );
  });
});

test('a row batch may have rows of different shapes', async () => {
  const result = await eventually(
    () => broker.chunks.read(chunk.taskId, chunk.batch, 0),
    (found) => found !== undefined,
  );
  expect(result?.columns).toEqual({
    mean: [4, 1.5, 2],
    doubled: [7, 2, 3].map((length) =>
      floats(
        [length],
        counted(length).map((x) => 2 * x),
      ),
    ),
  });
});
