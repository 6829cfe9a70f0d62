/** Processes are really killed: each accepted task ends once, with the right answer. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  onlyTask,
  openWebSocket,
  overWebSocket,
  post,
  sse,
  submitTrip,
  TASK_RESULT,
  type TaskView,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Load, runLoad } from '../support/load.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type DirectModel, openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';
import { isRunning } from '../support/processTable.ts';
import { inspectStreams } from '../support/streams.ts';

const TRIPS = 180;
const LANES = 30;

/** A test that ends one of them replaces it with another one. */
let nats: NatsServer;
let gateway: Gateway;
let worker: Process;
let model: DirectModel;
/** Each load has its own trips, since a requestId that was used before would not run again. */
let nextTrip = 0;

beforeAll(async () => {
  nats = await startNats();
  [gateway, worker, model] = await Promise.all([startGateway(nats), startWorker(nats), openDirectModel()]);
});

afterAll(async () => {
  for (const started of [model, worker, gateway, nats]) await started?.[Symbol.asyncDispose]();
});

/** Options of `runLoad`: where only workers die, no trip is submitted twice, and trips share bundles. */
type LoadOptions = { readonly hasRequestIds: boolean };
const BUNDLED: LoadOptions = { hasRequestIds: false };

/** @param onFinished the same as for `runLoad`. */
function load(onFinished: (count: number) => void, options?: LoadOptions): Promise<Load> {
  const firstTrip = nextTrip;
  nextTrip += TRIPS;
  return runLoad(gateway.url, { trips: TRIPS, lanes: LANES, firstTrip, onFinished, ...options });
}

/** Resolves once a sixth of the trips have their results, and the others are on their way. */
async function startLoad(options?: LoadOptions): Promise<{ readonly ended: Promise<Load> }> {
  const underWay = Promise.withResolvers<void>();
  const ended = load((count) => count === TRIPS / 6 && underWay.resolve(), options);
  await Promise.race([underWay.promise, ended]);
  return { ended };
}

async function expectAllRight({ finished }: Load): Promise<void> {
  expect(new Set(finished.map(({ trip }) => trip)).size).toBe(TRIPS);
  expect(new Set(finished.map(({ task }) => task.id)).size).toBe(TRIPS);
  for (const { trip, task } of finished) {
    expect(task).toMatchObject({ state: 'SUCCEEDED', error: null });
    expect(task.prediction?.durationMinutes).toBe(await model.predict(tripNumber(trip)));
  }
}

describe('under load, no accepted task is lost', () => {
  test('when a worker is killed during a batch and another takes over', async () => {
    await using streams = await inspectStreams(nats);
    const before = (await streams.ended()).length;
    const { messages } = await streams.state('ENDS');
    const { ended } = await startLoad(BUNDLED);
    worker.kill('SIGKILL');
    expect(await worker.ended).toBe('SIGKILL');
    worker = await startWorker(nats);
    await expectAllRight(await ended);
    expect((await streams.ended()).length - before).toBe(TRIPS);
    expect((await streams.state('ENDS')).messages - messages).toBeLessThan(TRIPS / 2);
  });

  test('when a session dies during a batch and its worker starts another', async () => {
    const deaths = () => worker.output().match(/"msg":"session process died"/g)?.length ?? 0;
    const before = deaths();
    const kills: Promise<void>[] = [];
    const finished = await load((count) => {
      if ([30, 75, 120].includes(count)) kills.push(killSession(kills.at(-1)));
    }, BUNDLED);
    await Promise.all(kills);
    await expectAllRight(finished);
    await eventually(deaths, (count) => count === before + 3);
  });

  test('when the broker is killed and restarted, and waiting subscriptions still deliver', async () => {
    const restarts: Promise<void>[] = [];
    const finished = await load(
      (count) => [30, 90].includes(count) && restarts.push(nats.kill('SIGKILL').then(() => nats.restart())),
    );
    await Promise.all(restarts);
    await expectAllRight(finished);
  });

  test('when the gateway is killed and another one answers on its port', async () => {
    const killed = gateway;
    const { ended } = await startLoad();
    killed.kill('SIGKILL');
    await killed.ended;
    gateway = await startGateway(nats, { PORT: new URL(killed.url).port });
    await expectAllRight(await ended);
  });

  test('when a worker is stopped: it hands back jobs that it has not started at once, and ends with exit code 0', async () => {
    const leaving = worker;
    worker = await startWorker(nats);
    const { ended } = await startLoad(BUNDLED);
    leaving.kill('SIGTERM');
    expect(await leaving.ended).toBe(0);
    await expectAllRight(await ended);
  });
});

describe('a waiting subscription gets its result', () => {
  test('once the broker is back, and until then mutations are refused with advice', async () => {
    const { id } = await submitUnserved();
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
    worker.kill('SIGCONT');
    expect(await waiting).toMatchObject({ id, state: 'SUCCEEDED' });
  });

  test('from the next gateway after its own was stopped and closed the WebSocket with 1001', async () => {
    const { id } = await submitUnserved();
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
    gateway = await startGateway(nats, { PORT: new URL(gateway.url).port });
    worker.kill('SIGCONT');
    expect(await result).toMatchObject({ id, state: 'SUCCEEDED' });
    await client.dispose();
  });
});

/** Submits a task that has no result until the worker continues. */
function submitUnserved(): Promise<TaskView> {
  worker.kill('SIGSTOP');
  return submitTrip(gateway.url, tripNumber(1));
}

/** @param earlier resolves after the previous session was killed. A new session then starts. */
async function killSession(earlier: Promise<void> | undefined): Promise<void> {
  await earlier;
  // A session that has just started may not be in the output yet.
  const session = await eventually(() => newestSession(worker.output()), isRunning);
  process.kill(session, 'SIGKILL');
  await eventually(
    () => session,
    (pid) => !isRunning(pid),
  );
}

/** The process id in the worker's last line "session ready". */
function newestSession(output: string): number {
  const pids = [...output.matchAll(/"pid":(\d+),"msg":"session ready"/g)];
  return Number(pids.at(-1)?.[1]);
}
