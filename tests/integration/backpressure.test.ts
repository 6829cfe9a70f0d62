/** Overload, at each place where work could pile up: it is bounded and refused with a reason, and nothing is lost. */
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { getIntrospectionQuery } from 'graphql';
import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { buildSchema } from '../../schema/index.ts';
import { subjects } from '../../src/contract/subjects.ts';
import { openServer } from '../../src/edge/server.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/log.ts';
import {
  CANCEL_TASK,
  collect,
  onlyTask,
  openWebSocket,
  overWebSocket,
  PREDICT_TRIP,
  post,
  sse,
  submitTrip,
  TASK,
  TASK_RESULT,
  TASK_UPDATES,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { addressOf, HOME, openTestBroker, queueJobs, storedEnd, tripJob } from '../support/jobs.ts';
import { residentBytes } from '../support/memory.ts';
import { SILENT, TEST_MODELS } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';
import { newTaskAddress } from '../support/taskAddresses.ts';
import { refusalIn } from '../support/transports.ts';

const MIB = 1024 * 1024;
const INTROSPECTION = getIntrospectionQuery();
const QUESTIONS = 500;

test.concurrent('a WebSocket whose client does not read is closed with 4013, and after a reconnect the client gets the result', async () => {
  await using nats = await startNats();
  await using gateway = await startGateway(nats, { MAX_SUBSCRIPTIONS: '2', MAX_BUFFERED_BYTES: '65536' });
  const { id } = await submitTrip(gateway.url, tripNumber(1));
  const reads = await watchDeafly(gateway, id);
  const never = await watchDeafly(gateway, id);
  const [refused] = await collect(sse(gateway.url, TASK_RESULT, { id }));
  expect(refusalIn(refused ?? {})).toMatchObject({
    message: 'This gateway has 2 subscriptions open already (MAX_SUBSCRIPTIONS). Try again in a moment.',
    extensions: { code: 'GATEWAY_BUSY', limit: 2 },
  });

  await overload(reads, gateway);
  const closed = once(reads, 'close');
  reads.resume();
  expect((await closed).map(String)).toEqual(['4013', 'Too slow: connect again']);
  await overload(never, gateway);

  await using _worker = await startWorker(nats);
  // Both subscriptions are free again, although one client has not even read the close frame.
  const results = await eventually(
    () => Promise.all([1, 2].map(() => collect(sse(gateway.url, TASK_RESULT, { id })))),
    (answers) => answers.every(([answer]) => answer?.errors === undefined),
  );
  for (const [answer] of results) expect(taskIn(answer ?? {}, 'taskResult').state).toBe('SUCCEEDED');
  expect(gateway.output()).not.toMatch(/"level":[56]0/);
  never.terminate();
});

test.concurrent('a connection whose client does not read answers to POST, streams over SSE or events of subscriptions is ended, and logged once with the number of unread answers', async () => {
  await using nats = await startNats();
  await using gateway = await startGateway(nats);
  const answerLength = JSON.stringify(await post(gateway.url, INTROSPECTION)).length;
  const { id } = await submitTrip(gateway.url, tripNumber(0));
  taskIn(await post(gateway.url, CANCEL_TASK, { id }), 'cancelTask');
  const fields = Array.from({ length: 25 }, (_, i) => `id${i}: id`).join(' ');
  const events = `subscription { taskResult(id: "${id}") { ${fields} } }`;
  const [event] = await collect(sse(gateway.url, events, {}));
  const eventLength = JSON.stringify(event).length;
  const unread = await Promise.all([
    ...[1, 2, 3].map(() => askDeafly(gateway, 'application/json')),
    askDeafly(gateway, 'text/event-stream'),
    askDeafly(gateway, 'text/event-stream', events, 10 * QUESTIONS),
  ]);
  const drops = async () =>
    gateway.output().match(/"answers":\d+,.*dropped an HTTP connection whose client does not read/g) ?? [];
  await eventually(drops, (lines) => lines.length >= unread.length);
  await Promise.all(unread.map((socket) => new Promise((resolve) => socket.once('close', resolve).resume())));
  const lines = await drops();
  expect(lines).toHaveLength(unread.length);
  expect(lines.some((line) => !line.startsWith('"answers":1,'))).toBe(true);
  for (const [i, { bytesRead }] of unread.entries())
    expect(bytesRead).toBeLessThan(i < 4 ? QUESTIONS * answerLength : 10 * QUESTIONS * eventLength);
  expect(gateway.output()).not.toMatch(/"level":[56]0/);
});

test.concurrent('a connection whose client does not read the page of GraphiQL is ended', async () => {
  using catalog = await Catalog.open(TEST_MODELS, SILENT);
  const { models } = catalog;
  const log = createLog({ logLevel: 'silent', logFormat: 'json' }, 'test');
  const dropped = new Promise<void>((resolve) => {
    vi.spyOn(log, 'warn').mockImplementation((_, message = '') => {
      if (message.includes('dropped an HTTP connection whose client does not read')) resolve();
    });
  });
  // The page needs no broker. The limit is shorter than the 10 s of a gateway.
  await using server = await openServer({
    models,
    schema: buildSchema(models),
    config: readConfig({ PORT: '0' }),
    stalledAfterMs: 100,
    log,
  });
  const { hostname, port, host } = new URL(server.url);
  const page = await (await fetch(server.url, { headers: { accept: 'text/html' } })).arrayBuffer();
  const socket = connect(Number(port), hostname).on('error', () => {});
  await once(socket, 'connect');
  socket.pause();
  const ask = `GET /graphql HTTP/1.1\r\nhost: ${host}\r\naccept: text/html\r\n\r\n`;
  socket.write(ask.repeat(20));
  await dropped;
  await new Promise((resolve) => socket.once('close', resolve).resume());
  expect(socket.bytesRead).toBeLessThan(20 * page.byteLength);
});

test.concurrent('a gateway whose store of results is 90 % full refuses new tasks until there is space, and finishes accepted ones', async () => {
  await using nats = await startNats();
  const limits = { RESULT_MAX_COUNT: '1000' };
  await using streams = await inspectStreams(nats);
  await using broker = await openTestBroker(nats, limits);
  await fillResults(broker, 895);
  await using gateway = await startGateway(nats, limits);
  const submit = (i: number) =>
    post(gateway.url, PREDICT_TRIP, { input: tripNumber(i), options: { requestId: `trip ${i}` } });
  const accepted = [];
  for (let i = 0; i < 5; i++) accepted.push(taskIn(await submit(i), 'predictTrip'));
  expect(refusalIn(await submit(5))).toMatchObject({
    message: expect.stringContaining('The store of results is nearly full'),
    extensions: { code: 'RESULT_STORE_FULL', retryAfterMs: 5_000 },
  });
  expect(taskIn(await submit(4), 'predictTrip').id).toBe(accepted[4]?.id);

  await using _worker = await startWorker(nats, limits);
  for (const { id } of accepted)
    expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
  expect(refusalIn(await submit(5)).extensions.code).toBe('RESULT_STORE_FULL');
  await streams.removeOldest('ENDS', 500);
  await eventually(
    () => submit(5),
    ({ errors }) => errors === undefined,
  );
});

test.concurrent('a worker keeps its results while their store is full, and stores them when there is space', async () => {
  await using nats = await startNats();
  const limits = { RESULT_MAX_COUNT: '1000' };
  await using streams = await inspectStreams(nats);
  await using broker = await openTestBroker(nats, limits);
  await fillResults(broker, 1_000);
  const jobs = Array.from({ length: 200 }, (_, i) => tripJob(broker, i));
  await queueJobs(broker, jobs);
  await using worker = await startWorker(nats, limits);
  await worker.logged('not stored yet, trying again');
  expect((await streams.state('JOBS_trip-duration')).messages).toBe(200);
  await streams.removeOldest('ENDS', 200);
  await eventually(
    () => streams.state('JOBS_trip-duration'),
    ({ messages }) => messages === 0,
  );
  for (const { taskId } of jobs)
    expect(await storedEnd(streams, { taskId })).toMatchObject({ state: 'SUCCEEDED' });
});

test('1,000 subscriptions are cleaned up completely when their clients vanish', async () => {
  await using nats = await startNats({ config: 'http: "127.0.0.1:-1"' });
  await using broker = await openTestBroker(nats);
  // If some 30 KB of each subscription stayed in memory, the 3,000 of all rounds would end the process.
  const NODE_OPTIONS = '--max-old-space-size=128';
  await using gateway = await startGateway(nats, { MAX_SUBSCRIPTIONS: '1000', NODE_OPTIONS });
  // Another gateway accepted the tasks, so this one needs a subscription at the broker for each task that is watched.
  const jobs = Array.from({ length: 1_000 }, (_, i) => tripJob(broker, i, 300_000));
  await queueJobs(broker, jobs);
  const subscriptions = await subscriptionsOfGateway(nats);
  // A ready gateway has sent all its own subscriptions. The broker handles them before this later request.
  await post(gateway.url, TASK, { id: jobs[0]?.taskId });
  const own = await subscriptions();
  const added = async () => without(own, await subscriptions());
  // One for each task, and one for the notices of running tasks at their home.
  const watched = [...jobs.map((job) => subjects.ended(addressOf(job))), `running.${HOME}`].toSorted();
  for (let round = 0; round < 3; round++) {
    const sockets = await Promise.all(
      Array.from({ length: 10 }, (_, i) => watchAll(gateway, jobs.slice(i * 100, (i + 1) * 100))),
    );
    await eventually(added, (found) => isDeepStrictEqual(found, watched));
    const [refused] = await collect(sse(gateway.url, TASK_UPDATES, { id: jobs[0]?.taskId }));
    expect(refusalIn(refused ?? {}).extensions.code).toBe('GATEWAY_BUSY');
    for (const socket of sockets) socket.terminate();
    await eventually(added, (found) => found.length === 0);
  }
  expect(gateway.output()).not.toMatch(/"level":[56]0/);
});

test('a flood of many times the capacity leaves memory flat, and every accepted task ends well', async () => {
  await using nats = await startNats();
  await using gateway = await startGateway(nats, { QUEUE_MAX_JOBS: '250' });
  // 16 tasks a second at most: on the slowest machine the flood is many times that.
  await using worker = await startWorker(nats, {
    QUEUE_MAX_JOBS: '250',
    NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/slowRuns.js')}`,
    RUN_MS: '4000',
  });
  const accepted: string[] = [];
  const refusals = new Map<string, number>();
  const memory: number[][] = [];
  const refusedCount = () => refusals.get('QUEUE_FULL') ?? 0;
  const client = openWebSocket(gateway.url);
  const lane = async () => {
    while (refusedCount() < 2_500) {
      const [answer = {}] = await collect(
        overWebSocket(client, PREDICT_TRIP, { input: tripNumber(accepted.length) }),
      );
      const code = answer.errors?.[0]?.extensions.code;
      if (code === undefined) accepted.push(taskIn(answer, 'predictTrip').id);
      else refusals.set(code, (refusals.get(code) ?? 0) + 1);
      if ((accepted.length + refusedCount()) % 60 === 0)
        memory.push(await Promise.all([gateway, worker].map(({ pid }) => residentBytes(pid))));
    }
  };
  await Promise.all(Array.from({ length: 64 }, lane));
  await client.dispose();

  expect([...refusals.keys()]).toEqual(['QUEUE_FULL']);
  expect(refusedCount()).toBeGreaterThan(4 * (accepted.length - 250));
  // Growth in the first third is warm-up.
  const settled = memory.slice(Math.floor(memory.length / 3));
  for (const side of [0, 1]) {
    const bytes = settled.map((sample) => sample[side] ?? 0);
    expect(Math.max(...bytes) - (bytes[0] ?? 0)).toBeLessThan(64 * MIB);
  }
  // The measurement is over. A fast worker finishes the rest, and what the slow one hands back.
  const [quick] = await Promise.all([
    startWorker(nats, { QUEUE_MAX_JOBS: '250' }),
    worker[Symbol.asyncDispose](),
  ]);
  await using _quick = quick;
  for (let start = 0; start < accepted.length; start += 100) {
    const tasks = await Promise.all(
      accepted.slice(start, start + 100).map((id) => onlyTask(sse(gateway.url, TASK_RESULT, { id }))),
    );
    for (const { state } of tasks) expect(state).toBe('SUCCEEDED');
  }
  expect(gateway.output()).not.toMatch(/"level":[56]0/);
});

/** Stores results that no client reads. */
async function fillResults(broker: Awaited<ReturnType<typeof openTestBroker>>, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const now = broker.now();
    const address = newTaskAddress({ model: 'trip-duration', home: HOME, deadline: now + 60_000 });
    const task = {
      id: address.id,
      owner: 'anonymous',
      model: 'trip-duration',
      modelVersion: '1',
      submittedAt: now,
      finishedAt: now,
    };
    await broker.ends.storeTask({ ...task, state: 'CANCELED', attempts: 0 }, address);
  }
}

