/** How operators see, receive, redrive and discard dead letters, and that others cannot. */
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import { inputDigest, redriveHash } from '../../src/contract/digests.ts';
import type { Job } from '../../src/contract/messages/job.ts';
import { subjects } from '../../src/contract/subjects.ts';
import { DEADLY_MILES } from '../support/badTrips.js';
import {
  collect,
  type ErrorView,
  fieldOf,
  onlyTask,
  openSse,
  overWebSocket,
  post,
  sse,
  submitTrip,
  TASK,
  TASK_RESULT,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { addressOf, HOME, jobFor, letterOf, openTestBroker, tripJob } from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';
import { newTaskAddress } from '../support/taskAddresses.ts';
import { refusalIn, transports } from '../support/transports.ts';

const BAD_TRIPS = { NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/badTrips.js')}` };
const MODEL = 'trip-duration';

const LETTER = `id model modelVersion reason code attempts lastWorker submittedAt diedAt job history`;
const DEAD_LETTERS = `query ($model: String = "${MODEL}", $first: Int, $after: String) {
  deadLetters(model: $model, first: $first, after: $after) {
    edges { cursor node { ${LETTER} } } pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } }`.replace(
  '$first: Int,',
  '$first: Int! = 20,',
);
const REDRIVE = 'mutation ($id: ID!) { redriveDeadLetter(id: $id) { id state modelVersion history } }';
const REDRIVE_ALL = `mutation { redriveDeadLetters(model: "${MODEL}") { redriven kept stoppedBy } }`;
const DISCARD = `mutation ($id: ID!) { discardDeadLetter(id: $id) { ${LETTER} } }`;
const ADDED = `subscription { deadLetterAdded(model: "${MODEL}") { ${LETTER} } }`;
const HISTORY = 'query ($id: ID!) { task(id: $id) { state history } }';

interface LetterView {
  readonly id: string;
  readonly history: readonly string[];
  readonly [field: string]: unknown;
}

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: LetterView }[];
  readonly pageInfo: {
    readonly hasPreviousPage: boolean;
    readonly hasNextPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

async function pageOf({ url }: Gateway, variables: Record<string, unknown> = {}): Promise<Page> {
  return fieldOf(await post(url, DEAD_LETTERS, variables));
}

async function idsOf(gateway: Gateway): Promise<readonly string[]> {
  return (await pageOf(gateway)).edges.map(({ node }) => node.id);
}

async function redrive({ url }: Gateway, id: string): Promise<LetterView> {
  return fieldOf(await post(url, REDRIVE, { id }));
}

async function refusalOf({ url }: Gateway, query: string, variables = {}): Promise<ErrorView> {
  return refusalIn(await post(url, query, variables));
}

/** The same job, as it would be at another time. */
function redated(job: Job, submittedAt: number, deadline: number): Job {
  return {
    ...job,
    taskId: newTaskAddress({ model: job.model, home: HOME, deadline }).id,
    submittedAt,
    deadline,
  };
}

/** Stores dead letters as a worker does. @returns their ids. */
async function bury(broker: Broker, jobs: readonly Job[]): Promise<readonly string[]> {
  const outcomes = await Promise.all(
    jobs.map((job) => broker.deadLetters.store(letterOf(job, broker.now()))),
  );
  expect(outcomes.filter(({ type }) => type !== 'stored')).toEqual([]);
  return jobs.map(({ taskId }) => taskId);
}

async function buryTrips(broker: Broker, count: number): Promise<readonly string[]> {
  return bury(
    broker,
    Array.from({ length: count }, (_, i) => tripJob(broker, i)),
  );
}

describe('a dead letter', () => {
  let nats: NatsServer;
  let broker: Broker;
  let streams: StreamInspector;
  let gateway: Gateway;
  let otherGateway: Gateway;

  beforeAll(async () => {
    nats = await startNats();
    broker = await openTestBroker(nats);
    streams = await inspectStreams(nats);
    [gateway, otherGateway] = await Promise.all([startGateway(nats), startGateway(nats)]);
  });

  afterAll(async () => {
    for (const opened of [gateway, otherGateway, streams, broker, nats])
      await opened?.[Symbol.asyncDispose]();
  });

  // Workers of later tests need not run what was redriven here.
  beforeEach(() => streams.purge(`JOBS_${MODEL}`, 'jobs.>'));

  test('is listed and announced on every gateway, and its redrives keep its history', async () => {
    const added = await openSse(otherGateway.url, ADDED, {});
    const input = { ...tripNumber(1), tripDistanceMiles: DEADLY_MILES };
    const { id: first, submittedAt } = await submitTrip(gateway.url, input);
    let second: string;
    {
      await using bad = await startWorker(nats, BAD_TRIPS);
      const letter = fieldOf<LetterView>((await added.next()).value ?? {});
      expect(letter).toMatchObject({
        id: first,
        model: MODEL,
        modelVersion: '1',
        reason: 'The model crashed whenever it ran this input.',
        code: 'WORKER_CRASHED',
        attempts: 3,
        lastWorker: expect.stringMatching(/^worker-[0-9a-f]{8}$/),
        submittedAt,
        history: [],
      });
      expect(JSON.parse(String(letter.job))).toMatchObject({ taskId: first, input });
      expect((await pageOf(gateway)).edges.map(({ node }) => node)).toEqual([letter]);
      // The task has ended before it is redriven.
      await onlyTask(sse(gateway.url, TASK_RESULT, { id: first }));

      ({ id: second } = await redrive(gateway, first));
      expect(fieldOf((await added.next()).value ?? {})).toMatchObject({ id: second, history: [first] });
      expect(await idsOf(otherGateway)).toEqual([second]);
      await added.return(undefined);
      bad.kill('SIGTERM');
      await bad.ended;
    }
    await using _good = await startWorker(nats);
    const third = await redrive(otherGateway, second);
    expect(third).toMatchObject({ state: 'QUEUED', history: [first, second] });
    expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id: third.id }))).toMatchObject({
      state: 'SUCCEEDED',
    });
    for (const { url } of [gateway, otherGateway])
      expect(fieldOf(await post(url, HISTORY, { id: third.id }))).toEqual({
        state: 'SUCCEEDED',
        history: [first, second],
      });
    expect(await idsOf(gateway)).toEqual([]);
    // A client that missed the answer can redrive it again, and gets the same task.
    expect(await redrive(gateway, second)).toMatchObject({ id: third.id, state: 'SUCCEEDED' });
  });

  test('is on exactly one page, ordered by time of death, for any page size', async () => {
    const ids = await buryTrips(broker, 21);
    for (const first of [1, 10, 20, 21, 100]) {
      const seen: string[] = [];
      for (let after: string | null = null, more = true; more; ) {
        const { edges, pageInfo } = await pageOf(gateway, { first, after });
        seen.push(...edges.map(({ node }) => node.id));
        expect(pageInfo).toEqual({
          hasPreviousPage: after !== null,
          hasNextPage: seen.length < ids.length,
          startCursor: edges[0]?.cursor,
          endCursor: edges.at(-1)?.cursor,
        });
        ({ endCursor: after, hasNextPage: more } = pageInfo);
      }
      expect(seen).toEqual(ids);
    }
    expect(await pageOf(gateway, { model: 'another-model' })).toEqual({
      edges: [],
      pageInfo: { hasPreviousPage: false, hasNextPage: false, startCursor: null, endCursor: null },
    });
    const { pageInfo } = await pageOf(gateway, { first: 100 });
    const after = pageInfo.endCursor;
    expect(await pageOf(gateway, { after })).toEqual({
      edges: [],
      pageInfo: { hasPreviousPage: true, hasNextPage: false, startCursor: null, endCursor: after },
    });
    for (const id of ids) await post(gateway.url, DISCARD, { id });
    expect(await idsOf(otherGateway)).toEqual([]);
    expect((await pageOf(gateway, { after })).pageInfo).toMatchObject({ hasPreviousPage: false });
  });

  test('is found and announced where no model is named, whatever its model is', async () => {
    const added = await openSse(otherGateway.url, 'subscription { deadLetterAdded { taskId } }', {});
    const gone = jobFor(broker, { model: 'a-model-that-is-gone', input: {} });
    const ids = await bury(broker, [tripJob(broker, 1), gone]);
    for (const taskId of ids) expect(fieldOf((await added.next()).value ?? {})).toEqual({ taskId });
    await added.return(undefined);
    const all = fieldOf<{ edges: readonly { node: object }[] }>(
      await post(gateway.url, '{ deadLetters { edges { node { taskId modelName } } } }'),
    );
    expect(all.edges.map(({ node }) => node)).toEqual([
      { taskId: ids[0], modelName: MODEL },
      { taskId: ids[1], modelName: 'a-model-that-is-gone' },
    ]);
    for (const id of ids) await post(gateway.url, DISCARD, { id });
    expect(await idsOf(gateway)).toEqual([]);
  });

  test.each([
    ['first', { first: 0 }, 'first must be from 1 to 100, got 0'],
    ['first', { first: 101 }, 'first must be from 1 to 100, got 101'],
    ['after', { after: 'x' }, 'after must be a cursor of an earlier page, got "x"'],
    ['model', { model: 'a.*' }, 'model must be the name of a model, got "a.*"'],
  ])('is not searched with a wrong %s (%j)', async (field, variables, message) => {
    expect(await refusalOf(gateway, DEAD_LETTERS, variables)).toMatchObject({
      message,
      extensions: { code: 'BAD_USER_INPUT', field },
    });
  });

  test('becomes one task when two gateways redrive it at the same time', async () => {
    const { messages: queued } = await streams.state(`JOBS_${MODEL}`);
    const ids = await buryTrips(broker, 8);
    for (const id of ids) {
      const tasks = await Promise.all(
        [gateway, otherGateway, gateway, otherGateway].map((asked) => redrive(asked, id)),
      );
      expect(new Set(tasks.map((task) => task.id)).size).toBe(1);
      expect(tasks[0]).toMatchObject({ state: 'QUEUED', history: [id] });
    }
    expect((await streams.state(`JOBS_${MODEL}`)).messages).toBe(queued + ids.length);
    expect(await idsOf(gateway)).toEqual([]);
  });

  test('gives the same task again if it stayed after a redrive because its gateway died', async () => {
    const job = tripJob(broker, 1);
    await bury(broker, [job]);
    const { id } = await redrive(gateway, job.taskId);
    await bury(broker, [job]);
    expect(await redrive(otherGateway, job.taskId)).toMatchObject({ id });
    expect(await idsOf(gateway)).toEqual([]);
  });

  test.each([
    ['a moment ago becomes the task that this redrive started', 0, true],
    ['long ago becomes a new task, and the started one has expired', 20_000, false],
  ])('whose gateway died during a redrive %s', async (_when, agoMs, sameTask) => {
    const dead = tripJob(broker, 2);
    await bury(broker, [dead]);
    const submittedAt = broker.now() - agoMs;
    const deadline = submittedAt + 60_000;
    const job = { ...redated(dead, submittedAt, deadline), history: [dead.taskId] };
    const { taskId } = job;
    const record = { v: 1, job, inputDigest: inputDigest(job.input, undefined) };
    expect(await broker.storeRequest(redriveHash(dead.taskId), record)).toEqual({ type: 'stored' });

    const { id } = await redrive(gateway, dead.taskId);
    expect(id === taskId).toBe(sameTask);
    expect(taskIn(await post(otherGateway.url, TASK, { id }), 'task').state).toBe('QUEUED');
    if (!sameTask)
      expect(taskIn(await post(gateway.url, TASK, { id: taskId }), 'task').state).toBe('EXPIRED');
    expect(await idsOf(gateway)).toEqual([]);
  });

  test('keeps its time limit when it is redriven, and runs on the newest version if its own is not served', async () => {
    const submittedAt = broker.now() - 60_000;
    const dead = { ...redated(tripJob(broker, 3), submittedAt, submittedAt + 12_345), version: '9' };
    await bury(broker, [dead]);
    const { id, modelVersion } = await redrive(gateway, dead.taskId);
    expect(modelVersion).toBe('1');
    const stored = await streams.last(`JOBS_${MODEL}`, subjects.jobOf(addressOf({ taskId: id })));
    expect(stored).toMatchObject({ timeoutMs: 12_345, submittedAt: [expect.any(Number)] });
    expect(Number([stored?.submittedAt].flat()[0])).toBeGreaterThan(submittedAt);
  });

  test('stays until it is discarded if it cannot be run, and the refusal has the reason', async () => {
    const good = tripJob(broker, 4);
    const outOfRange = { ...tripJob(broker, 5), input: { ...tripNumber(5), pickupLocationId: 300 } };
    const newer = { ...tripJob(broker, 7), v: 2 };
    const noJson = { ...letterOf(tripJob(broker, 8), broker.now()), job: btoa('{"v":1,') };
    await bury(broker, [outOfRange, newer, good]);
    await broker.deadLetters.store(noJson);
    for (const [id, why] of [
      [outOfRange.taskId, /pickupLocationId must be .* from 1 to 265 .* got 300/],
      [newer.taskId, /message version 2 is newer than 1/],
      [noJson.taskId, /the message is not JSON/],
    ] as const) {
      expect(await refusalOf(gateway, REDRIVE, { id })).toMatchObject({
        message: expect.stringMatching(why),
        extensions: { code: 'CANNOT_REDRIVE' },
      });
    }
    expect(fieldOf(await post(gateway.url, REDRIVE_ALL))).toEqual({ redriven: 1, kept: 3, stoppedBy: null });
    const { edges } = await pageOf(gateway);
    expect(edges.map(({ node }) => [node.id, node.submittedAt === null])).toEqual([
      [outOfRange.taskId, false],
      [newer.taskId, true],
      [noJson.taskId, true],
    ]);
    for (const { node } of edges) {
      expect(fieldOf(await post(otherGateway.url, DISCARD, { id: node.id }))).toEqual(node);
      for (const query of [DISCARD, REDRIVE])
        expect((await refusalOf(gateway, query, { id: node.id })).extensions.code).toBe(
          'DEAD_LETTER_NOT_FOUND',
        );
    }
  });

  test('can be seen and discarded after its model is no longer served', async () => {
    const model = 'another-model';
    const deadline = broker.now() + 60_000;
    const dead = {
      ...tripJob(broker, 6),
      taskId: newTaskAddress({ model, home: HOME, deadline }).id,
      model,
      deadline,
    };
    const [id = ''] = await bury(broker, [dead]);
    expect(await refusalOf(gateway, REDRIVE, { id })).toMatchObject({
      message: expect.stringContaining('the model another-model is not served'),
      extensions: { code: 'CANNOT_REDRIVE' },
    });
    expect((await pageOf(gateway, { model })).edges).toMatchObject([{ node: { id, model } }]);
    const { edges } = await pageOf(gateway, { model: null });
    expect(edges.map(({ node }) => node.id)).toContain(id);
    expect(fieldOf(await post(gateway.url, DISCARD, { id }))).toMatchObject({ id });
    expect((await pageOf(gateway, { model })).edges).toEqual([]);
  });

  test.each(['nonsense', '', 'a.>', `trip_duration_${HOME}_1700000000_${'0'.repeat(24)}`])(
    'is not found under %j',
    async (id) => {
      for (const query of [DISCARD, REDRIVE])
        expect((await refusalOf(gateway, query, { id })).extensions.code).toBe('DEAD_LETTER_NOT_FOUND');
    },
  );

  test('is not lost and does not become two tasks when a gateway is killed during its redrive', async () => {
    await using doomed = await startGateway(nats);
    const { length: count } = await buryTrips(broker, 500);
    const redriving = post(doomed.url, REDRIVE_ALL).catch(() => {});
    await eventually(
      () => streams.state('DEAD'),
      ({ messages }) => messages < count - 10,
    );
    doomed.kill('SIGKILL');
    await redriving;
    expect((await streams.state('DEAD')).messages).toBeGreaterThan(0);
    expect(fieldOf(await post(gateway.url, REDRIVE_ALL))).toMatchObject({ kept: 0, stoppedBy: null });
    expect((await streams.state('DEAD')).messages).toBe(0);
    expect((await streams.state(`JOBS_${MODEL}`)).messages).toBe(count);
  });

  test('of a malformed job shows it unchanged', async () => {
    await using _worker = await startWorker(nats);
    const added = await openSse(gateway.url, ADDED, {});
    const deadline = Date.now() + 60_000;
    const taskId = newTaskAddress({ model: MODEL, home: HOME, deadline }).id;
    await streams.publish(`jobs.${MODEL}.1.interactive.${Math.ceil(deadline / 1000)}.${taskId}`, '{"v":1,');
    const letter = fieldOf<LetterView>((await added.next()).value ?? {});
    expect(letter).toMatchObject({
      // It names none of its tasks.
      id: expect.stringMatching(/^trip_duration_00000000_0000000000_[0-9a-f]{24}$/),
      code: 'MALFORMED_JOB',
      reason: 'the message is not JSON',
      job: '{"v":1,',
      submittedAt: null,
      history: [],
    });
    await added.return(undefined);
    await post(gateway.url, DISCARD, { id: letter.id });
  });
});

