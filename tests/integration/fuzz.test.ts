/** 4,000 malformed inputs, at the GraphQL endpoint and on the broker's subjects: nothing crashes or hangs. */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { requestHash } from '../../src/contract/digests.ts';
import type { Job } from '../../src/contract/messages/job.ts';
import { ANONYMOUS } from '../../src/contract/owner.ts';
import { subjects } from '../../src/contract/subjects.ts';
import type { TaskAddress } from '../../src/contract/taskId.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { createLog } from '../../src/process/log.ts';
import { Sweeper } from '../../src/tasks/sweeper.ts';
import {
  collect,
  onlyTask,
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
import { addressOf, HOME, openTestBroker, queueJobs, tripJob } from '../support/jobs.ts';
import { SILENT } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import { type Random, seededRandom } from '../support/random.ts';
import { inspectStreams } from '../support/streams.ts';
import { newTaskAddress } from '../support/taskAddresses.ts';

const SEED = 20_261_122;
const POSTS = 1_400;
const FRAMES = 400;
const BAD_JOBS = 600;
const STRAY_JOBS = 600;
const NOTICES = 1_000;
const CORRUPTIONS = 300;

let nats: NatsServer;
let gateway: Gateway;

beforeAll(async () => {
  nats = await startNats();
  gateway = await startGateway(nats, { LOG_LEVEL: 'error' });
});

afterAll(async () => {
  for (const started of [gateway, nats]) await started?.[Symbol.asyncDispose]();
});

const BODY = JSON.stringify({ query: PREDICT_TRIP, variables: { input: tripNumber(1) } });
const WRONG: readonly [unknown, ...unknown[]] = [
  null,
  true,
  -1,
  1e308,
  2 ** 53,
  'x',
  '',
  [],
  {},
  [[]],
  '9'.repeat(400),
];
const wrong = (random: Random) => random.pick(WRONG);

/** A body that almost never is an operation that can succeed. */
function badOperation(random: Random): string | Buffer {
  const input = {
    ...tripNumber(random.number(1_000)),
    [random.pick(Object.keys(tripNumber(1)) as [string])]: wrong(random),
  };
  const depth = 1 + random.number(300);
  return random.pick<() => string | Buffer>([
    () => BODY.slice(0, random.number(BODY.length)),
    () => random.bytes(random.number(300)),
    () => JSON.stringify(wrong(random)),
    () => JSON.stringify({ query: wrong(random), variables: wrong(random), operationName: wrong(random) }),
    () => JSON.stringify({ query: PREDICT_TRIP, variables: wrong(random) }),
    () => JSON.stringify({ query: PREDICT_TRIP, variables: { input } }),
    () =>
      JSON.stringify({ query: PREDICT_TRIP, variables: { input: wrong(random), options: wrong(random) } }),
    () => JSON.stringify({ query: TASK_RESULT, variables: { id: wrong(random) } }),
    () =>
      BODY.replace(
        /("tripDistanceMiles":)[\d.]+/,
        `$1${random.pick(['1e999', '-0.0e-999', '9'.repeat(400), 'NaN'])}`,
      ),
    () => JSON.stringify({ query: `{ ${'models { versions { '.repeat(depth)}` }),
    () => JSON.stringify({ query: `${'{ a '.repeat(depth)}${'}'.repeat(depth)}` }),
    () =>
      JSON.stringify({
        query: `{ ${Array.from({ length: depth }, (_, i) => `a${i}: health { name }`).join(' ')} }`,
      }),
    () =>
      JSON.stringify({
        query: `{ ...A } fragment A on Query { ...B ...B } fragment B on Query { ...${random.pick(['A', 'B', 'C'])} }`,
      }),
    () => JSON.stringify({ query: doublingFragments(1 + random.number(40)) }),
    () => '['.repeat(depth * 100),
    () => mutated(PREDICT_TRIP, random),
  ])();
}

function doublingFragments(count: number): string {
  const fragments = Array.from(
    { length: count },
    (_, i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`,
  );
  return `{ ...F0 } ${fragments.join(' ')} fragment F${count} on Query { health { name } }`;
}

function mutated(query: string, random: Random): string {
  const at = random.number(query.length);
  const changed = `${query.slice(0, at)}${random.bytes(1 + random.number(3)).toString('latin1')}${query.slice(at + random.number(5))}`;
  return JSON.stringify({ query: changed, variables: { input: tripNumber(1) } });
}

/** Runs work 0 to `count` - 1, some at a time. */
async function inLanes(count: number, lanes: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (next < count) await work(next++);
    }),
  );
}

test(`${POSTS} malformed requests are each refused with a code, and none as an unforeseen error`, async () => {
  const random = seededRandom(SEED);
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json;;',
    '',
  ];
  await inLanes(POSTS, 16, async (i) => {
    const body = badOperation(random);
    const type = random.number(10) === 0 ? random.pick(types as [string]) : 'application/json';
    const accept = random.pick([
      'application/json',
      'application/graphql-response+json',
      'text/event-stream',
    ]);
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': type, accept },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    });
    const text = await response.text();
    const described = `seed ${SEED}, request ${i}: ${body.toString().slice(0, 200)} → ${response.status} ${text.slice(0, 300)}`;
    expect(response.status, described).toBeLessThan(500);
    expect(text, described).not.toContain('INTERNAL_SERVER_ERROR');
    expect(text, described).toMatch(/"code":"[A-Z_]+"|"data":\{/);
  });
});

test(`${FRAMES} malformed WebSocket messages each get an answer or a close code of the protocol`, async () => {
  const random = seededRandom(SEED + 1);
  await inLanes(FRAMES, 8, async (i) => {
    const sent = badFrame(random);
    const end = await exchange(sent);
    const described = `seed ${SEED + 1}, frame ${i}: ${sent.toString().slice(0, 200)} → ${end}`;
    expect(end, described).toMatch(/^(answered|1007|4400|4401|4409|4429)$/);
  });
});

function badFrame(random: Random): string | Buffer {
  const operation = () => badOperation(random).toString();
  const id = wrong(random);
  return random.pick<() => string | Buffer>([
    () => random.bytes(random.number(100)),
    operation,
    () => JSON.stringify({ type: wrong(random), id, payload: wrong(random) }),
    () =>
      JSON.stringify({
        type: random.pick([
          'subscribe',
          'complete',
          'ping',
          'connection_init',
          'next',
          'error',
          'connection_ack',
        ]),
        id,
        payload: wrong(random),
      }),
    () => `{"type":"subscribe","id":"1","payload":${operation()}}`,
    () =>
      JSON.stringify({
        type: 'subscribe',
        id: '1',
        payload: { query: wrong(random), variables: wrong(random) },
      }),
    () =>
      JSON.stringify({
        type: 'subscribe',
        id: '1',
        payload: { query: PREDICT_TRIP, variables: { input: wrong(random) } },
      }),
  ])();
}

/** Sends one frame on a new connection, and a good operation after it. @returns the close code, or "answered". */
async function exchange(frame: string | Buffer): Promise<string> {
  const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  socket.on('error', reject).on('close', (code) => resolve(String(code)));
  socket.on('open', () => socket.send('{"type":"connection_init"}'));
  socket.on('message', (data) => {
    const { type, id } = JSON.parse(String(data));
    if (type === 'connection_ack') {
      socket.send(frame);
      socket.send('{"type":"subscribe","id":"good","payload":{"query":"{ __typename }"}}');
    } else if (type === 'complete' && id === 'good') resolve('answered');
  });
  try {
    return await promise;
  } finally {
    socket.close();
  }
}

test(`${BAD_JOBS + STRAY_JOBS + NOTICES} malformed messages on the broker's subjects harm neither gateway nor worker`, async () => {
  const random = seededRandom(SEED + 2);
  await using broker = await openTestBroker(nats);
  await using streams = await inspectStreams(nats);
  const connection = await connect({ servers: nats.url });
  const requestId = 'asked before';
  const tasks = await Promise.all(
    Array.from({ length: 20 }, (_, i) => submitTrip(gateway.url, tripNumber(i))),
  );
  const watches = tasks.flatMap(({ id }) => [
    collect(sse(gateway.url, TASK_RESULT, { id })),
    collect(sse(gateway.url, TASK_UPDATES, { id })),
  ]);
  const ids = tasks.map(({ id }) => id) as [string, ...string[]];

  const dead = Array.from({ length: BAD_JOBS }, () => publishBadJob(connection, broker, random));
  for (let i = 0; i < STRAY_JOBS; i++) publishStrayJob(connection, broker, random);
  for (let i = 0; i < NOTICES; i++) publishNotice(connection, ids, random);
  connection.publish(`requests.${requestHash('anonymous', 'trip-duration', requestId)}`, '{"v":1,"job"');
  await connection.flush();
  const { data } = (await post(gateway.url, '{ health { workers { id } } }')) as { data?: unknown };
  expect(data).toEqual({ health: { workers: [] } });

  await using worker = await startWorker(nats, { LOG_LEVEL: 'fatal' });
  for (const answers of await Promise.all(watches)) {
    for (const { errors } of answers) expect(errors, `seed ${SEED + 2}`).toBeUndefined();
    const { data: last } = answers.at(-1) ?? {};
    expect(Object.values(last ?? {})).toMatchObject([{ state: 'SUCCEEDED' }]);
  }
  // Every malformed job that reached the worker is kept as a dead letter with its reason.
  await eventually(
    () => streams.state('DEAD'),
    ({ messages }) => messages === dead.length,
  );
  const again = await eventually(
    () => post(gateway.url, PREDICT_TRIP, { input: tripNumber(1), options: { requestId } }),
    ({ errors }) => errors === undefined,
  );
  const { id } = taskIn(again, 'predictTrip');
  expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });

  // A job that no worker takes is removed at its deadline, or when it is older than any task can be.
  const { models } = await Catalog.open('models', SILENT);
  const aged = {
    connected: true,
    now: () => broker.now() + 310_000,
    emptyQueues: () => broker.emptyQueues(),
    queuedDeadlines: (model: string) => broker.queuedDeadlines(model),
    nextJobDueIn: (model: string, second: number, from: number) => broker.nextJobDueIn(model, second, from),
    oldestJob: (model: string, from: number) => broker.oldestJob(model, from),
    deleteJob: (model: string, sequence: number) => broker.deleteJob(model, sequence),
    ends: broker.ends,
    removeEnded: broker.removeEnded.bind(broker),
    removeRowBatch: broker.removeRowBatch.bind(broker),
    chunks: broker.chunks,
  };
  await using _sweeper = new Sweeper({
    broker: aged,
    models,
    log: createLog({ logLevel: 'error', logFormat: 'json' }, 'test'),
  });
  await eventually(
    () => streams.state('JOBS_trip-duration'),
    ({ messages }) => messages === 0,
  );
  expect(gateway.output()).not.toContain('"level":60');
  expect(worker.output()).toBe('');
  await connection.close();
});

