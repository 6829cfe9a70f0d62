/** Messages of foreign programs or newer processes harm no process, and no task except their own. */
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Publisher } from '../../src/broker/publisher.ts';
import { requestHash } from '../../src/contract/digests.ts';
import type { Job } from '../../src/contract/messages/job.ts';
import { ANONYMOUS } from '../../src/contract/owner.ts';
import { subjects } from '../../src/contract/subjects.ts';
import { parseTaskId, type TaskAddress } from '../../src/contract/taskId.ts';
import {
  BATCH,
  batchEnd,
  batchMinutes,
  batchPage,
  type RowBatchView,
  submitTrips,
} from '../support/batches.ts';
import {
  type Answer,
  CANCEL_TASK,
  collect,
  fieldOf,
  onlyTask,
  PREDICT_TRIP,
  post,
  sse,
  submitTrip,
  TASK,
  TASK_RESULT,
  type TaskView,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { addressOf, HOME, openTestBroker, queueJobs, resultOf, tripJob } from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { letTasksRun, pauseTasks } from '../support/pauses.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';
import { newTaskAddress } from '../support/taskAddresses.ts';

let nats: NatsServer;
let gateway: Gateway;
let worker: Process;
let streams: StreamInspector;

beforeAll(async () => {
  nats = await startNats();
  [gateway, worker, streams] = await Promise.all([
    startGateway(nats),
    startWorker(nats),
    inspectStreams(nats),
  ]);
  // Tasks wait, except where a test says otherwise.
  await pauseTasks(gateway);
});

afterAll(async () => {
  for (const started of [streams, worker, gateway, nats]) await started?.[Symbol.asyncDispose]();
});

// Some jobs here stay in the queue: they wait for newer workers.
beforeEach(() => streams.purge('JOBS_trip-duration', 'jobs.>'));

/** Newer than any message of today. */
const NEWER = JSON.stringify({ v: 3 });
const trips = (count: number) => Array.from({ length: count }, (_, i) => tripNumber(i));

function chunkResult(taskId: string, chunk: number, minutes: readonly number[]): string {
  const columns = { durationMinutes: minutes };
  return JSON.stringify({
    v: 1,
    taskId,
    chunk,
    startedAt: 1,
    finishedAt: 2,
    rowsFailed: 0,
    columns,
    errors: [],
  });
}

test('a chunk result that cannot be read, has too few rows or belongs to no chunk is replaced', async () => {
  await using direct = await openDirectModel();
  const { id } = await submitTrips(gateway.url, trips(2_100));
  await streams.publish(`chunks.${id}.0`, chunkResult(id, 0, [1, 2, 3]));
  await streams.publish(`chunks.${id}.1`, 'rubbish');
  await streams.publish(`chunks.${id}.7`, chunkResult(id, 7, [1]));
  await using _running = await letTasksRun(gateway);
  expect(await batchEnd(gateway.url, id)).toMatchObject({
    state: 'SUCCEEDED',
    batch: { rowsDone: 2_100, rowsFailed: 0 },
  });
  const minutes = await batchMinutes(gateway.url, id);
  expect(minutes).toEqual(await Promise.all(trips(2_100).map((trip) => direct.predict(trip))));
});

test('a chunk result without an output gives null for its rows, and other rows keep their places', async () => {
  const { id } = await submitTrips(gateway.url, trips(1_001));
  await streams.publish(
    `chunks.${id}.0`,
    chunkResult(id, 0, new Array(1_000).fill(1)).replace('Minutes', ''),
  );
  await streams.publish(`chunks.${id}.1`, chunkResult(id, 1, [7]));
  const { predictions } = await batchPage(gateway.url, id, { first: 10_000 });
  expect(predictions.durationMinutes).toEqual([...new Array(1_000).fill(null), 7]);
  await post(gateway.url, CANCEL_TASK, { id });
});

test('a chunk result with a value of the wrong type is refused with RESULT_UNREADABLE', async () => {
  const { id } = await submitTrips(gateway.url, trips(2));
  await streams.publish(`chunks.${id}.0`, chunkResult(id, 0, [1, 2]).replace('[1,2]', '[1,"long"]'));
  const page = `query ($id: ID!) { task(id: $id) { batch { results { predictions { ... on TripPredictionColumns { durationMinutes } } } } } }`;
  expect((await post(gateway.url, page, { id })).errors).toMatchObject([
    { extensions: { code: 'RESULT_UNREADABLE', output: 'durationMinutes' } },
  ]);
  await post(gateway.url, CANCEL_TASK, { id });
});

test('a row batch with a newer chunk result waits for a newer worker, can be canceled, expires, and delays no other', async () => {
  const [canceled, overdue] = [
    (await submitTrips(gateway.url, trips(10), { timeoutMs: 60_000 })).id,
    (await submitTrips(gateway.url, trips(2_100), { timeoutMs: 3_000 })).id,
  ];
  await streams.publish(`chunks.${canceled}.0`, NEWER);
  await streams.publish(`chunks.${overdue}.1`, NEWER);
  await using _running = await letTasksRun(gateway);
  const { id } = await submitTrips(gateway.url, trips(1_100));
  expect(await batchEnd(gateway.url, id)).toMatchObject({ state: 'SUCCEEDED' });
  const withdrawn = fieldOf<TaskView>(await post(gateway.url, CANCEL_TASK, { id: canceled }));
  expect(withdrawn.state).toBe('CANCELED');
  expect(await resultOf(streams, { taskId: overdue })).toMatchObject({ state: 'EXPIRED' });
});

test('a task that cannot be ended delays no later task, is logged once, and is tried again', async () => {
  const [first, second] = [
    (await submitTrip(gateway.url, tripNumber(1), { timeoutMs: 100 })).id,
    (await submitTrip(gateway.url, tripNumber(2), { timeoutMs: 2_000 })).id,
  ];
  const subject = subjects.ends(addressOf({ taskId: first }), ANONYMOUS);
  await streams.publish(subject, NEWER);
  expect(await resultOf(streams, { taskId: second })).toMatchObject({ state: 'EXPIRED' });
  await streams.purge('ENDS', subject);
  expect(await resultOf(streams, { taskId: first })).toMatchObject({ state: 'EXPIRED' });
  expect(gateway.output().match(/"overdue tasks could not be expired, trying again"/g)).toHaveLength(1);
});

test('a task whose bundle has ends of a newer process waits for a newer worker, and delays no other', async () => {
  await using broker = await openTestBroker(nats);
  const job = tripJob(broker, 1);
  await streams.publish(subjects.ends(addressOf(job), ANONYMOUS), NEWER);
  await queueJobs(broker, [job]);
  await using _running = await letTasksRun(gateway);
  const { id } = await submitTrip(gateway.url, tripNumber(2));
  expect(await resultOf(streams, { taskId: id })).toMatchObject({ state: 'SUCCEEDED' });
  expect(await streams.last('JOBS_trip-duration', subjects.jobOf(addressOf(job)))).toBeDefined();
  await streams.purge('ENDS', subjects.ends(addressOf(job), ANONYMOUS));
  expect(await resultOf(streams, job)).toMatchObject({ state: 'SUCCEEDED' });
});

test('the results of a row batch are read once, when all are stored', async () => {
  await using connection = await connect({ servers: nats.url });
  let reads = 0;
  connection.subscribe('$JS.API.STREAM.MSG.GET.CHUNKS', {
    callback: () => {
      reads++;
    },
  });
  await connection.flush();
  const { id } = await submitTrips(gateway.url, trips(10_000));
  await using _running = await letTasksRun(gateway);
  expect(await batchEnd(gateway.url, id)).toMatchObject({ state: 'SUCCEEDED' });
  // They are read twice if the last two chunks are stored at the same time.
  expect(reads).toBeGreaterThanOrEqual(9);
  expect(reads).toBeLessThanOrEqual(18);
});

test.each([
  ['rows than a row batch may have', { rowCount: 5_000_000, rowsPerChunk: 1_000 }],
  ['rows than a chunk may have', { rowCount: 10_000, rowsPerChunk: 10_000 }],
])('a chunk job with more %s becomes a dead letter', async (_what, batch) => {
  await using broker = await openTestBroker(nats);
  const { input: _, lane: _lane, ...header } = tripJob(broker, 1);
  const columns = {
    pickupLocationId: { all: 1 },
    dropoffLocationId: { all: 2 },
    tripDistanceMiles: { all: 3 },
  };
  await using _running = await letTasksRun(gateway);
  await streams.purge('DEAD', 'dead.>');
  await broker.chunks.storeJob({ ...header, batch, chunk: 0, columns }, addressOf(header));
  const letter = await eventually(
    () => streams.last('DEAD', 'dead.trip-duration.*'),
    (found) => found !== undefined,
  );
  expect(letter).toMatchObject({
    code: 'MALFORMED_JOB',
    reason: expect.stringMatching(/batch\.rows?\w+ must be a number of rows from 1 to 10?000, got \d+/),
  });
});

test('a chunk result that is too deep to be written into an error is removed, and the row batch ends well', async () => {
  const { id } = await submitTrips(gateway.url, trips(1_500));
  const forged = {
    v: 1,
    taskId: id,
    chunk: 1,
    startedAt: 'deep',
    finishedAt: 1,
    rowsFailed: 0,
    columns: {},
    errors: [],
  };
  await streams.publish(`chunks.${id}.1`, jsonOf(forged));
  await using _running = await letTasksRun(gateway);
  expect(await batchEnd(gateway.url, id)).toMatchObject({ state: 'SUCCEEDED', batch: { rowsFailed: 0 } });
});

test('results under malformed chunk numbers do not count as finished chunks', async () => {
  await using broker = await openTestBroker(nats);
  const { taskId } = tripJob(broker, 1);
  for (const chunk of ['01', 'x', '1e0', '-1', '+2'])
    await streams.publish(`chunks.${taskId}.${chunk}`, '{"v":1}');
  await streams.publish(`chunks.${taskId}.3`, '{"v":1}');
  expect(await broker.chunks.finished(taskId)).toEqual(new Set([3]));
});

test('a mark of a suspected row counts although it cannot be read', async () => {
  await using broker = await openTestBroker(nats);
  const { taskId } = tripJob(broker, 1);
  await streams.publish(`suspects.${taskId}.0.3`, 'rubbish');
  const mark = { v: 1, taskId, place: { chunk: 0, row: 4 }, soloRuns: 2 };
  await streams.publish(`suspects.${taskId}.0.4`, JSON.stringify(mark));
  expect(await broker.readSuspectRows(taskId, 0)).toEqual(
    new Map([
      [3, 0],
      [4, 2],
    ]),
  );
});

test('notices of chunks and rows that a row batch does not have are dropped', async () => {
  await using connection = await connect({ servers: nats.url });
  const { id } = await submitTrips(gateway.url, trips(1_500), { timeoutMs: 60_000 });
  const tell = (progress: object) =>
    connection.publish(
      `running.${parseTaskId(id)?.home}`,
      JSON.stringify({ taskIds: [id], startedAt: 1, attempts: [1], progress }),
    );
  tell({ chunk: 2, rowsDone: 1, rowsFailed: 0 });
  tell({ chunk: 0, rowsDone: 2_000_000_000, rowsFailed: 0 });
  tell({ chunk: 1, rowsDone: 501, rowsFailed: 0 });
  tell({ chunk: 1, rowsDone: 7, rowsFailed: 8 });
  tell({ chunk: 1, rowsDone: 7, rowsFailed: 1 });
  const { batch } = await eventually(
    async () => fieldOf<RowBatchView>(await post(gateway.url, BATCH, { id })),
    ({ state }) => state === 'RUNNING',
  );
  expect(batch).toMatchObject({ rowsDone: 7, rowsFailed: 1 });
  await post(gateway.url, CANCEL_TASK, { id });
});

const codeOf = ({ errors }: Answer) => errors?.[0]?.extensions.code;

/** The stored record of a real request. */
interface StoredRecord {
  readonly v: number;
  readonly job: Job;
  readonly inputDigest: string;
}

const INPUT = tripNumber(1);
const record = (requestId: string) => `requests.${requestHash('anonymous', 'trip-duration', requestId)}`;

describe('a request record', () => {
  const changed =
    (members: object) =>
    ({ v, job, inputDigest }: StoredRecord): object => ({ v, inputDigest, job: { ...job, ...members } });
  const later = (job: Job, ms: number) => {
    const deadline = job.deadline + ms;
    return { ...job, deadline, taskId: newTaskAddress({ model: job.model, home: HOME, deadline }).id };
  };
  let real: StoredRecord;

  beforeAll(async () => {
    await submitTrip(gateway.url, INPUT, { requestId: 'real' });
    real = (await streams.last('REQUESTS', record('real'))) as unknown as StoredRecord;
  });

  test.each<[string, (real: StoredRecord) => object]>([
    ['nothing but its version', () => ({ v: 1 })],
    ['no digest', ({ v, job }) => ({ v, job })],
    ['a list as its job', ({ v, inputDigest }) => ({ v, inputDigest, job: [] })],
    ['a malformed task id', changed({ taskId: 'x' })],
    ['the job of a model that is not served', changed({ model: 'no-such-model' })],
    [
      'the id of a task of another model',
      ({ job, ...others }) => ({
        ...others,
        job: { ...job, model: 'churn', taskId: newTaskAddress({ ...job, model: 'churn', home: HOME }).id },
      }),
    ],
    ['another owner', changed({ owner: 'somebody else' })],
    ['a version that would change the subject', changed({ version: '1.interactive.>' })],
    ['a lane that no single task has', changed({ lane: 'batch' })],
    ['null as its input', changed({ input: null })],
    ['a text as its deadline', changed({ deadline: 'soon' })],
    [
      'a deadline in ten years',
      ({ job, ...others }) => {
        const far = later(job, 3.2e11);
        return { ...others, job: { ...far, submittedAt: far.deadline - 60_000 } };
      },
    ],
    ['a row batch with too many rows', changed({ batch: { rowCount: 1e6, rowsPerChunk: 1 } })],
    ['a row batch where the request has one trip', changed({ batch: { rowCount: 2, rowsPerChunk: 1_000 } })],
  ])('with %s is replaced by the request, and is logged once', async (what, forge) => {
    const requestId = `forged with ${what}`;
    await streams.publish(record(requestId), JSON.stringify(forge(real)));
    const options = { requestId };
    const [first, second] = [
      await submitTrip(gateway.url, INPUT, options),
      await submitTrip(gateway.url, INPUT, options),
    ];
    expect(first).toMatchObject({ model: 'trip-duration', state: 'QUEUED' });
    expect(second.id).toBe(first.id);
    expect(await streams.last('REQUESTS', record(requestId))).toMatchObject({ job: { taskId: first.id } });
    const told = gateway
      .output()
      .split('\n')
      .filter((line) => line.includes(record(requestId)));
    expect(told).toEqual([expect.stringContaining('deleting a message that cannot be read')]);
  });

  test('of a row batch with another number of rows is replaced by the request', async () => {
    const rows = trips(3);
    await submitTrips(gateway.url, rows, { requestId: 'real batch' });
    const { job, ...others } = (await streams.last('REQUESTS', record('real batch'))) ?? {};
    const forged = {
      ...others,
      job: { ...(job as object), batch: { rowCount: 2_000, rowsPerChunk: 1_000 } },
    };
    await streams.publish(record('forged batch'), JSON.stringify(forged));
    const { batch } = await submitTrips(gateway.url, rows, { requestId: 'forged batch' });
    expect(batch).toMatchObject({ rowCount: 3 });
  });

  test('whose task is long gone gives RESULT_EXPIRED without the id of the task', async () => {
    const { job, ...others } = real;
    const old = later(job, -10 * 3_600_000);
    const gone = { ...others, job: { ...old, submittedAt: old.deadline - 60_000 } };
    await streams.publish(record('long gone'), JSON.stringify(gone));
    const options = { requestId: 'long gone' };
    const answer = await post(gateway.url, PREDICT_TRIP, { input: INPUT, options });
    expect(codeOf(answer)).toBe('RESULT_EXPIRED');
    expect(JSON.stringify(answer)).not.toContain(old.taskId);
  });

  test('of a newer gateway stays, and the request is refused with NEWER_GATEWAY_NEEDED', async () => {
    await streams.publish(record('newer'), NEWER);
    const options = { requestId: 'newer' };
    const answer = await post(gateway.url, PREDICT_TRIP, { input: INPUT, options });
    expect(codeOf(answer)).toBe('NEWER_GATEWAY_NEEDED');
    expect(await streams.last('REQUESTS', record('newer'))).toEqual(JSON.parse(NEWER));
  });
});

describe('an answer from the home of a task', () => {
  const subject = `present.${HOME}`;

  test.each<[string, (task: TaskView) => string]>([
    ['an unknown state', (task) => JSON.stringify({ ...task, state: 'BOGUS' })],
    [
      'an end that is not stored',
      (task) => JSON.stringify({ ...task, state: 'SUCCEEDED', finishedAt: 1, prediction: {} }),
    ],
    ['another task', (task) => JSON.stringify({ ...task, id: `${task.id.slice(0, -1)}g` })],
    ['another model', (task) => JSON.stringify({ ...task, model: 'churn' })],
    [
      'the rows of a row batch',
      (task) =>
        JSON.stringify({ ...task, batch: { rowCount: 1, rowsPerChunk: 1, rowsDone: 1, rowsFailed: 0 } }),
    ],
    ['no members', () => '[]'],
    ['malformed JSON', () => '{"id"'],
  ])('with %s is ignored', async (_what, forge) => {
    await using broker = await openTestBroker(nats);
    await using connection = await connect({ servers: nats.url });
    const job = tripJob(broker, 1);
    await queueJobs(broker, [job]);
    const running = { id: job.taskId, model: job.model, modelVersion: '1', state: 'RUNNING', attempts: 1 };
    connection.subscribe(subject, {
      callback: (_problem, message) => void message.respond(forge(running as unknown as TaskView)),
    });
    await connection.flush();
    const answer = await post(gateway.url, TASK, { id: job.taskId });
    expect(taskIn(answer, 'task')).toMatchObject({ id: job.taskId, state: 'QUEUED', attempts: 0 });
    expect(gateway.output()).toContain(subject);
    await post(gateway.url, CANCEL_TASK, { id: job.taskId });
  });

  test('changes only the state, the version and the attempts of the task', async () => {
    await using broker = await openTestBroker(nats);
    await using connection = await connect({ servers: nats.url });
    const job = tripJob(broker, 1);
    await queueJobs(broker, [job]);
    const told = { id: job.taskId, model: job.model, modelVersion: '2', state: 'RUNNING', attempts: 1 };
    const more = { submittedAt: 'x', prediction: { durationMinutes: 1 }, error: 'x', history: 7 };
    connection.subscribe(subject, {
      callback: (_problem, message) => void message.respond(JSON.stringify({ ...told, ...more })),
    });
    await connection.flush();
    const task = taskIn(await post(gateway.url, TASK, { id: job.taskId }), 'task');
    const submittedAt = new Date(job.submittedAt).toISOString();
    expect(task).toMatchObject({
      modelVersion: '2',
      state: 'RUNNING',
      submittedAt,
      prediction: null,
      error: null,
    });
    await post(gateway.url, CANCEL_TASK, { id: job.taskId });
  });
});

describe('ends', () => {
  /** @returns the id of a task whose bundle has these ends, and whose job still waits. */
  async function taskWithEnds(forge: (address: TaskAddress) => object): Promise<string> {
    await using broker = await openTestBroker(nats);
    const job = tripJob(broker, 1);
    await queueJobs(broker, [job]);
    const address = addressOf(job);
    await streams.publish(subjects.ends(address, ANONYMOUS), jsonOf(forge(address)));
    return job.taskId;
  }
  const succeeded = (
    { model, deadlineSecond, secret, row }: TaskAddress,
    members: object,
    of: object = {},
  ) => {
    const times = { submittedAt: [1], finishedAt: 2 };
    const part = { rows: [row], secrets: secret, modelVersion: '1', state: 'SUCCEEDED', attempts: 1 };
    const parts = [{ ...part, ...times, columns: { durationMinutes: [1] }, ...members }];
    return { v: 2, model, second: deadlineSecond, owner: 'anonymous', parts, ...of };
  };

  test('of a newer worker gives NEWER_GATEWAY_NEEDED for every operation', async () => {
    const id = await taskWithEnds(() => ({ v: 3 }));
    const answers = [
      await post(gateway.url, TASK, { id }),
      await post(gateway.url, CANCEL_TASK, { id }),
      ...(await collect(sse(gateway.url, TASK_RESULT, { id }))),
    ];
    expect(answers.map(codeOf)).toEqual(answers.map(() => 'NEWER_GATEWAY_NEEDED'));
    expect(await streams.last('ENDS', subjects.ends(addressOf({ taskId: id }), ANONYMOUS))).toEqual({ v: 3 });
  });

  test.each([
    ['lack an output', { other: [1] }],
    ['have a text where a number belongs', { durationMinutes: ['long'] }],
    ['have a list where a number belongs', { durationMinutes: [[1]] }],
  ])('that %s give RESULT_UNREADABLE', async (_what, columns) => {
    const id = await taskWithEnds((address) => succeeded(address, { columns }));
    const answer = await post(gateway.url, TASK, { id });
    expect(answer.errors).toMatchObject([
      { extensions: { code: 'RESULT_UNREADABLE', output: 'durationMinutes' } },
    ]);
  });

  const rowBatch = { rowCount: 1, rowsPerChunk: 1, rowsDone: 1, rowsFailed: 0 };
  test.each<[string, object, object?]>([
    ['are of another model', {}, { model: 'churn' }],
    ['are of another second', {}, { second: 1 }],
    ['are too deep to be written into an error', { columns: 'deep' }],
    ['have more values than rows', { columns: { durationMinutes: [1, 2] } }],
    ['have more finished rows than rows', { columns: undefined, batch: { ...rowBatch, rowsDone: 2 } }],
    ['have a text as an estimated time', { columns: undefined, batch: { ...rowBatch, secondsLeft: 'x' } }],
  ])('that %s are removed, and the task gets its own', async (_what, members, of) => {
    const id = await taskWithEnds((address) => succeeded(address, members, of));
    expect(taskIn(await post(gateway.url, TASK, { id }), 'task')).toMatchObject({ state: 'QUEUED' });
    await post(gateway.url, CANCEL_TASK, { id });
    expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toMatchObject({ state: 'CANCELED' });
  });
});

test('a dead letter that cannot be read is DEAD_LETTER_NOT_FOUND for operators, and stays stored', async () => {
  const id = newTaskAddress({ model: 'trip-duration', home: HOME, deadline: Date.now() }).id;
  await streams.publish(`dead.trip-duration.${id}`, '{"v":1,"taskId":7}');
  for (const field of ['redriveDeadLetter', 'discardDeadLetter']) {
    const answer = await post(gateway.url, `mutation ($id: ID!) { ${field}(id: $id) { id } }`, { id });
    expect(codeOf(answer)).toBe('DEAD_LETTER_NOT_FOUND');
  }
  expect(await streams.last('DEAD', `dead.trip-duration.${id}`)).toEqual({ v: 1, taskId: 7 });
});

test.each(['rubbish', 'null', '[]', '{}', '{"error":7}', '{"stream":7,"seq":"1"}'])(
  'an acknowledgement with %s confirms nothing, and the publisher does not wait for another',
  async (reply) => {
    await using connection = await connect({ servers: nats.url });
    using publisher = new Publisher({
      inboxPrefix: '_INBOX',
      connection,
      ackTimeoutMs: 60_000,
      onNoStream: () => {},
      onUnconfirmed: () => {},
      onWrite: () => {},
    });
    connection.subscribe('nowhere', { callback: (_problem, message) => void message.respond(reply) });
    expect(await publisher.publish('nowhere', 'x')).toMatchObject({ type: 'unanswered' });
  },
);

test('messages that cannot be read are logged once a second for each kind of subject, with a count of the others', async () => {
  await using connection = await connect({ servers: nats.url });
  const lines = (subject: string) =>
    gateway
      .output()
      .split('\n')
      .filter((line) => line.includes('could not be read') && line.includes(`"subject":"${subject}"`));
  for (let i = 0; i < 500; i++) {
    connection.publish('workers.presence', 'rubbish');
    connection.publish('workers.left', 'rubbish');
  }
  const counted = await eventually(
    async () => [...lines('workers.presence'), ...lines('workers.left')],
    (told) => told.some((line) => line.includes('"leftOut":')),
  );
  // The first one is logged at once, and then one in each second in which more arrive.
  expect(counted.length).toBeLessThan(10);
});

/** JSON of a message in which a value of 10,000 levels stands for each text "deep". */
function jsonOf(message: object): string {
  const deep = `${'['.repeat(10_000)}{"0":1}${']'.repeat(10_000)}`;
  return JSON.stringify(message).replaceAll('"deep"', deep);
}
