/** Row batches: many rows in one call are one task, and each row has its own result or error. */
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  BATCH,
  BATCH_UPDATES,
  batchEnd,
  batchEvents,
  batchMinutes,
  batchPage,
  PREDICT_TRIPS,
  submitTrips,
} from '../support/batches.ts';
import { CANCEL_TASK, collect, fieldOf, post, type Trip } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { addressOf, openTestBroker } from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import { type SmallSystem, startSmallSystem } from '../support/smallSystem.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';

const JOBS = 'JOBS_trip-duration';
/** Of row batches that wait for a worker to start, which may take long on a busy machine. */
const LONG = { timeoutMs: 300_000 };
const ROWS = `query Rows($id: ID!, $first: Int! = 1000, $after: String) { task(id: $id) { id batch {
  rows(first: $first, after: $after) { predictions { ... on TripPredictionColumns { durationMinutes } }
    pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } } } }`;

let system: SmallSystem;
let gateway: Gateway;
let otherGateway: Gateway;
let idleNats: NatsServer;
/** A broker and two gateways without a worker. */
let idleGateway: Gateway;
let otherIdleGateway: Gateway;
let idleStreams: StreamInspector;

beforeAll(async () => {
  idleNats = await startNats();
  [system, idleGateway, otherIdleGateway, idleStreams] = await Promise.all([
    startSmallSystem(),
    startGateway(idleNats),
    startGateway(idleNats),
    inspectStreams(idleNats),
  ]);
  ({ gateway, otherGateway } = system);
});

beforeEach(() => idleStreams.purge(JOBS, 'jobs.>'));

afterAll(async () => {
  for (const opened of [system, idleStreams, idleGateway, otherIdleGateway, idleNats])
    await opened?.[Symbol.asyncDispose]();
});

function trips(count: number): Trip[] {
  return Array.from({ length: count }, (_, i) => tripNumber(i));
}

interface RowsView {
  readonly predictions: { readonly durationMinutes: readonly (number | null)[] };
  readonly pageInfo: {
    readonly hasPreviousPage: boolean;
    readonly hasNextPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

async function rowsAfter(
  { url }: Gateway,
  id: string,
  after: string | null,
  first?: number,
): Promise<RowsView> {
  const task = fieldOf<{ batch: { rows: RowsView } }>(await post(url, ROWS, { id, after, first }));
  return task.batch.rows;
}

describe('a row batch', () => {
  test("is one task, and each row equals the model's direct answer, on any gateway", async () => {
    await using direct = await openDirectModel();
    const inputs = trips(2_005);
    const { id, state, batch } = await submitTrips(gateway.url, inputs);
    expect(state).toBe('QUEUED');
    expect(batch).toMatchObject({ rowCount: 2_005, chunkCount: 3, rowsDone: 0, rowsFailed: 0 });
    const end = await batchEnd(gateway.url, id);
    expect(end).toMatchObject({
      state: 'SUCCEEDED',
      error: null,
      batch: { rowsDone: 2_005, rowsFailed: 0, estimatedSecondsLeft: null },
    });
    const minutes = await batchMinutes(otherGateway.url, id);
    expect(minutes).toEqual(await Promise.all(inputs.map((trip) => direct.predict(trip))));
  });

  test('has no job in the queue after its end', async () => {
    await using streams = await inspectStreams(system.nats);
    const { id } = await submitTrips(gateway.url, trips(1_001));
    await batchEnd(otherGateway.url, id);
    await eventually(
      () => streams.state(JOBS),
      ({ messages }) => messages === 0,
    );
  });

  test('can have one row', async () => {
    const { id } = await submitTrips(gateway.url, trips(1));
    expect(await batchEnd(gateway.url, id)).toMatchObject({ state: 'SUCCEEDED', batch: { rowsDone: 1 } });
    expect(await batchMinutes(gateway.url, id)).toHaveLength(1);
  });

  test('is refused as a whole if rows are wrong, and the error names them', async () => {
    const inputs = trips(100).map((trip, i) => (i % 3 === 0 ? { ...trip, pickupLocationId: 300 + i } : trip));
    const { errors } = await post(gateway.url, PREDICT_TRIPS, { inputs });
    const [error] = errors ?? [];
    expect(error?.message).toContain('inputs[3].pickupLocationId must be a whole number from 1 to 265');
    expect(error?.message).toContain('and 29 more');
    expect(error?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', row: 0, problemCount: 34 });
    expect(error?.extensions.problems).toHaveLength(20);
  });

  test.each([
    ['no rows', 0],
    ['more rows than allowed', 10_001],
  ])('is refused with %s', async (_what, count) => {
    const inputs = Array.from({ length: count }, () => tripNumber(1));
    const { errors } = await post(gateway.url, PREDICT_TRIPS, { inputs });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'inputs' } }]);
  });

