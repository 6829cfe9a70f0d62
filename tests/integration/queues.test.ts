/** Queues as clients and operators see them: places of tasks, pauses, figures of the system, tasks that are run again. */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  CANCEL_TASK,
  fieldOf,
  onlyTask,
  openSse,
  post,
  sse,
  submitTrip,
  TASK_RESULT,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { addressOf, letterOf, openTestBroker, tripJob } from '../support/jobs.ts';
import { addConstantVersion, type ModelsFolder } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { codeIn } from '../support/owners.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';
import { allServed, twoVersions, versionsOf } from '../support/rollouts.ts';

const MODEL = 'trip-duration';
const TOKEN = 'open-sesame-0123456789';
const OPERATOR = { authorization: `Bearer ${TOKEN}` };
const QUEUES = `{ queues(model: "${MODEL}") { version lane waiting inHand isPaused } }`;
const PLACE = 'query ($id: ID!) { task(id: $id) { state position estimatedStartAt } }';
const RAN_BY = 'query ($id: ID!) { task(id: $id) { worker } }';
const RETRY = 'mutation ($id: ID!) { retryTask(id: $id) { id state history labels } }';
const STATS = `{ at
  processes { id role cpuCores memoryBytes eventLoopDelayMs busy connections subscriptions worker { models { version } } }
  models { modelName acceptedPerSecond succeededPerSecond p50Ms }
  queues { lane waiting }
  stores { name messages bytes maxBytes }
  alerts { name severity modelName since } }`;

interface LaneView {
  readonly version: string;
  readonly lane: string;
  readonly waiting: number;
  readonly isPaused: boolean;
}

interface StatsView {
  readonly processes: readonly { readonly id: string; readonly role: string; readonly worker: unknown }[];
  readonly models: readonly {
    readonly acceptedPerSecond: number;
    readonly succeededPerSecond: number;
    readonly p50Ms: number | null;
  }[];
  readonly stores: readonly { readonly name: string; readonly bytes: number; readonly maxBytes: number }[];
  readonly alerts: readonly { readonly name: string; readonly modelName: string | null }[];
}

let nats: NatsServer;
let models: ModelsFolder;
let gateway: Gateway;
/** Others may reach it, so it takes the operator token. */
let guarded: Gateway;
let worker: Process;

beforeAll(async () => {
  models = await twoVersions();
  nats = await startNats();
  const env = { MODELS_DIR: models.path };
  [gateway, guarded, worker] = await Promise.all([
    startGateway(nats, env),
    startGateway(nats, { ...env, OPERATOR_TOKEN: TOKEN }),
    startWorker(nats, env),
  ]);
  await Promise.all([gateway, guarded].map(allServed));
});

afterAll(async () => {
  for (const started of [worker, gateway, guarded, nats, models]) await started?.[Symbol.asyncDispose]();
});

const pause = (action: 'pauseModel' | 'resumeModel', headers = OPERATOR) =>
  post(guarded.url, `mutation { ${action}(model: "${MODEL}") { name isPaused } }`, {}, headers);

async function lanes(of: Gateway = gateway): Promise<readonly LaneView[]> {
  return fieldOf(await post(of.url, QUEUES));
}

function alertNames({ alerts }: StatsView): readonly string[] {
  return alerts.map(({ name }) => name);
}

