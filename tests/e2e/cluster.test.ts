/** Three brokers that keep copies: the repeated loss of one loses no task. */
import { connect, nanos } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onlyTask, PREDICT_TRIP, post, sse, TASK_RESULT, taskIn } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { openTestBroker } from '../support/jobs.ts';
import { type Load, runLoad } from '../support/load.ts';
import { type ClusterServer, type NatsCluster, startCluster } from '../support/natsCluster.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';

/** The trips of one load, half of them at each gateway. */
const TRIPS = 120;
const LANES = 20;
/** A leader is killed after this many results. */
const KILL_AT = 40;
const STREAMS = ['JOBS_trip-duration', 'ENDS', 'REQUESTS'];
const REPLICATED = { STREAM_REPLICAS: '3', RESULT_MAX_BYTES: String(2 ** 28) };

let cluster: NatsCluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster?.[Symbol.asyncDispose]());

test('no task is lost, doubled or changed when the leaders of jobs and results are killed one after the other', async () => {
  // All start at the same time. If no stream exists, the first one makes the streams.
  const [gateway, other, ...workers] = await Promise.all([
    startGateway(cluster, REPLICATED),
    startGateway(cluster, REPLICATED),
    startWorker(cluster, REPLICATED),
    startWorker(cluster, REPLICATED),
  ]);
  await using stack = new AsyncDisposableStack();
  for (const started of [gateway, other, ...workers]) stack.use(started);
  await using streams = await inspectStreams(cluster);
  const consumerServes = () =>
    eventually(
      () => streams.consumer('JOBS_trip-duration', 'v1_interactive').catch(() => undefined),
      (consumer) => consumer !== undefined,
    );

  const loads: Load[] = [];
  for (const [round, stream] of ['JOBS_trip-duration', 'ENDS'].entries()) {
    const leader = await cluster.leaderOf(stream);
    let finished = 0;
    let restarted: Promise<void> | undefined;
    const onFinished = () => {
      if (++finished === KILL_AT) restarted = leader.kill().then(leader.restart);
    };
    const half = { trips: TRIPS / 2, lanes: LANES / 2, onFinished };
    loads.push(
      ...(await Promise.all(
        [gateway, other].map(({ url }, i) =>
          runLoad(url, { ...half, firstTrip: round * TRIPS + (i * TRIPS) / 2 }),
        ),
      )),
    );
    // The next leader is killed only after this one has caught up.
    expect(restarted).toBeDefined();
    await Promise.all([...STREAMS.map(cluster.leaderOf), consumerServes(), restarted]);
  }

  await using model = await openDirectModel();
  const ends = loads.flatMap((load) => load.finished);
  const ids = new Set(ends.map(({ task }) => task.id));
  expect(new Set(ends.map(({ trip }) => trip)).size).toBe(2 * TRIPS);
  expect(ids.size).toBe(2 * TRIPS);
  for (const { trip, task } of ends) {
    expect(task).toMatchObject({ state: 'SUCCEEDED', error: null });
    expect(task.prediction?.durationMinutes).toBe(await model.predict(tripNumber(trip)));
  }
  for (const { refusals } of loads)
    for (const code of refusals.keys()) expect(code).toBe('BROKER_UNAVAILABLE');
  expect((await streams.ended()).filter(({ id }) => ids.has(id))).toHaveLength(2 * TRIPS);
  // The ack of a job follows the end of its task.
  await eventually(
    () => streams.state('JOBS_trip-duration'),
    ({ messages }) => messages === 0,
  );
});

test('a task runs although the broker that had the request of an idle worker was killed', async () => {
  await using stack = new AsyncDisposableStack();
  // Makes the streams, if no other test has.
  await (await openTestBroker(cluster, REPLICATED))[Symbol.asyncDispose]();
  await using streams = await inspectStreams(cluster);
  const { cluster: copies } = await streams.consumer('JOBS_trip-duration', 'v1_interactive');
  const leader = cluster.servers.find(({ name }) => name === copies?.leader);
  const other = cluster.servers.find((server) => server !== leader);
  if (leader === undefined || other === undefined) throw new Error('a consumer must have a leader');
  const { seen } = await longRequest(other);
  const gateway = stack.use(await startGateway(other, REPLICATED));
  stack.use(await startWorker(other, REPLICATED));
  await seen;

  await leader.kill();
  stack.defer(leader.restart);
  // Less than the time after which a worker itself takes its request for lost.
  const variables = { input: tripNumber(1), options: { timeoutMs: 40_000, requestId: 'after-the-kill' } };
  const accepted = await eventually(
    () => post(gateway.url, PREDICT_TRIP, variables),
    ({ errors }) => errors === undefined,
  );
  const { id } = taskIn(accepted, 'predictTrip');
  expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
});

/** @returns a promise of the first request for jobs that stays open for a minute. */
async function longRequest({ url }: ClusterServer): Promise<{ readonly seen: Promise<void> }> {
  const connection = await connect({ servers: [url] });
  const seen = (async () => {
    for await (const message of connection.subscribe('$JS.API.CONSUMER.MSG.NEXT.*.v1_interactive'))
      if (message.json<{ expires: number }>().expires === nanos(60_000)) break;
    await connection.close();
  })();
  await connection.flush();
  return { seen };
}