test('a full queue takes no more redriven letters, and these stay dead letters', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  await using gateway = await startGateway(nats, { QUEUE_MAX_JOBS: '10' });
  const ids = await buryTrips(broker, 14);
  expect(fieldOf(await post(gateway.url, REDRIVE_ALL))).toEqual({
    redriven: 10,
    kept: 0,
    stoppedBy: 'QUEUE_FULL',
  });
  const left = await idsOf(gateway);
  expect(left).toHaveLength(4);
  const [id = ''] = left;
  expect((await refusalOf(gateway, REDRIVE, { id })).extensions.code).toBe('QUEUE_FULL');
  expect(await idsOf(gateway)).toEqual(left);

  await using worker = await startWorker(nats);
  const { id: redriven } = await redrive(gateway, ids[0] ?? '');
  await onlyTask(sse(gateway.url, TASK_RESULT, { id: redriven }));
  const task = await redrive(gateway, id);
  expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id: task.id }))).toMatchObject({
    state: 'SUCCEEDED',
  });
  expect(worker.output()).not.toContain('"level":50');
});

test('letters that were stored while a gateway had no connection are announced after it reconnects', async () => {
  await using nats = await startNats();
  await using gateway = await startGateway(nats);
  const added = await openSse(gateway.url, ADDED, {});
  const first = added.next();
  await nats.restart();
  await using broker = await openTestBroker(nats);
  const ids = await buryTrips(broker, 3);
  const heard = [await first, await added.next(), await added.next()];
  expect(heard.map(({ value }) => fieldOf<LetterView>(value ?? {}).id)).toEqual(ids);

  const last = added.next();
  gateway.kill('SIGTERM');
  await expect(last).rejects.toThrow('terminated');
  expect(await gateway.ended).toBe(0);
});

