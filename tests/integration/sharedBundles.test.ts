/** Tasks that share a bundle: each of their clients sees its own task only, as if it had travelled alone. */
import type { Client } from 'graphql-ws';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseTaskId, rowAddress } from '../../src/contract/taskId.ts';
import {
  type Answer,
  CANCEL_TASK,
  collect,
  onlyTask,
  openWebSocket,
  overWebSocket,
  PREDICT_TRIP,
  post,
  sse,
  TASK,
  TASK_RESULT,
  type TaskView,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { openTestBroker } from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';

const MODEL = 'trip-duration';
const QUEUE = `JOBS_${MODEL}`;

let nats: NatsServer;
let here: Gateway;
let there: Gateway;
let streams: StreamInspector;
let client: Client;

beforeAll(async () => {
  nats = await startNats();
  [here, there] = await Promise.all([startGateway(nats), startGateway(nats)]);
  streams = await inspectStreams(nats);
  client = openWebSocket(here.url);
});

afterAll(async () => {
  await client?.dispose();
  for (const started of [streams, here, there, nats]) await started?.[Symbol.asyncDispose]();
});

beforeEach(() => streams.purge(QUEUE, 'jobs.>'));

/** The answers to trips that are submitted at the same moment, over one WebSocket. */
function answersTogether(over: Client, count: number, options: object = {}): Promise<readonly Answer[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const [answer = {}] = await collect(
        overWebSocket(over, PREDICT_TRIP, { input: tripNumber(i), options }),
      );
      return answer;
    }),
  );
}

/** Submits trips together. They share bundles. */
async function submitTogether(count: number, options: object = {}): Promise<readonly TaskView[]> {
  const answers = await answersTogether(client, count, options);
  const tasks = answers.map((answer) => taskIn(answer, 'predictTrip'));
  expect(await streams.queued(MODEL)).toBe(count);
  expect((await streams.state(QUEUE)).messages).toBeLessThan(count / 2);
  return tasks;
}

/** Two of the tasks that share a bundle. */
function neighboursAmong(tasks: readonly TaskView[]): readonly [TaskView, TaskView] {
  for (const [first, second] of Map.groupBy(tasks, ({ id }) => parseTaskId(id)?.bundle).values())
    if (first !== undefined && second !== undefined) return [first, second];
  throw new Error('no two tasks share a bundle');
}

async function find(gateway: Gateway, { id }: Pick<TaskView, 'id'>): Promise<TaskView> {
  return taskIn(await post(gateway.url, TASK, { id }), 'task');
}

async function cancel(gateway: Gateway, { id }: Pick<TaskView, 'id'>): Promise<TaskView> {
  return taskIn(await post(gateway.url, CANCEL_TASK, { id }), 'cancelTask');
}

function resultFrom(gateway: Gateway, { id }: Pick<TaskView, 'id'>): Promise<TaskView> {
  return onlyTask(sse(gateway.url, TASK_RESULT, { id }));
}

const codeOf = ({ errors }: Answer) => errors?.[0]?.extensions.code;

test('thirty trips that are submitted at once share messages, and each gets its own answer on any gateway', async () => {
  const tasks = await submitTogether(30);
  for (const [i, task] of tasks.slice(0, 10).entries())
    expect(await find(i % 2 === 0 ? here : there, task)).toMatchObject({ id: task.id, state: 'QUEUED' });
  const { messages: before } = await streams.state('ENDS');
  await using _worker = await startWorker(nats);
  await using direct = await openDirectModel();
  for (const [i, task] of tasks.entries()) {
    const result = await resultFrom(i % 2 === 0 ? here : there, task);
    expect(result).toMatchObject({ id: task.id, state: 'SUCCEEDED' });
    expect(result.prediction?.durationMinutes).toBe(await direct.predict(tripNumber(i)));
  }
  expect((await streams.state('ENDS')).messages - before).toBeLessThan(15);
});

test('a task that is canceled on another gateway ends at once, and those beside it run', async () => {
  const tasks = await submitTogether(30);
  const [canceled, neighbour] = neighboursAmong(tasks);
  expect(await cancel(there, canceled)).toMatchObject({ id: canceled.id, state: 'CANCELED' });
  for (const gateway of [here, there]) {
    expect((await resultFrom(gateway, canceled)).state).toBe('CANCELED');
    expect((await find(gateway, neighbour)).state).toBe('QUEUED');
  }
  await using _worker = await startWorker(nats);
  const states = await Promise.all(tasks.map(async (task) => (await resultFrom(here, task)).state));
  expect(states).toEqual(tasks.map((task) => (task === canceled ? 'CANCELED' : 'SUCCEEDED')));
});