/** A socket after `connection_ack`. */
async function openSocket({ url }: Gateway): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
  socket.on('error', () => {});
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  return socket;
}

function subscribe(socket: WebSocket, id: string, query: string, variables: object = {}): void {
  socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }));
}

/** Resolves once every subscription has delivered its first state. */
async function watchAll(gateway: Gateway, jobs: readonly { taskId: string }[]): Promise<WebSocket> {
  const socket = await openSocket(gateway);
  const shown = Promise.withResolvers<void>();
  let count = 0;
  socket.on('message', () => ++count === jobs.length && shown.resolve());
  for (const { taskId } of jobs) subscribe(socket, taskId, TASK_UPDATES, { id: taskId });
  await shown.promise;
  return socket;
}

/** Watches a task, and stops reading after its first state. */
async function watchDeafly(gateway: Gateway, id: string): Promise<WebSocket> {
  const socket = await openSocket(gateway);
  subscribe(socket, 'watch', TASK_UPDATES, { id });
  await once(socket, 'message');
  socket.pause();
  return socket;
}

/** Asks for more than fits into the kernel's buffers, until the gateway drops the connection. */
async function overload(socket: WebSocket, gateway: Gateway): Promise<void> {
  const drops = () => gateway.output().split('dropped a WebSocket').length;
  const before = drops();
  for (let i = 0; drops() === before; i++) {
    subscribe(socket, String(i), INTROSPECTION);
    // The requests come no faster than the gateway answers others. Otherwise it would still read when it should close.
    if (i % 20 === 0) await (await fetch(new URL('/health', gateway.url))).text();
  }
}