  test('is returned finished if the call waits', async () => {
    const { id, state, batch } = await submitTrips(gateway.url, trips(10), { waitMs: 30_000 });
    expect({ state, done: batch.rowsDone }).toEqual({ state: 'SUCCEEDED', done: 10 });
    expect(await batchMinutes(gateway.url, id)).toHaveLength(10);
  });

  test('cannot use the lane of single predictions', async () => {
    const variables = { inputs: trips(1), options: { priority: 'INTERACTIVE' } };
    const { errors } = await post(gateway.url, PREDICT_TRIPS, variables);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'priority' } }]);
  });
});

describe('pages of rows', () => {
  test('cover every row once, wherever they start', async () => {
    const { id } = await submitTrips(gateway.url, trips(2_100));
    await batchEnd(gateway.url, id);
    const whole = await batchMinutes(gateway.url, id, 10_000);
    expect(whole).toHaveLength(2_100);
    expect(await batchMinutes(gateway.url, id, 700)).toEqual(whole);
    const page = await batchPage(gateway.url, id, { first: 250, after: 900 });
    expect(page).toMatchObject({ firstRow: 900, rowCount: 250, nextRow: 1_150 });
    expect(page.predictions.durationMinutes).toEqual(whole.slice(900, 1_150));
    expect(await batchPage(gateway.url, id, { after: 2_100 })).toMatchObject({ rowCount: 0, nextRow: null });
  });

  test('follow each other by cursors', async () => {
    const { id } = await submitTrips(gateway.url, trips(2_100));
    await batchEnd(gateway.url, id);
    const seen: (number | null)[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const page: RowsView = await rowsAfter(gateway, id, after, 700);
      expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
      expect(page.pageInfo.startCursor).toBe(String(seen.length));
      seen.push(...page.predictions.durationMinutes);
      ({ endCursor: after, hasNextPage: more } = page.pageInfo);
    }
    expect(seen).toEqual(await batchMinutes(gateway.url, id, 10_000));
  });

  test('are empty where no row has been run yet, and keep their place', async () => {
    const { id } = await submitTrips(idleGateway.url, trips(10));
    const first = { hasPreviousPage: false, hasNextPage: true, startCursor: null, endCursor: null };
    expect((await rowsAfter(idleGateway, id, null)).pageInfo).toEqual(first);
    const later = { hasPreviousPage: true, hasNextPage: true, startCursor: null, endCursor: '4' };
    expect((await rowsAfter(idleGateway, id, '4')).pageInfo).toEqual(later);
  });

  test.each(['', 'x', '-1', '1.5', '10', '99999999999'])('are refused after the cursor %j', async (after) => {
    const { id } = await submitTrips(gateway.url, trips(10), { waitMs: 30_000 });
    const { errors } = await post(gateway.url, ROWS, { id, after });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'after' } }]);
  });

  test.each([{ first: 0 }, { first: 10_001 }, { after: -1 }, { after: 11 }])(
    'are refused with %o',
    async (range) => {
      const { id } = await submitTrips(gateway.url, trips(10), { waitMs: 30_000 });
      await expect(batchPage(gateway.url, id, range)).rejects.toThrow('BAD_USER_INPUT');
    },
  );
});