describe('with an operator token', () => {
  const TOKEN = 'open-sesame-0123456789';
  const OPERATIONS: readonly (readonly [string, string])[] = [
    ['deadLetters', DEAD_LETTERS],
    ['redriveDeadLetter', REDRIVE.replace('($id: ID!)', '').replace('$id', '"x"')],
    ['redriveDeadLetters', REDRIVE_ALL],
    ['discardDeadLetter', DISCARD.replace('($id: ID!)', '').replace('$id', '"x"')],
    ['deadLetterAdded', ADDED],
  ];
  let nats: NatsServer;
  let gateway: Gateway;

  beforeAll(async () => {
    nats = await startNats();
    gateway = await startGateway(nats, { OPERATOR_TOKEN: TOKEN, LOG_LEVEL: 'trace' });
  });

  afterAll(async () => {
    for (const opened of [gateway, nats]) await opened?.[Symbol.asyncDispose]();
  });

  test.each(
    OPERATIONS.flatMap(([field, query]) =>
      transports.map(({ name, ask }) => [field, name, query, ask] as const),
    ),
  )('%s over %s is FORBIDDEN without the token', async (_field, _transport, query, ask) => {
    expect(refusalIn(await ask(gateway.url, query))).toMatchObject({
      message:
        'This needs the role operator. You have the role submitter: no operator token came. Send the OPERATOR_TOKEN of the gateway (authorization: Bearer …).',
      extensions: { code: 'FORBIDDEN' },
    });
  });

  test('a request with the token in its header is served, and one with another token is not', async () => {
    const ask = (authorization: string) => post(gateway.url, DEAD_LETTERS, {}, { authorization });
    for (const authorization of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`])
      expect(fieldOf(await ask(authorization))).toHaveProperty('edges');
    for (const wrong of [TOKEN, 'Bearer', `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`])
      expect(refusalIn(await ask(wrong)).extensions.code).toBe('FORBIDDEN');
  });

  test('a WebSocket with the token in connection_init is served', async () => {
    await using broker = await openTestBroker(nats);
    const url = gateway.url.replace('http', 'ws');
    const connect = (authorization: unknown) => createClient({ url, connectionParams: { authorization } });
    for (const wrong of ['Bearer another-token', { token: TOKEN }, null]) {
      const client = connect(wrong);
      const [answer = {}] = await collect(overWebSocket(client, DEAD_LETTERS, {}));
      expect(refusalIn(answer).extensions.code).toBe('FORBIDDEN');
      await client.dispose();
    }
    const client = connect(`Bearer ${TOKEN}`);
    const added = overWebSocket(client, ADDED, {});
    const heard: LetterView[] = [];
    const hearing = added.next().then(({ value }) => heard.push(fieldOf<LetterView>(value ?? {})));
    // Only its first event shows that a subscription is open.
    const ids: string[] = [];
    await eventually(
      async () => ids.push(...(await buryTrips(broker, 1))),
      () => heard.length > 0,
    );
    await hearing;
    expect(ids).toContain(heard[0]?.id);
    await added.return(undefined);
    await client.dispose();
  });

  test('other operations need no token, and the log never contains it', async () => {
    expect(await submitTrip(gateway.url, tripNumber(1))).toMatchObject({ state: 'QUEUED' });
    expect(gateway.output()).not.toContain(TOKEN);
  });
});