test(`${CORRUPTIONS} corrupted records, results and states of tasks each give an answer or an error with a code`, async () => {
  const random = seededRandom(SEED + 3);
  await using broker = await openTestBroker(nats);
  await using streams = await inspectStreams(nats);
  await using connection = await connect({ servers: nats.url });
  const input = tripNumber(1);
  const recordOf = (requestId: string) => `requests.${requestHash('anonymous', 'trip-duration', requestId)}`;
  const { id } = await submitTrip(gateway.url, input, { requestId: 'real' });
  const record = await streams.last('REQUESTS', recordOf('real'));
  const result = {
    ...{ v: 1, id, model: 'trip-duration', modelVersion: '1', state: 'SUCCEEDED', attempts: 1 },
    ...{ submittedAt: 1, startedAt: 2, finishedAt: 3, prediction: { durationMinutes: 1 } },
    timings: { queueMs: 1, batchMs: 1, computeMs: 1, batchSize: 1 },
  };
  const endsOf = ({ model, deadlineSecond, row, secret }: TaskAddress) => {
    const run = { formedAt: 1, startedAt: 2, computeMs: 1, batchSize: 1 };
    const times = { submittedAt: [1], finishedAt: 3 };
    const part = { rows: [row], secrets: secret, modelVersion: '1', state: 'SUCCEEDED', attempts: 1 };
    const parts = [{ ...part, ...times, run, columns: { durationMinutes: [1] } }];
    return { v: 2, model, second: deadlineSecond, owner: 'anonymous', parts };
  };
  const states = new Map<string, string>();
  connection.subscribe(`present.${HOME}`, {
    callback: (_problem, message) => void message.respond(states.get(message.string()) ?? '{}'),
  });
  await connection.flush();

  const withRecord = async (requestId: string) => {
    await streams.publish(recordOf(requestId), corrupted(record, random));
    return post(gateway.url, PREDICT_TRIP, { input, options: { requestId } });
  };
  const withState = async () => {
    const { taskId } = await storedJob(broker);
    states.set(taskId, corrupted({ ...result, id: taskId, state: 'RUNNING' }, random));
    return post(gateway.url, TASK, { id: taskId });
  };
  const withEnds = async () => {
    const { taskId } = await storedJob(broker);
    const address = addressOf({ taskId });
    await streams.publish(subjects.ends(address, ANONYMOUS), corrupted(endsOf(address), random));
    return post(gateway.url, TASK, { id: taskId });
  };
  await inLanes(CORRUPTIONS, 16, async (i) => {
    const answer = await random.pick([() => withRecord(`corrupted ${i}`), withState, withEnds])();
    const codes = answer.errors?.map(({ extensions }) => extensions.code) ?? [];
    const described = `seed ${SEED + 3}, message ${i}: ${JSON.stringify(answer).slice(0, 500)}`;
    // Ends of another owner or secret hide the task.
    for (const code of codes)
      expect(code, described).toMatch(
        /^(NEWER_GATEWAY_NEEDED|RESULT_UNREADABLE|REQUEST_ID_CONFLICT|TASK_NOT_FOUND)$/,
      );
    if (codes.length === 0)
      expect(Object.values(answer.data ?? {}), described).toMatchObject([{ state: expect.any(String) }]);
  });
  await streams.purge('JOBS_trip-duration', 'jobs.>');
});

