/** Row batches under failures: rows that kill, block or fail the session that runs them, and processes that die. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEADLY_MILES, ENDLESS_MILES, NAN_MILES, REFUSED_MILES } from '../support/badTrips.js';
import { batchEnd, batchMinutes, batchPage, submitTrips } from '../support/batches.ts';
import type { Trip } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { modelsWith } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';

const BAD_TRIPS = { NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/badTrips.js')}` };
const SLOW_RUNS = {
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/slowRuns.js')}`,
  RUN_MS: '30',
};
/** The rows of each row batch in the test with several of them. */
const ROWS = 1_000;

/** Of the tests that kill others. */
let nats: NatsServer;
let gateway: Gateway;
let streams: StreamInspector;

beforeAll(async () => {
  nats = await startNats();
  [gateway, streams] = await Promise.all([startGateway(nats), inspectStreams(nats)]);
});

afterAll(async () => {
  for (const opened of [streams, gateway, nats]) await opened?.[Symbol.asyncDispose]();
});

function trips(count: number, badMiles: ReadonlyMap<number, number> = new Map()): Trip[] {
  return Array.from({ length: count }, (_, i) => {
    const trip = tripNumber(i);
    return { ...trip, tripDistanceMiles: badMiles.get(i) ?? trip.tripDistanceMiles };
  });
}

async function expectDirect(
  minutes: readonly (number | null)[],
  inputs: readonly Trip[],
  isBad: (row: number) => boolean = () => false,
): Promise<void> {
  await using direct = await openDirectModel();
  const expected: (number | null)[] = [];
  for (const [row, trip] of inputs.entries()) expected.push(isBad(row) ? null : await direct.predict(trip));
  expect(minutes).toEqual(expected);
}

test('bad rows have their own errors, and all other rows have their predictions', async () => {
  const bad = new Map([
    [3, DEADLY_MILES],
    [300, REFUSED_MILES],
    [301, NAN_MILES],
    [600, ENDLESS_MILES],
    [1_100, NAN_MILES],
  ]);
  await using models = await modelsWith((manifest) => {
    Object.assign(manifest.limits as object, { runTimeoutMs: 2_000 });
  });
  await using own = await startNats();
  await using impatient = await startGateway(own, { MODELS_DIR: models.path });
  await using _worker = await startWorker(own, { ...BAD_TRIPS, MODELS_DIR: models.path });
  const inputs = trips(1_200, bad);
  const { id } = await submitTrips(impatient.url, inputs, { timeoutMs: 300_000 });
  expect(await batchEnd(impatient.url, id)).toMatchObject({
    state: 'SUCCEEDED',
    batch: { rowsDone: 1_200, rowsFailed: 5 },
  });
  const { errors } = await batchPage(impatient.url, id, { first: 10_000 });
  expect(errors.map(({ row, code }) => [row, code])).toEqual([
    [3, 'WORKER_CRASHED'],
    [300, 'INFERENCE_FAILED'],
    [301, 'INVALID_OUTPUT'],
    [600, 'RUN_TIMEOUT'],
    [1_100, 'INVALID_OUTPUT'],
  ]);
  await expectDirect(await batchMinutes(impatient.url, id), inputs, (row) => bad.has(row));
});

test("a worker that takes over a row batch continues the count of a row's runs alone", async () => {
  await using first = await startWorker(nats, BAD_TRIPS);
  const { id } = await submitTrips(gateway.url, trips(10, new Map([[7, DEADLY_MILES]])));
  await eventually(
    () => streams.last('SUSPECTS', `suspects.${id}.0.7`),
    (mark) => mark?.soloRuns === 2,
  );
  first.kill('SIGKILL');
  await first.ended;
  await using second = await startWorker(nats, BAD_TRIPS);
  expect(await batchEnd(gateway.url, id)).toMatchObject({ state: 'SUCCEEDED', batch: { rowsFailed: 1 } });
  expect((await batchPage(gateway.url, id)).errors).toMatchObject([{ row: 7, code: 'WORKER_CRASHED' }]);
  await eventually(
    () => streams.state('SUSPECTS'),
    ({ messages }) => messages === 0,
  );
  // The row has one run with others, and three alone.
  const deaths = [first, second].flatMap(
    (worker) => worker.output().match(/"msg":"session process died"/g) ?? [],
  );
  expect(deaths.length).toBeLessThanOrEqual(4);
});

test("5,000 rows equal the model's direct answers, although a worker and a gateway are killed in the middle", async () => {
  await using mortal = await startGateway(nats);
  await using worker = await startWorker(nats, SLOW_RUNS);
  await using _other = await startWorker(nats, SLOW_RUNS);
  const inputs = trips(5_000);
  const ids: string[] = [];
  for (let from = 0; from < inputs.length; from += ROWS) {
    const { url } = from % (2 * ROWS) === 0 ? mortal : gateway;
    ids.push((await submitTrips(url, inputs.slice(from, from + ROWS), { timeoutMs: 300_000 })).id);
  }
  await eventually(
    () => streams.subjects('CHUNKS'),
    (chunks) => chunks.filter((chunk) => ids.some((id) => chunk.includes(id))).length >= 2,
  );
  worker.kill('SIGKILL');
  mortal.kill('SIGKILL');
  const minutes: (number | null)[] = [];
  for (const id of ids) {
    expect(await batchEnd(gateway.url, id)).toMatchObject({
      state: 'SUCCEEDED',
      batch: { rowsDone: ROWS, rowsFailed: 0 },
    });
    minutes.push(...(await batchMinutes(gateway.url, id, ROWS)));
  }
  await expectDirect(minutes, inputs);
  expect((await streams.ended()).filter(({ id }) => ids.includes(id))).toHaveLength(ids.length);
  await eventually(
    () => streams.state('JOBS_trip-duration'),
    ({ messages }) => messages === 0,
  );
});