describe('a paused model', () => {
  beforeAll(async () => {
    expect(await pause('pauseModel')).toEqual({ data: { pauseModel: { name: MODEL, isPaused: true } } });
  });

  afterAll(async () => {
    await pause('resumeModel');
  });

  test('tells each task how many wait before it, whatever bundles they came in', async () => {
    const single = await submitTrip(gateway.url, tripNumber(1));
    const names = Array.from({ length: 5 }, (_, i) => `t${i}`);
    const together = await post(
      guarded.url,
      `mutation (${names.map((name) => `$${name}: PredictTripInput!`)}) {
        ${names.map((name) => `${name}: predictTrip(input: $${name}) { id }`).join('\n')} }`,
      Object.fromEntries(names.map((name, i) => [name, tripNumber(i)])),
    );
    const ofBundle = Object.values(together.data ?? {});
    const last = await submitTrip(gateway.url, tripNumber(2));
    const ids = [single, ...ofBundle, last].map(({ id }) => id);
    const expected = ids.map((_, position) => ({ state: 'QUEUED', position, estimatedStartAt: null }));
    await eventually(
      () => Promise.all(ids.map(async (id) => fieldOf(await post(gateway.url, PLACE, { id })))),
      (places) => isDeepStrictEqual(places, expected),
    );
    await eventually(
      () => lanes(),
      (all) => all.some(({ lane, waiting }) => lane === 'INTERACTIVE' && waiting === ids.length),
    );
    await pause('resumeModel');
    for (const id of ids) {
      expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
      expect(fieldOf(await post(gateway.url, PLACE, { id }))).toMatchObject({ position: null });
    }
    await pause('pauseModel');
  });

  test('gives no job out, also of a version that comes then, and lets tasks expire', async () => {
    await addConstantVersion(models, '3', 3);
    await eventually(
      () => versionsOf(gateway),
      (versions) => versions.some(({ version, state }) => version === '3' && state === 'SERVED'),
    );
    expect((await lanes()).filter(({ isPaused }) => !isPaused)).toEqual([]);
    for (const modelVersion of ['1', '3']) {
      const { id } = await submitTrip(gateway.url, tripNumber(1), { modelVersion, timeoutMs: 1_000 });
      expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toMatchObject({ state: 'EXPIRED' });
    }
  });

  test('stays so when the broker and the gateways start again, and goes on once it is resumed', async () => {
    await nats.kill();
    await nats.restart();
    await using started = await startGateway(nats, { MODELS_DIR: models.path });
    await started.logged('models are paused');
    await eventually(
      () => post(started.url, '{ models { isPaused } }'),
      (answer) => answer.data !== undefined && fieldOf<[{ isPaused: boolean }]>(answer)[0].isPaused,
    );
    const { id } = await submitTrip(started.url, tripNumber(3));
    expect(fieldOf(await post(started.url, PLACE, { id }))).toMatchObject({
      state: 'QUEUED',
      position: expect.any(Number),
    });
    // Twice is as good as once.
    for (let i = 0; i < 2; i++)
      expect(await pause('resumeModel')).toEqual({ data: { resumeModel: { name: MODEL, isPaused: false } } });
    expect(await onlyTask(sse(started.url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
    await pause('pauseModel');
  });
});

test('pausing is for operators, and is recorded', async () => {
  for (const action of ['pauseModel', 'resumeModel'] as const)
    expect((await pause(action)).errors).toBeUndefined();
  expect(codeIn(await pause('pauseModel', { authorization: 'Bearer wrong' }))).toBe('FORBIDDEN');
  expect(codeIn(await post(gateway.url, 'mutation { pauseModel(model: "nothing") { name } }'))).toBe(
    'BAD_USER_INPUT',
  );
  const audit = '{ auditLog(first: 50) { edges { node { action target outcome } } } }';
  const entries = JSON.stringify(await post(guarded.url, audit, {}, OPERATOR));
  for (const outcome of ['DONE', 'REFUSED'])
    expect(entries).toContain(JSON.stringify({ action: 'pauseModel', target: MODEL, outcome }));
});

describe('the figures of the system', () => {
  test('have all processes, and the rates of what all gateways do', async () => {
    const answers = await openSse(gateway.url, `subscription { systemStats ${STATS} }`, {});
    const next = async () => fieldOf<StatsView>((await answers.next()).value as Answer);
    expect((await next()).processes.map(({ role }) => role)).toEqual(['GATEWAY', 'GATEWAY', 'WORKER']);
    for (const { url } of [gateway, guarded])
      await Promise.all(
        Array.from({ length: 10 }, (_, i) => submitTrip(url, tripNumber(i), { waitMs: 10_000 })),
      );
    const busy = await eventually(next, ({ models: [figures] }) => {
      return (figures?.succeededPerSecond ?? 0) > 0 && (figures?.acceptedPerSecond ?? 0) > 0;
    });
    expect(busy.models[0]?.p50Ms).toBeGreaterThan(0);
    expect(busy.processes).toMatchObject([
      { connections: expect.any(Number), busy: null, worker: null, cpuCores: expect.any(Number) },
      { subscriptions: expect.any(Number) },
      { connections: null, busy: expect.any(Number), worker: { models: expect.any(Array) } },
    ]);
    expect(busy.stores.find(({ name }) => name === 'ENDS')?.bytes).toBeGreaterThan(0);
    await answers.return(undefined);
  });

  test('tell what needs attention at once if it stays so, and leave out a process that has died', async () => {
    const statsOf = async () => fieldOf<StatsView>(await post(gateway.url, `{ systemStats ${STATS} }`));
    await using broker = await openTestBroker(nats, { MODELS_DIR: models.path });
    const job = tripJob(broker, 1);
    await broker.deadLetters.store(letterOf(job, broker.now()));
    await eventually(statsOf, (stats) => alertNames(stats).includes('TidingsDeadLetters'));
    // It may be over in a moment.
    await pause('pauseModel');
    await worker.kill('SIGKILL');
    await worker.ended;
    const { alerts } = await eventually(statsOf, ({ processes }) => processes.length === 2);
    expect(alerts.map(({ name }) => name)).toEqual(['TidingsDeadLetters']);
    await pause('resumeModel');
    await broker.deadLetters.remove(addressOf(job));
    worker = await startWorker(nats, { MODELS_DIR: models.path });
    await eventually(statsOf, ({ alerts: present }) => present.length === 0);
  });

  test('are for viewers and operators', async () => {
    expect(codeIn(await post(guarded.url, '{ systemStats { at } }'))).toBe('FORBIDDEN');
    expect(await post(guarded.url, '{ systemStats { at } }', {}, OPERATOR)).toEqual({
      data: { systemStats: { at: expect.any(String) } },
    });
  });
});

describe('retryTask', () => {
  const retry = (id: string) => post(gateway.url, RETRY, { id });

  test('runs a task again that was cancelled or has expired, once however often it is asked', async () => {
    await pause('pauseModel');
    const canceled = await submitTrip(gateway.url, tripNumber(1), { labels: ['mine'] });
    expect(codeIn(await retry(canceled.id))).toBe('CANNOT_RETRY');
    await post(gateway.url, CANCEL_TASK, { id: canceled.id });
    const retried = fieldOf<{ id: string }>(await retry(canceled.id));
    expect(retried).toMatchObject({ state: 'QUEUED', history: [canceled.id], labels: ['mine'] });
    expect(fieldOf(await post(guarded.url, RETRY, { id: canceled.id }))).toMatchObject({ id: retried.id });
    const expired = await submitTrip(gateway.url, tripNumber(2), { timeoutMs: 1_000 });
    await onlyTask(sse(gateway.url, TASK_RESULT, { id: expired.id }));
    expect(fieldOf(await retry(expired.id))).toMatchObject({ state: 'QUEUED', history: [expired.id] });
    await pause('resumeModel');
    expect(await onlyTask(sse(gateway.url, TASK_RESULT, retried))).toMatchObject({ state: 'SUCCEEDED' });
    expect(await post(guarded.url, RAN_BY, retried)).toEqual({
      data: { task: { worker: expect.stringMatching(/^worker-[0-9a-f]{8}$/) } },
    });
    expect(codeIn(await retry(retried.id))).toBe('CANNOT_RETRY');
  });

  test('gives one new task if gateways are asked at the same moment', async () => {
    await pause('pauseModel');
    const { id } = await submitTrip(gateway.url, tripNumber(3));
    await post(gateway.url, CANCEL_TASK, { id });
    const asked = Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? gateway : guarded));
    const retried = await Promise.all(asked.map(({ url }) => post(url, RETRY, { id })));
    const ids = new Set(retried.map((answer) => fieldOf<{ id: string }>(answer).id));
    expect(ids.size).toBe(1);
    // All new tasks are stored by now. The figures may still have those of a second ago.
    await eventually(
      async () => (await lanes()).reduce((sum, lane) => sum + lane.waiting, 0),
      (sum) => sum === 1,
    );
    for (const each of ids) await post(gateway.url, CANCEL_TASK, { id: each });
    await pause('resumeModel');
  });

  test('refuses what is no task of the client, and says so as `task` does', async () => {
    expect(codeIn(await retry('nothing'))).toBe('TASK_NOT_FOUND');
  });
});
