/** Traces through a whole system, as a collector gets them, and what is kept and logged of a task. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEADLY_MILES } from '../support/badTrips.js';
import {
  fieldOf,
  PREDICT_TRIP,
  post,
  submitTrip,
  TASK_RESULT,
  type TaskView,
  taskIn,
} from '../support/client.ts';
import { type CollectedSpan, type Collector, startCollector } from '../support/collector.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';

const BAD_TRIPS = { NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/badTrips.js')}` };
const PARTS = ['accept', 'batch', 'run', 'result', 'push'].map((part) => `${part} trip-duration`);
const TRACE = 'query Trace($id: ID!) { task(id: $id) { traceId traceUrl } }';
const LOG = 'query Log($id: ID!) { task(id: $id) { log { at event process detail } } }';

let collector: Collector;
let nats: NatsServer;
let gateway: Gateway;
let otherGateway: Gateway;
let worker: Process;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  [collector, nats] = await Promise.all([startCollector(), startNats()]);
  env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=secret',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    // Only traces that clients have begun.
    OTEL_TRACES_SAMPLER_ARG: '0',
    TRACE_URL: 'https://traces.example/{traceId}?task',
    TASK_HISTORY: 'true',
    LOG_LEVEL: 'debug',
  };
  [gateway, otherGateway, worker] = await Promise.all([
    startGateway(nats, env),
    startGateway(nats, env),
    startWorker(nats, { ...env, ...BAD_TRIPS }),
  ]);
});

afterAll(async () => {
  for (const started of [gateway, otherGateway, worker, nats, collector])
    await started?.[Symbol.asyncDispose]();
});

/** A trace that a client begins, with its first span. */
function newTrace(flags = '01') {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}

async function predictWith(url: string, traceparent: string, i: number): Promise<TaskView> {
  const answer = await post(url, PREDICT_TRIP, { input: tripNumber(i) }, { traceparent });
  return taskIn(answer, 'predictTrip');
}

function named(spans: readonly CollectedSpan[], name: string): CollectedSpan {
  const [span, ...others] = spans.filter((each) => each.name === name);
  if (span === undefined || others.length > 0) throw new Error(`${others.length + 1} spans ${name}`);
  return span;
}

/** Subscribes over a WebSocket of its own, and returns what came first. */
async function resultOver(
  url: string,
  id: string,
  connectionParams: Record<string, unknown> = {},
  extensions = {},
) {
  const client = createClient({ url: url.replace('http', 'ws'), connectionParams });
  const payload = { query: TASK_RESULT, variables: { id }, extensions };
  const answers = await Array.fromAsync(client.iterate<Record<string, TaskView>>(payload));
  await client.dispose();
  return answers[0]?.data?.taskResult;
}

function linesAbout(started: Process, taskId: string): readonly Record<string, unknown>[] {
  const lines = started.output().split('\n');
  return lines.filter((line) => line.includes(`"taskId":"${taskId}"`)).map((line) => JSON.parse(line));
}

test('one trace goes from a client through its gateway and a worker to a subscriber of another gateway', async () => {
  const client = newTrace();
  const task = await predictWith(gateway.url, client.traceparent, 1);
  expect(await resultOver(otherGateway.url, task.id)).toMatchObject({ state: 'SUCCEEDED' });

  const spans = await collector.traceWith(client.traceId, ['mutation predictTrip', ...PARTS]);
  const operation = named(spans, 'mutation predictTrip');
  const [accept, batch, run, result, push] = PARTS.map((part) => named(spans, part));
  expect(operation).toMatchObject({ kind: 'SERVER', parentSpanId: client.spanId, isError: false });
  expect(operation.attributes).toMatchObject({
    'graphql.operation.type': 'mutation',
    'graphql.operation.name': 'PredictTrip',
  });
  expect(accept).toMatchObject({ kind: 'PRODUCER', parentSpanId: operation.spanId });
  expect(batch).toMatchObject({ kind: 'CONSUMER', parentSpanId: accept?.spanId, links: [accept?.spanId] });
  expect(run).toMatchObject({ parentSpanId: batch?.spanId });
  expect(result).toMatchObject({ parentSpanId: batch?.spanId });
  expect(push).toMatchObject({ parentSpanId: accept?.spanId });
  for (const span of [accept, result, push])
    expect(span?.attributes).toMatchObject({ 'tidings.task.id': task.id });
  for (const { startMs, endMs } of spans) expect(endMs).toBeGreaterThanOrEqual(startMs);

  const services = [operation, batch, push].map((span) => span?.resource);
  expect(services.map((resource) => resource?.['service.name'])).toEqual([
    'tidings-gateway',
    'tidings-worker',
    'tidings-gateway',
  ]);
  expect(services[0]?.['service.instance.id']).not.toBe(services[2]?.['service.instance.id']);
  for (const resource of services) expect(resource).toMatchObject({ 'deployment.environment.name': 'test' });
  expect(collector.headers).toMatchObject({ 'x-collector-key': 'secret' });
});