describe('a requestId', () => {
  test('makes a retry return the same row batch, on any gateway, while it waits and after it ended', async () => {
    await using own = await startNats();
    // The queue has no space for a second copy. A retry needs none.
    const limit = { QUEUE_MAX_JOBS: '5' };
    await using here = await startGateway(own, limit);
    await using there = await startGateway(own, limit);
    await using streams = await inspectStreams(own);
    const options = { ...LONG, requestId: 'batch 66' };
    const { id } = await submitTrips(here.url, trips(1_500), options);
    const retries = await Promise.all(
      [here, there, there].map(({ url }) => submitTrips(url, trips(1_500), options)),
    );
    expect(retries.map((task) => task.id)).toEqual([id, id, id]);
    expect((await streams.state(JOBS)).messages).toBe(1 + 2);
    await using _worker = await startWorker(own, limit);
    await batchEnd(there.url, id);
    expect(await submitTrips(there.url, trips(1_500), options)).toMatchObject({ id, state: 'SUCCEEDED' });
    const { errors } = await post(there.url, PREDICT_TRIPS, { inputs: trips(1_499), options });
    expect(errors?.[0]?.extensions.code).toBe('REQUEST_ID_CONFLICT');
  });

  test('lets a retry complete a row batch that was stored in part, and only the missing chunks are stored', async () => {
    const options = { ...LONG, requestId: 'in part' };
    const { id } = await submitTrips(idleGateway.url, trips(2_001), options);
    // As if the gateway had died before the last chunk was stored.
    await idleStreams.purge(JOBS, `jobs.*.*.*.*.${addressOf({ taskId: id }).bundle}.2`);
    const { url } = otherIdleGateway;
    expect(await submitTrips(url, trips(2_001), options)).toMatchObject({ id });
    expect((await idleStreams.state(JOBS)).messages).toBe(1 + 3);
    await using _worker = await startWorker(idleNats);
    expect(await batchEnd(url, id)).toMatchObject({ state: 'SUCCEEDED', batch: { rowsDone: 2_001 } });
  });
});

describe('a full queue', () => {
  test('refuses a row batch as a whole, and stores no part of it', async () => {
    await using own = await startNats();
    await using here = await startGateway(own, { QUEUE_MAX_JOBS: '5' });
    await using streams = await inspectStreams(own);
    const { errors } = await post(here.url, PREDICT_TRIPS, { inputs: trips(4_001) });
    expect(errors).toMatchObject([{ extensions: { code: 'QUEUE_FULL', limit: 4 } }]);
    expect((await streams.state(JOBS)).messages).toBe(0);
    await submitTrips(here.url, trips(3_000));
  });

  test('cancels a row batch that fits only in part, and its stored chunks are removed', async () => {
    // The gateway expects more space than there is, as if others had filled the queue within the last second.
    await using _limit = await limited(3);
    const { errors } = await post(idleGateway.url, PREDICT_TRIPS, { inputs: trips(3_001) });
    expect(errors).toMatchObject([{ extensions: { code: 'QUEUE_FULL' } }]);
    expect((await idleStreams.state(JOBS)).messages).toBe(0);
    expect((await idleStreams.ended()).at(-1)).toMatchObject({ state: 'CANCELED' });
  });

  test('keeps the stored chunks of a row batch with a requestId that fits only in part, so that a retry can complete it', async () => {
    const { length: endedBefore } = await idleStreams.ended();
    const options = { ...LONG, requestId: 'again' };
    {
      await using _limit = await limited(3);
      const { errors } = await post(idleGateway.url, PREDICT_TRIPS, { inputs: trips(3_001), options });
      expect(errors).toMatchObject([{ extensions: { code: 'QUEUE_FULL' } }]);
      expect((await idleStreams.state(JOBS)).messages).toBe(3);
      expect(await idleStreams.ended()).toHaveLength(endedBefore);
    }
    await using _worker = await startWorker(idleNats);
    const { id } = await submitTrips(idleGateway.url, trips(3_001), options);
    expect(await batchEnd(idleGateway.url, id)).toMatchObject({
      state: 'SUCCEEDED',
      batch: { rowsDone: 3_001 },
    });
  });

  /** Limits the queue to this number of jobs until it is disposed. */
  async function limited(messages: number): Promise<AsyncDisposable> {
    await idleStreams.limit(JOBS, messages);
    return { [Symbol.asyncDispose]: () => idleStreams.limit(JOBS, 1_000) };
  }
});