/** Sends requests whose answers do not fit into the kernel's buffers on one connection, and reads none of them. */
async function askDeafly(
  { url }: Gateway,
  accept: string,
  query = INTROSPECTION,
  count = QUESTIONS,
): Promise<ReturnType<typeof connect>> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  await once(socket, 'connect');
  socket.pause();
  const body = JSON.stringify({ query });
  const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\naccept: ${accept}\r\ncontent-type: application/json`;
  for (let i = 0; i < count; i++) socket.write(`${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  return socket;
}

/** The subjects of the gateway's subscriptions at the broker, one for each, from the broker's monitoring. */
async function subscriptionsOfGateway({ dataDir }: NatsServer): Promise<() => Promise<readonly string[]>> {
  const file = (await readdir(dataDir)).find((name) => name.endsWith('.ports')) ?? '';
  const { monitoring } = JSON.parse(await readFile(join(dataDir, file), 'utf8'));
  return async () => {
    const { connections } = await (await fetch(`${monitoring[0]}/connz?subs=1`)).json();
    const gateway = connections.find(({ name }: { name: string }) => name.startsWith('gateway-'));
    return gateway.subscriptions_list.toSorted();
  };
}

/** The entries of `found` that are not in `known`. A subject that is there twice counts twice. */
function without(known: readonly string[], found: readonly string[]): readonly string[] {
  const rest = [...known];
  return found.filter((subject) => {
    const at = rest.indexOf(subject);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