async function storedJob(broker: Jobs): Promise<Job> {
  const job = tripJob(broker, 1);
  await queueJobs(broker, [job]);
  return job;
}

/** A message with one member, at any depth, removed or replaced. Sometimes its text is also cut off. */
function corrupted(message: unknown, random: Random): string {
  const copy = structuredClone(message);
  let place = copy as Record<string, unknown>;
  for (;;) {
    const name = random.pick(Object.keys(place) as [string]);
    const inner = place[name];
    if (typeof inner === 'object' && inner !== null && random.number(3) > 0) {
      place = inner as Record<string, unknown>;
      continue;
    }
    if (random.number(4) === 0) delete place[name];
    else place[name] = wrong(random);
    const text = JSON.stringify(copy);
    return random.number(10) === 0 ? text.slice(0, random.number(text.length)) : text;
  }
}

type Jobs = Awaited<ReturnType<typeof openTestBroker>>;

/** Publishes a bad job that a worker gets: its body, or its subject's second or id, is wrong. @returns its subject. */
function publishBadJob(connection: NatsConnection, broker: Jobs, random: Random): string {
  const job = tripJob(broker, random.number(1_000));
  const text = JSON.stringify(job);
  const second = String(Math.ceil(job.deadline / 1000));
  const [subjectSecond, id, body] = random.pick<() => [string, string, string | Buffer]>([
    () => [second, job.taskId, text.slice(0, random.number(text.length))],
    () => [second, job.taskId, random.bytes(random.number(200))],
    () => [second, job.taskId, JSON.stringify(wrong(random))],
    () => [
      second,
      job.taskId,
      JSON.stringify({ ...job, [random.pick(['v', 'taskId', 'model', 'version'])]: wrong(random) }).replace(
        /"v":(1e\+308|9007199254740992)/,
        '"v":-1',
      ),
    ],
    () => [
      second,
      job.taskId,
      JSON.stringify({
        ...job,
        [random.pick(['input', 'submittedAt', 'deadline'])]: random.pick([null, true, 'x', 1e308, []]),
      }),
    ],
    () => [
      second,
      job.taskId,
      JSON.stringify({ ...job, input: { ...job.input, pickupLocationId: wrong(random) } }).replace(
        '"pickupLocationId":-1',
        '"pickupLocationId":1e400',
      ),
    ],
    () => [badSecond(random), job.taskId, text],
    () => [second, random.pick(['*', '>', 'x', job.taskId.replace('trip', 'ship'), `${job.taskId}0`]), text],
  ])();
  const subject = `jobs.trip-duration.1.interactive.${subjectSecond}.${id}`;
  connection.publish(subject, body);
  return subject;
}

