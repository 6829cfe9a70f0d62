/** Three brokers that keep copies: the repeated loss of one loses no task. */
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { runLoad } from '../support/load.ts';
import { startCluster } from '../support/natsCluster.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';

const TRIPS = 800;
const LANES = 40;
const STREAMS = ['JOBS_trip-duration', 'RESULTS', 'REQUESTS'];
const REPLICATED = { STREAM_REPLICAS: '3', RESULT_MAX_BYTES: String(2 ** 28) };

test('no task is lost, doubled or changed when the leaders of jobs and results are killed one after the other', async () => {
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
    [400, 'RESULTS'],
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
  expect((await streams.state('RESULTS')).messages).toBe(TRIPS);
  expect((await streams.state('JOBS_trip-duration')).messages).toBe(0);
});