test('over WebSocket the trace is that of the connection, unless the operation names another', async () => {
  const task = await submitTrip(gateway.url, tripNumber(2));
  const [ofConnection, ofOperation] = [newTrace(), newTrace()];
  const { traceparent } = ofConnection;
  await resultOver(gateway.url, task.id, { traceparent });
  await resultOver(gateway.url, task.id, { traceparent }, { traceparent: ofOperation.traceparent });
  for (const { traceId, spanId } of [ofConnection, ofOperation]) {
    const spans = await collector.traceWith(traceId, ['subscription taskResult']);
    expect(spans).toMatchObject([{ kind: 'SERVER', parentSpanId: spanId }]);
  }
});

test('a row batch is traced like a task', async () => {
  const client = newTrace();
  const query = 'mutation ($inputs: [PredictTripInput!]!) { predictTrips(inputs: $inputs) { id } }';
  await post(
    gateway.url,
    query,
    { inputs: [tripNumber(3), tripNumber(4)] },
    { traceparent: client.traceparent },
  );
  const parts = PARTS.filter((name) => !name.startsWith('push'));
  const spans = await collector.traceWith(client.traceId, ['mutation predictTrips', ...parts]);
  const [accept, batch, run, result] = parts.map((part) => named(spans, part));
  expect(accept).toMatchObject({ parentSpanId: named(spans, 'mutation predictTrips').spanId });
  expect(batch).toMatchObject({ parentSpanId: accept?.spanId });
  expect(run).toMatchObject({ parentSpanId: batch?.spanId });
  // Of the whole task, whose rows may have run in several batches.
  expect(result).toMatchObject({ parentSpanId: accept?.spanId });
});

test('a trace that a client does not want recorded, or names wrongly, is not recorded', async () => {
  const unwanted = newTrace('00');
  const { traceId, spanId } = newTrace();
  const wrong = [
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId.toUpperCase().replaceAll(/\d/g, 'A')}-${spanId}-01`,
    'nonsense',
  ];
  for (const [i, traceparent] of [unwanted.traceparent, ...wrong].entries()) {
    const { id } = await predictWith(gateway.url, traceparent, 10 + i);
    expect(await resultOver(gateway.url, id)).toMatchObject({ state: 'SUCCEEDED' });
  }
  const later = newTrace();
  const { id } = await predictWith(gateway.url, later.traceparent, 20);
  await resultOver(gateway.url, id);
  await collector.traceWith(later.traceId, PARTS);
  const recorded = new Set(collector.spans.map((span) => span.traceId));
  expect(recorded.has(traceId)).toBe(false);
  expect(recorded.has(unwanted.traceId)).toBe(false);
});

test('clients that ask for many traces get those of some operations, and their other tasks have none', async () => {
  await using asked = await startGateway(nats, env);
  const began = performance.now();
  const traces = Array.from({ length: 300 }, () => newTrace());
  const [task = newTrace()] = traces.splice(-1);
  const asking = traces.map(({ traceparent }) => post(asked.url, '{ __typename }', {}, { traceparent }));
  const [{ id }] = await Promise.all([predictWith(asked.url, task.traceparent, 70), ...asking]);
  const seconds = (performance.now() - began) / 1_000;
  await asked[Symbol.asyncDispose]();

  const ids = new Set(traces.map(({ traceId }) => traceId));
  const recorded = collector.spans.filter(({ traceId }) => ids.has(traceId)).length;
  expect(recorded).toBeGreaterThan(0);
  expect(recorded).toBeLessThanOrEqual(100 * (1 + seconds));
  const isRecorded = collector.spans.some(({ traceId }) => traceId === task.traceId);
  await worker.logged(`"taskId":"${id}"`);
  expect(linesAbout(worker, id)[0]?.trace).toBe(isRecorded ? task.traceId : undefined);
});

test('of the name of an operation a span has the beginning', async () => {
  const client = newTrace();
  const query = `query ${'N'.repeat(5_000)} { __typename }`;
  await post(gateway.url, query, {}, { traceparent: client.traceparent });
  const [span] = await collector.traceWith(client.traceId, ['query __typename']);
  expect(span?.attributes['graphql.operation.name']).toBe('N'.repeat(100));
});

test('a task leads to the trace that it is recorded in, also after its end, and from each gateway', async () => {
  const client = newTrace();
  const traced = { traceId: client.traceId, traceUrl: `https://traces.example/${client.traceId}?task` };
  const task = await predictWith(gateway.url, client.traceparent, 25);
  expect(fieldOf(await post(gateway.url, TRACE, { id: task.id }))).toEqual(traced);
  await resultOver(gateway.url, task.id);
  for (const { url } of [gateway, otherGateway])
    expect(fieldOf(await post(url, TRACE, { id: task.id }))).toEqual(traced);
  for (const traceparent of [newTrace('00').traceparent, 'nonsense']) {
    const { id } = await predictWith(gateway.url, traceparent, 26);
    expect(fieldOf(await post(gateway.url, TRACE, { id }))).toEqual({ traceId: null, traceUrl: null });
  }
});

