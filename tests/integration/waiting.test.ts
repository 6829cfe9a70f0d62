/** `waitMs`: the mutation returns the finished task, or the unfinished one when the time is over. */
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type Answer,
  collect,
  openWebSocket,
  overWebSocket,
  PREDICT_TRIP,
  post,
  submitTrip,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { letTasksRun, pauseTasks } from '../support/pauses.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';
import { refusalIn, transports } from '../support/transports.ts';

/** Longer than any test may take, so that a wait ends only with the task. */
const LONG_MS = 30_000;
const JOBS = 'JOBS_trip-duration';

/** Each run takes so long that a task can be seen while it runs. */
const SLOW_RUNS = {
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/slowRuns.js')}`,
  RUN_MS: '300',
};

let nats: NatsServer;
let streams: StreamInspector;
let gateway: Gateway;
/** Allows one subscription. */
let small: Gateway;
/** Allows some subscriptions. */
let medium: Gateway;
let worker: Process;

beforeAll(async () => {
  nats = await startNats();
  [gateway, small, medium, worker, streams] = await Promise.all([
    // The default would cause a warning on a machine with a low limit of open files.
    startGateway(nats, { MAX_CONNECTIONS: '100' }),
    startGateway(nats, { MAX_SUBSCRIPTIONS: '1' }),
    startGateway(nats, { MAX_SUBSCRIPTIONS: '20' }),
    startWorker(nats, SLOW_RUNS),
    inspectStreams(nats),
  ]);
  // Tasks wait, except where a test says otherwise.
  await pauseTasks(gateway);
});

beforeEach(() => streams.purge(JOBS, 'jobs.>'));

afterAll(async () => {
  for (const started of [gateway, small, medium, worker, streams, nats])
    await started?.[Symbol.asyncDispose]();
});

function waiting(i: number, waitMs: number, options: Record<string, unknown> = {}) {
  return { input: tripNumber(i), options: { waitMs, ...options } };
}

function submitAndWait(
  { url }: Gateway,
  i: number,
  waitMs: number,
  options: Record<string, unknown> = {},
  signal?: AbortSignal,
) {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: PREDICT_TRIP, variables: waiting(i, waitMs, options) }),
    ...(signal && { signal }),
  });
}

describe('the mutation returns', () => {
  test.each(transports)('the finished task, over $name', async ({ ask }) => {
    await using _running = await letTasksRun(gateway);
    const task = taskIn(await ask(gateway.url, PREDICT_TRIP, waiting(1, LONG_MS)), 'predictTrip');
    expect(task).toMatchObject({ state: 'SUCCEEDED', prediction: { durationMinutes: expect.any(Number) } });
  });

  test('the unfinished task when the time is over: QUEUED before its run, RUNNING in it', async () => {
    const queued = taskIn(await post(gateway.url, PREDICT_TRIP, waiting(1, 50)), 'predictTrip');
    expect(queued).toMatchObject({ state: 'QUEUED', prediction: null });

    await using _running = await letTasksRun(gateway);
    const running = await eventually(
      async () => taskIn(await post(gateway.url, PREDICT_TRIP, waiting(2, 100)), 'predictTrip'),
      ({ state }) => state === 'RUNNING',
    );
    expect(running).toMatchObject({ startedAt: expect.any(String), prediction: null });
  });

  test('a task that ends without a prediction', async () => {
    const answer = await post(gateway.url, PREDICT_TRIP, waiting(1, LONG_MS, { timeoutMs: 300 }));
    expect(taskIn(answer, 'predictTrip')).toMatchObject({
      state: 'EXPIRED',
      error: { code: 'DEADLINE_EXCEEDED' },
    });
  });

  test('the same task for the same requestId, on any gateway, and at once if it has ended', async () => {
    const options = { requestId: 'once' };
    const queued = await submitTrip(gateway.url, tripNumber(1), options);
    const waited = post(medium.url, PREDICT_TRIP, waiting(1, LONG_MS, options));
    await using _running = await letTasksRun(gateway);
    const task = taskIn(await waited, 'predictTrip');
    expect(task).toMatchObject({ id: queued.id, state: 'SUCCEEDED' });
    // The last one knows nothing of the task yet.
    for (const { url } of [gateway, medium, small])
      expect(taskIn(await post(url, PREDICT_TRIP, waiting(1, LONG_MS, options)), 'predictTrip')).toEqual(
        task,
      );
  });

  test('the accepted task when the gateway is stopped during the wait', async () => {
    await using stopped = await startGateway(nats);
    const waited = post(stopped.url, PREDICT_TRIP, waiting(1, LONG_MS));
    await accepted(1);
    stopped.kill('SIGTERM');
    expect(taskIn(await waited, 'predictTrip').state).toBe('QUEUED');
    expect(await stopped.ended).toBe(0);
  });
});