/** Publishes a bad job that no worker gets. */
function publishStrayJob(connection: NatsConnection, broker: Jobs, random: Random): void {
  const job = tripJob(broker, 1, 1_000);
  const second = random.pick([
    String(Math.ceil(job.deadline / 1000)),
    badSecond(random),
    '1700000000',
    '0',
    '-1',
  ]);
  const id = random.pick([
    job.taskId,
    '*',
    'x',
    newTaskAddress({ model: 'other-model', home: '00000000', deadline: job.deadline }).id,
  ]);
  const version = random.pick(['99', '*', '-1', 'x', '1.1']);
  const subject = `jobs.${random.pick(['trip-duration', 'trip-duration', 'other-model'])}.${version}.${random.pick(['interactive', 'batch', '>'])}.${second}.${id}`;
  connection.publish(subject, random.pick<string | Buffer>([JSON.stringify(job), '', '{', random.bytes(20)]));
}

function badSecond(random: Random): string {
  return random.pick(['NaN', '*', '>', '1e9', '0x10', '9'.repeat(30), 'é', '01700000000', 'Infinity']);
}

/** Publishes a bad message other than a job, about a waiting task or about no task. */
function publishNotice(
  connection: NatsConnection,
  ids: readonly [string, ...string[]],
  random: Random,
): void {
  const id = random.pick(ids);
  const address = addressOf({ taskId: id });
  const { home } = address;
  const now = Date.now();
  const part = {
    ...{ rows: [address.row], secrets: address.secret, submittedAt: [now], modelVersion: '1' },
    ...{ state: 'SUCCEEDED', finishedAt: now, attempts: 1, columns: { durationMinutes: [1] } },
  };
  const ends = {
    v: 2,
    model: address.model,
    second: address.deadlineSecond,
    owner: 'anonymous',
    parts: [part],
  };
  const notWanted = random.pick<unknown>([null, true, 'x', 1e308, [], {}]);
  const bad = random.pick<() => string | Buffer>([
    () => random.bytes(random.number(100)),
    () => JSON.stringify(wrong(random)),
    () => JSON.stringify(ends).slice(0, random.number(150)),
    () =>
      JSON.stringify({
        ...ends,
        [random.pick(['v', 'model', 'second', 'parts'])]: notWanted,
      }).replace('"v":1e+308', '"v":null'),
    () => {
      const members = [
        'rows',
        'secrets',
        'state',
        'submittedAt',
        'finishedAt',
        'attempts',
        'columns',
      ] as const;
      return JSON.stringify({ ...ends, parts: [{ ...part, [random.pick(members)]: notWanted }] });
    },
  ]);
  const running = { taskIds: [id], startedAt: now, attempts: [1] };
  const presence = { id: 'worker-x', startedAt: now, models: [], refused: [] };
  random.pick<() => void>([
    () => connection.publish(subjects.ended(address), bad()),
    () => connection.publish(subjects.ends(address, ANONYMOUS), bad()),
    () => connection.publish(`gateways.queued`, bad()),
    () => connection.publish(`gateways.used`, bad()),
    () => connection.publish(`updates.wanted`, bad()),
    () =>
      connection.publish(
        `suspects.${id}`,
        random.pick([bad(), '{"v":1,"soloRuns":-1}', '{"v":1,"soloRuns":"x"}']),
      ),
    () => connection.publish(`requests.${random.bytes(8).toString('hex')}`, bad()),
    () =>
      connection.publish(
        `running.${home}`,
        random.pick([
          bad(),
          JSON.stringify({ ...running, [random.pick(['taskIds', 'startedAt', 'attempts'])]: notWanted })
            .replace(/"attempts":\[\]/, '"attempts":{}')
            .replace(/"taskIds":\[\]/, '"taskIds":0'),
        ]),
      ),
    () =>
      connection.publish(
        `present.${home}`,
        bad(),
        random.number(2) === 0 ? {} : { reply: subjects.ended(address) },
      ),
    () =>
      connection.publish(
        'workers.presence',
        random.pick([
          bad(),
          JSON.stringify({
            ...presence,
            [random.pick(['id', 'startedAt', 'models', 'refused'])]: random.pick([
              null,
              true,
              1e308,
              {},
              [1],
            ]),
          }),
        ]),
      ),
    () => connection.publish('workers.left', bad()),
    () => connection.publish('workers.ask', bad()),
  ])();
}
