/** What others than ours wrote to the broker, or newer ones of ours: it harms no batch but its own, and no process. */
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseTaskId } from '../../src/task.ts';
import { BATCH, type BatchView, batchEnd, batchMinutes, batchPage, submitTrips } from '../support/batches.ts';
import { CANCEL_TASK, fieldOf, post, submitTrip, type TaskView } from '../support/client.ts';
import { HOME, openTestBroker, resultOf, tripJob } from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import { eventually, inspectStreams, type StreamInspector } from '../support/streams.ts';

let nats: NatsServer;
let gateway: Gateway;
let streams: StreamInspector;

beforeAll(async () => {
  nats = await startNats();
  gateway = await startGateway(nats);
  streams = await inspectStreams(nats);
});

afterAll(async () => {
  for (const started of [streams, gateway, nats]) await started?.[Symbol.asyncDispose]();
});

const NEWER = JSON.stringify({ v: 2 });
const trips = (count: number) => Array.from({ length: count }, (_, i) => tripNumber(i));

function chunkResult(taskId: string, chunk: number, minutes: readonly number[]): string {
  const columns = { durationMinutes: minutes };
  return JSON.stringify({
    v: 1,
    taskId,
    chunk,
    startedAt: 1,
    finishedAt: 2,
    rowsFailed: 0,
    columns,
    errors: [],
  });
}

test('results of chunks that cannot be read, have too few rows or are of no chunk make way for ours', async () => {
  await using direct = await openDirectModel();
  const { id } = await submitTrips(gateway.url, trips(2_100));
  await streams.publish(`chunks.${id}.0`, chunkResult(id, 0, [1, 2, 3]));
  await streams.publish(`chunks.${id}.1`, 'rubbish');
  await streams.publish(`chunks.${id}.7`, chunkResult(id, 7, [1]));
  await using _worker = await startWorker(nats);
  expect(await batchEnd(gateway.url, id)).toMatchObject({
    state: 'SUCCEEDED',
    batch: { rowsDone: 2_100, rowsFailed: 0 },
  });
  const minutes = await batchMinutes(gateway.url, id);
  expect(minutes).toEqual(await Promise.all(trips(2_100).map((trip) => direct.predict(trip))));
});

test('a result of a chunk without an output has nothing in its rows, and others keep their places', async () => {
  const { id } = await submitTrips(gateway.url, trips(1_001));
  await streams.publish(
    `chunks.${id}.0`,
    chunkResult(id, 0, new Array(1_000).fill(1)).replace('Minutes', ''),
  );
  await streams.publish(`chunks.${id}.1`, chunkResult(id, 1, [7]));
  const { predictions } = await batchPage(gateway.url, id, { first: 10_000 });
  expect(predictions.durationMinutes).toEqual([...new Array(1_000).fill(null), 7]);
  await post(gateway.url, CANCEL_TASK, { id });
});

test('a batch with a newer result waits for a newer worker, is withdrawn or expires, and holds up no other', async () => {
  const [canceled, overdue] = [
    (await submitTrips(gateway.url, trips(10), { timeoutMs: 60_000 })).id,
    (await submitTrips(gateway.url, trips(2_100), { timeoutMs: 3_000 })).id,
  ];
  await streams.publish(`chunks.${canceled}.0`, NEWER);
  await streams.publish(`chunks.${overdue}.1`, NEWER);
  await using _worker = await startWorker(nats);
  const { id } = await submitTrips(gateway.url, trips(1_100));
  expect(await batchEnd(gateway.url, id)).toMatchObject({ state: 'SUCCEEDED' });
  const withdrawn = fieldOf<TaskView>(await post(gateway.url, CANCEL_TASK, { id: canceled }));
  expect(withdrawn.state).toBe('CANCELED');
  const end = await eventually(
    () => streams.last('RESULTS', `results.*.${overdue}`),
    (result) => result !== undefined,
  );
  expect(end).toMatchObject({ state: 'EXPIRED' });
});

