/** Three brokers that keep copies: the repeated loss of one loses no task. */
import { connect, nanos } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { onlyTask, PREDICT_TRIP, post, sse, TASK_RESULT, taskIn } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { runLoad } from '../support/load.ts';
import { type ClusterServer, startCluster } from '../support/natsCluster.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';

const TRIPS = 800;
const LANES = 40;
const STREAMS = ['JOBS_trip-duration', 'ENDS', 'REQUESTS'];
const REPLICATED = { STREAM_REPLICAS: '3', RESULT_MAX_BYTES: String(2 ** 28) };

test.concurrent('no task is lost, doubled or changed when the leaders of jobs and results are killed one after the other', async () => {
  await using cluster = await startCluster();
  // All start at the same time, while no stream exists. The first one makes the streams.
  const [gateway, other, ...workers] = await Promise.all([
    startGateway(cluster, REPLICATED),
    startGateway(cluster, REPLICATED),
    startWorker(cluster, REPLICATED),
    startWorker(cluster, REPLICATED),
  ]);
  await using stack = new AsyncDisposableStack();
  for (const started of [gateway, other, ...workers]) stack.use(started);

  const killAt = new Map([
    [150, 'JOBS_trip-duration'],
    [400, 'ENDS'],
  ]);
  const kills: Promise<void>[] = [];
  let finished = 0;
  const onFinished = () => {
    const stream = killAt.get(++finished);
    if (stream !== undefined) kills.push(killLeader(stream, kills.at(-1)));
  };
  // The next leader is killed only after the one before has caught up.
  await using streams = await inspectStreams(cluster);
  const consumerServes = () =>
    eventually(
      () => streams.consumer('JOBS_trip-duration', 'v1_interactive').catch(() => undefined),
      (consumer) => consumer !== undefined,
    );
  const killLeader = async (stream: string, before: Promise<void> | undefined) => {
    await before;
    const leader = await cluster.leaderOf(stream);
    await leader.kill();
    await Promise.all([...STREAMS.map(cluster.leaderOf), consumerServes(), leader.restart()]);
  };

  const loads = await Promise.all(
    [gateway, other].map(({ url }, i) =>
      runLoad(url, { trips: TRIPS / 2, lanes: LANES / 2, firstTrip: (i * TRIPS) / 2, onFinished }),
    ),
  );
  await Promise.all(kills);
  expect(kills).toHaveLength(2);

  await using model = await openDirectModel();
  const ends = loads.flatMap((load) => load.finished);
  expect(new Set(ends.map(({ trip }) => trip)).size).toBe(TRIPS);
  expect(new Set(ends.map(({ task }) => task.id)).size).toBe(TRIPS);
  for (const { trip, task } of ends) {
    expect(task).toMatchObject({ state: 'SUCCEEDED', error: null });
    expect(task.prediction?.durationMinutes).toBe(await model.predict(tripNumber(trip)));
  }
  for (const { refusals } of loads)
    for (const code of refusals.keys()) expect(code).toBe('BROKER_UNAVAILABLE');
  expect(await streams.ended()).toHaveLength(TRIPS);
  expect((await streams.state('JOBS_trip-duration')).messages).toBe(0);
});

test.concurrent('a task runs although the broker that had the request of an idle worker was killed', async () => {
  await using cluster = await startCluster();
  await using streams = await inspectStreams(cluster);
  // The first gateway makes the streams.
  await (await startGateway(cluster, REPLICATED))[Symbol.asyncDispose]();
  const { cluster: copies } = await streams.consumer('JOBS_trip-duration', 'v1_interactive');
  const leader = cluster.servers.find(({ name }) => name === copies?.leader);
  const other = cluster.servers.find((server) => server !== leader);
  if (leader === undefined || other === undefined) throw new Error('a consumer must have a leader');
  const { seen } = await longRequest(other);
  await using gateway = await startGateway(other, REPLICATED);
  await using _worker = await startWorker(other, REPLICATED);
  await seen;

  await leader.kill();
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
