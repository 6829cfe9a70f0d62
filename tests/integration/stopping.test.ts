/** A gateway that is stopped drains, ends its streams so that clients reconnect, and exits. */
import { type Client, createClient } from 'graphql-sse';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  collect,
  onlyTask,
  openSse,
  openWebSocket,
  overWebSocket,
  PREDICT_TRIP,
  sse,
  submitTrip,
  TASK_RESULT,
  type TaskView,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startWorker, tellAgain } from '../support/processes.ts';
import { exchange } from '../support/rawHttp.ts';

let nats: NatsServer;
/** A gateway and a worker that keep running. Tests pause the worker. */
let gateway: Gateway;
let worker: Process;

beforeAll(async () => {
  nats = await startNats();
  [gateway, worker] = await Promise.all([startGateway(nats), startWorker(nats)]);
});

afterEach(() => worker.kill('SIGCONT'));

afterAll(async () => {
  for (const started of [gateway, worker, nats]) await started?.[Symbol.asyncDispose]();
});

/** Submits a task that has no result until the worker continues. */
function submitUnserved({ url }: Gateway): Promise<TaskView> {
  worker.kill('SIGSTOP');
  return submitTrip(url, tripNumber(1));
}

async function untilDraining({ url }: Gateway): Promise<void> {
  const ready = async () => (await fetch(new URL('/ready?without=workers', url))).json();
  await eventually(ready, (answer) => (answer as { code?: string }).code === 'DRAINING');
}

describe('a gateway that is stopped', () => {
  test('is not ready, and still serves requests for DRAIN_MS or until a second signal', async () => {
    // DRAIN_MS is longer than the test, so only a second signal ends it. Two signals at once, as from an init system,
    // count as one.
    await using draining = await startGateway(nats, { DRAIN_MS: '600000', KEEP_ALIVE_MS: '120000' });
    const { id } = await submitUnserved(draining);
    const early = onlyTask(sse(draining.url, TASK_RESULT, { id }));
    const kept = await fetch(new URL('/health', draining.url));
    expect(kept.headers.get('keep-alive')).toBe('timeout=120');
    draining.kill('SIGTERM');
    draining.kill('SIGINT');
    await untilDraining(draining);

    const ready = await fetch(new URL('/ready', draining.url));
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: 'not ready', code: 'DRAINING' });
    expect((await fetch(new URL('/health', draining.url))).status).toBe(200);

    const body = JSON.stringify({ query: PREDICT_TRIP, variables: { input: tripNumber(2) } });
    const headers = `Host: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    // The connection closes after the answer, although this client would keep it open.
    const answer = await exchange(draining.url, `POST /graphql HTTP/1.1\r\n${headers}\r\n\r\n${body}`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/^connection: close\r$/im);
    expect(answer).toContain('"state":"QUEUED"');

    const client = openWebSocket(draining.url);
    const late = onlyTask(overWebSocket(client, TASK_RESULT, { id }));
    worker.kill('SIGCONT');
    expect(await early).toMatchObject({ id, state: 'SUCCEEDED' });
    expect(await late).toEqual(await early);
    await client.dispose();
    expect(await tellAgain(draining)).toBe(0);
  });

  test('ends streams without a complete event, so that graphql-sse gets each result once, from the next gateway', async () => {
    await using stopping = await startGateway(nats);
    const successor = Promise.withResolvers<void>();
    const connected = Promise.withResolvers<void>();
    const client = createClient({
      url: stopping.url,
      retry: () => successor.promise,
      on: { connected: () => connected.resolve() },
    });
    const { id } = await submitUnserved(stopping);
    const answers = resultsOf(client, id);
    await connected.promise;
    const stream = await openSse(stopping.url, TASK_RESULT, { id });
    const end = expect(collect(stream)).rejects.toThrow('terminated');
    stopping.kill('SIGTERM');
    await end;
    expect(await stopping.ended).toBe(0);
    await using _next = await startGateway(nats, { PORT: new URL(stopping.url).port });
    successor.resolve();
    worker.kill('SIGCONT');
    expect(await onlyTask(await answers)).toMatchObject({ id, state: 'SUCCEEDED' });
    client.dispose();
  });
});

test('a gateway keeps idle connections longer than the minute of load balancers', async () => {
  const { headers } = await fetch(new URL('/health', gateway.url));
  expect(headers.get('keep-alive')).toBe('timeout=75');
});

test('a stream has headers that forbid proxies to buffer or compress it', async () => {
  const { id } = await submitTrip(gateway.url, tripNumber(1));
  const stream = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: TASK_RESULT, variables: { id } }),
  });
  await stream.body?.cancel();
  expect(Object.fromEntries(stream.headers)).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  expect(stream.headers.has('content-encoding')).toBe(false);
});

test('a stream that ends normally has a complete event, so that graphql-sse does not subscribe again', async () => {
  const { id } = await submitUnserved(gateway);
  const events: string[] = [];
  const client = createClient({
    url: gateway.url,
    on: { connected: () => worker.kill('SIGCONT'), message: ({ event }) => events.push(event) },
  });
  expect(await onlyTask(await resultsOf(client, id))).toMatchObject({ state: 'SUCCEEDED' });
  expect(events).toEqual(['next', 'complete']);
  client.dispose();
});

async function resultsOf({ iterate }: Pick<Client, 'iterate'>, id: string): Promise<readonly Answer[]> {
  return Array.fromAsync(
    iterate<Record<string, TaskView>>({ query: TASK_RESULT, variables: { id } }),
    ({ data }) => ({ data: data ?? null }),
  );
}