test('a task that cannot be ended holds up none that is due later, is told of once, and is come back to', async () => {
  const [first, second] = [
    (await submitTrip(gateway.url, tripNumber(1), { timeoutMs: 100 })).id,
    (await submitTrip(gateway.url, tripNumber(2), { timeoutMs: 2_000 })).id,
  ];
  const subject = `results.${parseTaskId(first)?.home}.${first}`;
  await streams.publish(subject, NEWER);
  await eventually(
    () => streams.last('RESULTS', `results.*.${second}`),
    (result) => result?.state === 'EXPIRED',
  );
  await streams.purge('RESULTS', subject);
  await eventually(
    () => streams.last('RESULTS', subject),
    (result) => result?.state === 'EXPIRED',
  );
  expect(gateway.output().match(/"an overdue task could not be expired, trying again"/g)).toHaveLength(1);
});

test('a job whose result is newer leaves its queue: it has its end', async () => {
  await using broker = await openTestBroker(nats);
  const job = tripJob(broker, 1);
  await streams.publish(`results.${HOME}.${job.taskId}`, NEWER);
  await broker.storeJob(job);
  await using _worker = await startWorker(nats);
  await eventually(
    () => broker.queueFill('trip-duration'),
    ({ jobs }) => jobs === 0,
  );
});

test('the results of a batch are read once, when they are all there', async () => {
  await using connection = await connect({ servers: nats.url });
  let reads = 0;
  connection.subscribe('$JS.API.DIRECT.GET.CHUNKS.>', {
    callback: () => {
      reads++;
    },
  });
  await connection.flush();
  const { id } = await submitTrips(gateway.url, trips(10_000));
  await using _worker = await startWorker(nats);
  expect(await batchEnd(gateway.url, id)).toMatchObject({ state: 'SUCCEEDED' });
  // Twice where the last two chunks are stored at the same time.
  expect(reads).toBeGreaterThanOrEqual(9);
  expect(reads).toBeLessThanOrEqual(18);
});

test.each([
  ['rows than a batch may have', { rowCount: 5_000_000, rowsPerChunk: 1_000 }],
  ['rows than a chunk may have', { rowCount: 10_000, rowsPerChunk: 10_000 }],
])('a chunk of more %s is no job', async (_what, batch) => {
  await using broker = await openTestBroker(nats);
  const { input: _, lane: _lane, ...header } = tripJob(broker, 1);
  const columns = {
    pickupLocationId: { all: 1 },
    dropoffLocationId: { all: 2 },
    tripDistanceMiles: { all: 3 },
  };
  await using _worker = await startWorker(nats);
  await broker.chunks.storeJob({ ...header, batch, chunk: 0, columns });
  expect(await resultOf(streams, header)).toMatchObject({
    state: 'FAILED',
    error: { code: 'MALFORMED_JOB', message: expect.stringContaining('batch must tell its rows') },
  });
});

test('notices of chunks and rows that a batch does not have are dropped', async () => {
  await using connection = await connect({ servers: nats.url });
  const { id } = await submitTrips(gateway.url, trips(1_500), { timeoutMs: 60_000 });
  const tell = (progress: object) =>
    connection.publish(
      `running.${parseTaskId(id)?.home}`,
      JSON.stringify({ taskIds: [id], startedAt: 1, attempts: [1], progress }),
    );
  tell({ chunk: 2, rowsDone: 1, rowsFailed: 0 });
  tell({ chunk: 0, rowsDone: 2_000_000_000, rowsFailed: 0 });
  tell({ chunk: 1, rowsDone: 501, rowsFailed: 0 });
  tell({ chunk: 1, rowsDone: 7, rowsFailed: 8 });
  tell({ chunk: 1, rowsDone: 7, rowsFailed: 1 });
  const { batch } = await eventually(
    async () => fieldOf<BatchView>(await post(gateway.url, BATCH, { id })),
    ({ state }) => state === 'RUNNING',
  );
  expect(batch).toMatchObject({ rowsDone: 7, rowsFailed: 1 });
  await post(gateway.url, CANCEL_TASK, { id });
});