test('a bundle leaves the queue without a worker once all of its tasks are canceled', async () => {
  const tasks = await submitTogether(30);
  const ended = await Promise.all(tasks.map((task, i) => cancel(i % 2 === 0 ? here : there, task)));
  expect(ended.map(({ state }) => state)).toEqual(tasks.map(() => 'CANCELED'));
  await eventually(
    () => streams.state(QUEUE),
    ({ messages }) => messages === 0,
  );
});

test('the tasks of a bundle that were not canceled expire, watched or not', async () => {
  const tasks = await submitTogether(30, { timeoutMs: 2_000 });
  const [canceled, watched] = neighboursAmong(tasks);
  await cancel(there, canceled);
  expect((await resultFrom(there, watched)).state).toBe('EXPIRED');
  await eventually(
    () => streams.state(QUEUE),
    ({ messages }) => messages === 0,
  );
  for (const gateway of [here, there])
    for (const task of tasks)
      expect((await find(gateway, task)).state).toBe(task === canceled ? 'CANCELED' : 'EXPIRED');
  const ids = new Set(tasks.map(({ id }) => id));
  expect((await streams.ended()).filter(({ id }) => ids.has(id))).toHaveLength(30);
});

describe("an id that is made of one's own and the place of a neighbour", () => {
  let own: TaskView;
  let neighbour: TaskView;
  let guess: string;

  beforeEach(async () => {
    [own, neighbour] = neighboursAmong(await submitTogether(30));
    const [address, other] = [parseTaskId(own.id), parseTaskId(neighbour.id)];
    if (address?.secret === undefined || other === undefined) throw new Error('both are rows of a bundle');
    guess = rowAddress(address, other.row, address.secret).id;
    expect([own.id, neighbour.id]).not.toContain(guess);
  });

  /** The answers of both gateways to each question about it. */
  async function codes(): Promise<readonly unknown[]> {
    const answers: Answer[] = [];
    for (const { url } of [here, there]) {
      answers.push(await post(url, TASK, { id: guess }), await post(url, CANCEL_TASK, { id: guess }));
      answers.push(...(await collect(sse(url, TASK_RESULT, { id: guess }))));
    }
    return answers.map(codeOf);
  }

  test('is TASK_NOT_FOUND while both wait, and cancels neither', async () => {
    expect(await codes()).toEqual(Array(6).fill('TASK_NOT_FOUND'));
    for (const task of [own, neighbour]) expect((await find(there, task)).state).toBe('QUEUED');
  });

  test('is TASK_NOT_FOUND once one or both of them have ended', async () => {
    await cancel(here, neighbour);
    expect(await codes()).toEqual(Array(6).fill('TASK_NOT_FOUND'));
    await cancel(here, own);
    expect(await codes()).toEqual(Array(6).fill('TASK_NOT_FOUND'));
  });
});

test('QUEUE_MAX_JOBS counts tasks, not messages, of those that are submitted at once and of two gateways together', async () => {
  await using own = await startNats();
  await using broker = await openTestBroker(own);
  const limit = { QUEUE_MAX_JOBS: '40' };
  const [first, second] = await Promise.all([startGateway(own, limit), startGateway(own, limit)]);
  await using _first = first;
  await using _second = second;
  const told = Promise.withResolvers<void>();
  using _listening = broker.notices.listenQueued(({ jobs }) => {
    if (jobs[MODEL] === 30) told.resolve();
  });
  const crowd = openWebSocket(first.url);
  expect((await answersTogether(crowd, 30)).map(codeOf)).toEqual(Array(30).fill(undefined));
  await crowd.dispose();
  await told.promise;
  const later = openWebSocket(second.url);
  const answers = await answersTogether(later, 30);
  await later.dispose();
  expect(answers.filter(({ errors }) => errors === undefined)).toHaveLength(10);
  expect(answers.flatMap((answer) => codeOf(answer) ?? [])).toEqual(Array(20).fill('QUEUE_FULL'));
  await using inspector = await inspectStreams(own);
  expect(await inspector.queued(MODEL)).toBe(40);
  expect((await inspector.state(QUEUE)).messages).toBeLessThan(20);
});