describe('a row batch that does not run to its end', () => {
  test('leaves the queue when it is canceled, and its results stay readable', async () => {
    const { id } = await submitTrips(idleGateway.url, trips(1_500));
    const { data } = await post(idleGateway.url, CANCEL_TASK, { id });
    expect(data?.cancelTask).toMatchObject({ id, state: 'CANCELED' });
    expect((await idleStreams.state(JOBS)).messages).toBe(0);
    expect(await batchPage(idleGateway.url, id)).toMatchObject({ rowCount: 0, nextRow: null });
  });

  test('expires without a worker, watched or not, and leaves no job in the queue', async () => {
    const [watched, unwatched] = await Promise.all(
      [1, 2].map(() => submitTrips(idleGateway.url, trips(1_500), { timeoutMs: 500 })),
    );
    expect(await batchEnd(idleGateway.url, watched?.id ?? '')).toMatchObject({
      state: 'EXPIRED',
      error: { code: 'DEADLINE_EXCEEDED' },
      batch: { rowsDone: 0 },
    });
    await eventually(
      () => idleStreams.state(JOBS),
      ({ messages }) => messages === 0,
    );
    expect(await batchEnd(idleGateway.url, unwatched?.id ?? '')).toMatchObject({ state: 'EXPIRED' });
  });
});

test('a row batch without a stored end succeeds at its deadline if all its chunks are done', async () => {
  await using broker = await openTestBroker(idleNats);
  const { id } = await submitTrips(idleGateway.url, trips(1_002), { timeoutMs: 2_000 });
  const rowsOf = [1_000, 2];
  for (const [chunk, rows] of rowsOf.entries()) {
    const columns = { durationMinutes: new Array(rows).fill(chunk) };
    const common = { v: 1, taskId: id, chunk, startedAt: broker.now(), finishedAt: broker.now() };
    const outcome = await broker.chunks.store({ ...common, rowsFailed: 0, columns, errors: [] });
    expect(outcome.type).toBe('stored');
  }
  // As if the last worker had counted too few results, on a leader that was behind, and its ack had still arrived.
  await idleStreams.purge(JOBS, `jobs.*.*.batch.*.${addressOf({ taskId: id }).bundle}.*`);
  await eventually(
    () => idleStreams.ended(),
    (tasks) => tasks.some((task) => task.id === id),
  );
  expect(await batchEnd(idleGateway.url, id)).toMatchObject({
    state: 'SUCCEEDED',
    batch: { rowsDone: 1_002 },
  });
  expect((await batchMinutes(idleGateway.url, id)).slice(998)).toEqual([0, 0, 1, 1]);
  await eventually(
    () => idleStreams.state(JOBS),
    ({ messages }) => messages === 0,
  );
});

test('a subscription shows the progress of a row batch, never backwards, and its end last', async () => {
  const { id } = await submitTrips(idleGateway.url, trips(4_000), LONG);
  const seen = [idleGateway, otherIdleGateway].map(({ url }) => collect(batchEvents(url, BATCH_UPDATES, id)));
  await using _worker = await startWorker(idleNats, {
    NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/slowRuns.js')}`,
    RUN_MS: '40',
  });
  for (const events of await Promise.all(seen)) {
    expect(events.map(({ state }) => state)).toEqual([
      'QUEUED',
      ...events.slice(2).map(() => 'RUNNING'),
      'SUCCEEDED',
    ]);
    const done = events.map(({ batch }) => batch.rowsDone);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(done.at(-1)).toBe(4_000);
    expect(new Set(done).size).toBeGreaterThan(3);
    const running = events.filter(({ state, batch }) => state === 'RUNNING' && batch.rowsDone > 0);
    for (const { batch } of running) expect(batch.estimatedSecondsLeft).toBeGreaterThanOrEqual(0);
  }
});

test('a row batch is found on another gateway when its own gateway is gone', async () => {
  const home = await startGateway(idleNats);
  const { id } = await submitTrips(home.url, trips(1_200), LONG);
  home.kill('SIGKILL');
  await home.ended;
  const { data } = await post(idleGateway.url, BATCH, { id });
  expect(data?.task).toMatchObject({ id, state: 'QUEUED', batch: { rowCount: 1_200, rowsDone: 0 } });
  await using _worker = await startWorker(idleNats);
  expect(await batchEnd(idleGateway.url, id)).toMatchObject({ state: 'SUCCEEDED' });
});
