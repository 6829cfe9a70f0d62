/** The bad days, with processes that are really killed: what was accepted ends once, with the right answer. */
import { describe, expect, test } from 'vitest';
import {
  onlyTask,
  openWebSocket,
  overWebSocket,
  post,
  sse,
  submitTrip,
  TASK_RESULT,
} from '../support/client.ts';
import { type Load, runLoad } from '../support/load.ts';
import { startNats } from '../support/natsServer.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';

const TRIPS = 3_000;
const LANES = 90;

/** Resolves once a sixth of the trips have their results, and the others are on their way. */
async function startLoad({ url }: Gateway): Promise<{ readonly ended: Promise<Load> }> {
  const underWay = Promise.withResolvers<void>();
  const onFinished = (count: number) => count === TRIPS / 6 && underWay.resolve();
  const ended = runLoad(url, { trips: TRIPS, lanes: LANES, onFinished });
  await underWay.promise;
  return { ended };
}

async function expectAllRight({ finished }: Load): Promise<void> {
  await using model = await openDirectModel();
  expect(finished.map(({ trip }) => trip).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: TRIPS }, (_, i) => i),
  );
  expect(new Set(finished.map(({ task }) => task.id)).size).toBe(TRIPS);
  for (const { trip, task } of finished) {
    expect(task).toMatchObject({ state: 'SUCCEEDED', error: null });
    expect(task.prediction?.durationMinutes).toBe(await model.predict(tripNumber(trip)));
  }
}

describe('under load, nothing accepted is lost', () => {
  test('when a worker is killed in mid-batch and another takes over', async () => {
    await using nats = await startNats();
    await using gateway = await startGateway(nats);
    await using worker = await startWorker(nats);
    const load = await startLoad(gateway);
    worker.kill('SIGKILL');
    expect(await worker.ended).toBe('SIGKILL');
    await using _successor = await startWorker(nats);
    await expectAllRight(await load.ended);
    await using streams = await inspectStreams(nats);
    expect((await streams.state('RESULTS')).messages).toBe(TRIPS);
  });

  test('when a session dies in mid-batch, and its worker starts another', async () => {
    await using nats = await startNats();
    await using gateway = await startGateway(nats);
    await using worker = await startWorker(nats);
    const kills = [500, 1_000, 1_500];
    const load = await runLoad(gateway.url, {
      trips: TRIPS,
      lanes: LANES,
      onFinished: (count) => kills.includes(count) && process.kill(newestSession(worker.output()), 'SIGKILL'),
    });
    await expectAllRight(load);
    expect(worker.output().match(/"msg":"session process died"/g)).toHaveLength(kills.length);
  });

  test('when the broker is killed and starts again, and subscriptions that waited still deliver', async () => {
    await using nats = await startNats();
    await using gateway = await startGateway(nats);
    await using _worker = await startWorker(nats);
    const kills = [500, 1_500];
    const restarts: Promise<void>[] = [];
    const load = await runLoad(gateway.url, {
      trips: TRIPS,
      lanes: LANES,
      onFinished: (count) =>
        kills.includes(count) && restarts.push(nats.kill('SIGKILL').then(() => nats.restart())),
    });
    await Promise.all(restarts);
    await expectAllRight(load);
  });

  test('when the gateway is killed and another one answers on its port', async () => {
    await using nats = await startNats();
    await using gateway = await startGateway(nats);
    await using _worker = await startWorker(nats);
    const port = new URL(gateway.url).port;
    const successors: ReturnType<typeof startGateway>[] = [];
    const load = await runLoad(gateway.url, {
      trips: TRIPS,
      lanes: LANES,
      onFinished: (count) => {
        if (count !== 500) return;
        gateway.kill('SIGKILL');
        successors.push(gateway.ended.then(() => startGateway(nats, { PORT: port })));
      },
    });
    await expectAllRight(load);
    for (const successor of successors) await (await successor)[Symbol.asyncDispose]();
  });
});

test('while the broker is away a mutation is refused within seconds, and told what to do', async () => {
  await using nats = await startNats();
  await using gateway = await startGateway(nats);
  const { id } = await submitTrip(gateway.url, tripNumber(1));
  const waiting = onlyTask(sse(gateway.url, TASK_RESULT, { id }));
  await nats.kill('SIGKILL');
  const query = 'mutation($input: PredictTripInput!) { predictTrip(input: $input) { id } }';
  const { errors } = await post(gateway.url, query, { input: tripNumber(2) });
  expect(errors).toMatchObject([
    { extensions: { code: 'BROKER_UNAVAILABLE', retryAfterMs: expect.any(Number) } },
  ]);
  expect(errors?.[0]?.message).toContain('requestId');
  const ready = await fetch(new URL('/ready', gateway.url));
  expect(ready.status).toBe(503);
  await nats.restart();
  await using _worker = await startWorker(nats);
  expect(await waiting).toMatchObject({ id, state: 'SUCCEEDED' });
});

describe('SIGTERM', () => {
  test('makes a worker hand back what it has not started, at once, and leave with 0', async () => {
    await using nats = await startNats();
    await using gateway = await startGateway(nats);
    await using worker = await startWorker(nats);
    await using _other = await startWorker(nats);
    const load = await startLoad(gateway);
    worker.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
    await expectAllRight(await load.ended);
  });

  test('makes a gateway close its WebSockets with 1001, and a client that connects again gets its result', async () => {
    await using nats = await startNats();
    await using gateway = await startGateway(nats);
    const { id } = await submitTrip(gateway.url, tripNumber(1));
    const client = openWebSocket(gateway.url, 100);
    const connected = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<number>();
    client.on('connected', () => connected.resolve());
    client.on('closed', (event) => closed.resolve((event as CloseEvent).code));
    const result = onlyTask(overWebSocket(client, TASK_RESULT, { id }));
    await connected.promise;
    gateway.kill('SIGTERM');
    expect(await closed.promise).toBe(1001);
    expect(await gateway.ended).toBe(0);
    await using _successor = await startGateway(nats, { PORT: new URL(gateway.url).port });
    await using _worker = await startWorker(nats);
    expect(await result).toMatchObject({ id, state: 'SUCCEEDED' });
    await client.dispose();
  });
});

/** The process id in the last line in which the worker said that a session is ready. */
function newestSession(output: string): number {
  const pids = [...output.matchAll(/"pid":(\d+),"msg":"session ready"/g)];
  return Number(pids.at(-1)?.[1]);
}