describe('a waiting mutation counts as a subscription', () => {
  describe('on a gateway that allows one', () => {
    test('and a second one is refused with GATEWAY_BUSY', async () => {
      const client = new AbortController();
      const first = submitAndWait(small, 1, LONG_MS, {}, client.signal).catch(() => {});
      const { last_seq: accepted } = await eventually(
        () => streams.state(JOBS),
        ({ messages }) => messages === 1,
      );
      expect(refusalIn(await post(small.url, PREDICT_TRIP, waiting(2, LONG_MS)))).toMatchObject({
        extensions: { code: 'GATEWAY_BUSY', limit: 1 },
      });
      expect(refusalIn(await post(small.url, PREDICT_TRIP, waiting(3, 1))).extensions.code).toBe(
        'GATEWAY_BUSY',
      );
      expect((await streams.state(JOBS)).last_seq).toBe(accepted);
      expect(await submitTrip(small.url, tripNumber(4))).toMatchObject({ state: 'QUEUED' });
      client.abort();
      await first;
      await hasRoom(small);
    });

    test('until its client disconnects, over POST and WebSocket', async () => {
      const client = new AbortController();
      const first = submitAndWait(small, 1, LONG_MS, {}, client.signal).catch(() => {});
      await accepted(1);
      client.abort();
      await first;
      await hasRoom(small);

      const webSocket = openWebSocket(small.url);
      const { messages } = await streams.state(JOBS);
      const second = overWebSocket(webSocket, PREDICT_TRIP, waiting(1, LONG_MS))
        .next()
        .catch(() => {});
      await accepted(messages + 1);
      webSocket.terminate();
      await webSocket.dispose();
      await second;
      await hasRoom(small);
    });

    test('until its client completes the operation, and then it sends nothing more', async () => {
      const webSocket = openWebSocket(small.url);
      const received: string[] = [];
      webSocket.on('message', ({ type }) => received.push(type));
      const complete = webSocket.subscribe(
        { query: PREDICT_TRIP, variables: waiting(1, LONG_MS) },
        { next() {}, error() {}, complete() {} },
      );
      await accepted(1);
      complete();
      await hasRoom(small);
      await collect(overWebSocket(webSocket, '{ __typename }', {}));
      await webSocket.dispose();
      expect(received).toEqual(['connection_ack', 'next', 'complete']);
    });
  });

  test('before its task is accepted, so that no task is accepted that could not wait', async () => {
    const first: Answer[] = [];
    const fortyAnswered = Promise.withResolvers<void>();
    const answers = Array.from({ length: 60 }, async (_, i) => {
      const answer = await post(medium.url, PREDICT_TRIP, waiting(i, LONG_MS));
      if (first.push(answer) === 40) fortyAnswered.resolve();
      return answer;
    });
    await fortyAnswered.promise;
    for (const refused of first) expect(refusalIn(refused).extensions.code).toBe('GATEWAY_BUSY');
    await accepted(20);
    await using _running = await letTasksRun(gateway);
    const rest = (await Promise.all(answers)).filter((answer) => !first.slice(0, 40).includes(answer));
    expect(rest.map((answer) => taskIn(answer, 'predictTrip').state)).toEqual(Array(20).fill('SUCCEEDED'));
  });

  test('also on one WebSocket, where a hundred are answered without a warning in the log', async () => {
    const { length: before } = gateway.output();
    const webSocket = openWebSocket(gateway.url);
    const tasks = Array.from({ length: 100 }, (_, i) =>
      collect(overWebSocket(webSocket, PREDICT_TRIP, waiting(i, LONG_MS))),
    );
    await accepted(100);
    await using _running = await letTasksRun(gateway);
    for (const [answer = {}] of await Promise.all(tasks))
      expect(taskIn(answer, 'predictTrip').state).toBe('SUCCEEDED');
    await webSocket.dispose();
    expect(gateway.output().slice(before)).not.toMatch(/Warning|"level":[45]0/);
  });
});

/** Resolves once this number of jobs is stored. */
function accepted(count: number) {
  return eventually(
    () => streams.queued('trip-duration'),
    (queued) => queued === count,
  );
}

/** Resolves once a waiting mutation is accepted. */
function hasRoom({ url }: Gateway) {
  return eventually(
    () => post(url, PREDICT_TRIP, waiting(2, 1)),
    ({ errors }) => errors === undefined,
  );
}

test.each([-1, 30_001])('a wait of %d ms is refused', async (waitMs) => {
  expect(refusalIn(await post(gateway.url, PREDICT_TRIP, waiting(1, waitMs)))).toMatchObject({
    message: `waitMs must be from 0 to 30000 (ms), got ${waitMs}`,
    extensions: { code: 'BAD_USER_INPUT', field: 'waitMs' },
  });
});