test('a gateway without a collector records nothing, and passes the trace of the client on', async () => {
  await using plain = await startGateway(nats);
  const client = newTrace();
  const { id } = await predictWith(plain.url, client.traceparent, 30);
  expect(fieldOf(await post(plain.url, TRACE, { id }))).toEqual({ traceId: null, traceUrl: null });
  const spans = await collector.traceWith(client.traceId, ['result trip-duration']);
  expect(named(spans, 'batch trip-duration')).toMatchObject({ parentSpanId: client.spanId });
  expect(spans.map(({ resource }) => resource['service.name'])).not.toContain('tidings-gateway');
});

test('lines of the log about a task have its id and its trace, and one tells its end', async () => {
  const client = newTrace();
  const { id } = await predictWith(gateway.url, client.traceparent, 40);
  await resultOver(gateway.url, id);
  const line = { taskId: id, trace: client.traceId, state: 'SUCCEEDED' };
  await gateway.logged(`"taskId":"${id}"`);
  expect(linesAbout(gateway, id)).toMatchObject([
    { ...line, msg: 'task ended', model: 'trip-duration', version: '1', ms: expect.any(Number) },
  ]);
  await worker.logged(`"taskId":"${id}"`);
  expect(linesAbout(worker, id)).toMatchObject([{ ...line, msg: 'task finished' }]);
});

test('the log of a task tells that it has killed a session, and its spans that the run failed', async () => {
  const client = newTrace();
  const input = { ...tripNumber(50), tripDistanceMiles: DEADLY_MILES };
  const answer = await post(gateway.url, PREDICT_TRIP, { input }, { traceparent: client.traceparent });
  const { id } = taskIn(answer, 'predictTrip');
  expect(await resultOver(gateway.url, id)).toMatchObject({ error: { code: 'WORKER_CRASHED' } });

  const { log } = fieldOf<{
    log: { at: string; event: string; process: string | null; detail: string | null }[];
  }>(await post(otherGateway.url, LOG, { id }));
  const events = log.map(({ event }) => event);
  expect([...new Set(events)]).toEqual(['ACCEPTED', 'DELIVERED', 'SUSPECT', 'STARTED', 'ENDED']);
  expect(events.filter((event) => event === 'SUSPECT').length).toBe(3);
  expect(log.map(({ at }) => at)).toEqual(log.map(({ at }) => at).toSorted());
  expect(log.at(0)?.process).toMatch(/^gateway-/);
  expect(log.at(1)).toMatchObject({ process: expect.stringMatching(/^worker-/), detail: 'delivery 1' });
  expect(log.at(-1)).toMatchObject({ detail: 'FAILED, WORKER_CRASHED' });

  const spans = await collector.traceWith(client.traceId, ['result trip-duration']);
  const failed = spans.filter(({ isError }) => isError).map(({ name }) => name);
  expect(failed).toEqual(expect.arrayContaining(['run trip-duration', 'result trip-duration']));
  const batches = spans.filter(({ name }) => name === 'batch trip-duration');
  const attempts = batches.toSorted((a, b) => a.startMs - b.startMs);
  expect(attempts.map(({ attributes }) => attributes['tidings.batch.attempt'])).toEqual(['1', '2', '3']);
  for (const [i, { endMs }] of attempts.slice(0, -1).entries())
    expect(attempts[i + 1]?.startMs).toBeGreaterThanOrEqual(endMs);
  expect(named(spans, 'result trip-duration').parentSpanId).toBe(attempts.at(-1)?.spanId);
});

test('the span of an operation that fails has the code that its client gets', async () => {
  const client = newTrace();
  const wrong = { ...tripNumber(1), pickupLocationId: 999 };
  await post(gateway.url, PREDICT_TRIP, { input: wrong }, { traceparent: client.traceparent });
  await resultOver(gateway.url, 'nonsense', {}, { traceparent: client.traceparent }).catch(() => {});
  const names = ['mutation predictTrip', 'subscription taskResult'];
  const spans = await collector.traceWith(client.traceId, names);
  expect(names.map((name) => named(spans, name).attributes['error.type'])).toEqual([
    'BAD_USER_INPUT',
    'TASK_NOT_FOUND',
  ]);
});

test('what waits for the collector is exported when a gateway stops', async () => {
  const client = newTrace();
  const stopped = await startGateway(nats, env);
  const { id } = await predictWith(stopped.url, client.traceparent, 60);
  await resultOver(stopped.url, id);
  await stopped[Symbol.asyncDispose]();
  await collector.traceWith(client.traceId, ['mutation predictTrip', 'push trip-duration']);
});
