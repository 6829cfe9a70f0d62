/** Retries, deadlines, cancellation, full queues, and ids that are unknown or too old. */
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { subjects } from '../../src/contract/subjects.ts';
import { finishedTask } from '../../src/contract/task.ts';
import { parseTaskId } from '../../src/contract/taskId.ts';
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
import { addressOf, HOME, openTestBroker, queueJobs, resultOf, tripJob } from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';

let nats: NatsServer;
let gateway: Gateway;
let otherGateway: Gateway;

beforeAll(async () => {
  nats = await startNats();
  [gateway, otherGateway] = await Promise.all([startGateway(nats), startGateway(nats)]);
});

afterAll(async () => {
  for (const started of [gateway, otherGateway, nats]) await started?.[Symbol.asyncDispose]();
});

describe('a requestId', () => {
  test('makes a retry return the same task, on any gateway, while it waits and after it ended', async () => {
    const [here, there] = [gateway, otherGateway];
    await using streams = await inspectStreams(nats);
    const options = { requestId: 'order 66' };
    const { id } = await submitTrip(here.url, tripNumber(1), options);
    const retries = await Promise.all(
      [here, there, there].map(({ url }) => submitTrip(url, tripNumber(1), options)),
    );
    expect(retries.map((task) => task.id)).toEqual([id, id, id]);
    expect(await streams.queued('trip-duration', subjects.jobOf(addressOf({ taskId: id })))).toBe(1);

    await using _worker = await startWorker(nats);
    await onlyTask(sse(here.url, TASK_RESULT, { id }));
    expect(await submitTrip(here.url, tripNumber(1), options)).toMatchObject({ id, state: 'SUCCEEDED' });
    expect(await submitTrip(there.url, tripNumber(1), options)).toMatchObject({ id, state: 'SUCCEEDED' });
    expect((await streams.ended()).filter((task) => task.requestId === 'order 66')).toHaveLength(1);
  });

  test('gives one task when it is used at the same time on two gateways', async () => {
    const options = { requestId: 'twins' };
    const tasks = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        submitTrip([gateway, otherGateway][i % 2]?.url ?? '', tripNumber(2), options),
      ),
    );
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(1);
  });

  test('with another input or pinned version is a conflict, and the same input without it is another task', async () => {
    const options = { requestId: 'conflict' };
    const { id } = await submitTrip(gateway.url, tripNumber(3), options);
    const { errors } = await post(otherGateway.url, PREDICT_TRIP, { input: tripNumber(4), options });
    // Another client may have guessed the requestId, so the refusal contains nothing of the first task.
    expect(errors).toEqual([
      expect.objectContaining({ extensions: { code: 'REQUEST_ID_CONFLICT', field: 'requestId' } }),
    ]);
    expect(JSON.stringify(errors)).not.toContain(id);
    const pinned = { input: tripNumber(3), options: { ...options, modelVersion: '1' } };
    const { errors: conflicts } = await post(gateway.url, PREDICT_TRIP, pinned);
    expect(conflicts?.[0]?.extensions.code).toBe('REQUEST_ID_CONFLICT');
    expect((await submitTrip(gateway.url, tripNumber(3))).id).not.toBe(id);
  });
});

describe('a requestId whose first try was refused', () => {
  const ROOM_FOR_ONE = { QUEUE_MAX_JOBS: '1' };
  let own: NatsServer;
  let here: Gateway;
  let there: Gateway;
  let streams: StreamInspector;

  beforeAll(async () => {
    own = await startNats();
    [here, there, streams] = await Promise.all([
      startGateway(own, ROOM_FOR_ONE),
      startGateway(own, ROOM_FOR_ONE),
      inspectStreams(own),
    ]);
  });

  // The ack of a job follows the end of its task.
  beforeEach(() =>
    eventually(
      () => streams.state('JOBS_trip-duration'),
      ({ messages }) => messages === 0,
    ),
  );

  afterAll(async () => {
    for (const opened of [streams, here, there, own]) await opened?.[Symbol.asyncDispose]();
  });

  test('is refused again by a full queue, also for many tries at the same time', async () => {
    const { id: filler } = await submitTrip(here.url, tripNumber(5));
    for (let round = 0; round < 5; round++) {
      const variables = { input: tripNumber(round), options: { requestId: `race ${round}` } };
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => post(here.url, PREDICT_TRIP, variables)),
      );
      const codes = answers.map(({ errors }) => errors?.[0]?.extensions.code);
      expect(codes).toEqual(answers.map(() => 'QUEUE_FULL'));
    }
    await post(here.url, CANCEL_TASK, { id: filler });
  });

  test('finds room as soon as the end of another task is stored, although its job is not confirmed yet', async () => {
    await using broker = await openTestBroker(own, ROOM_FOR_ONE);
    const { id: filler } = await submitTrip(here.url, tripNumber(5));
    const submission = { input: tripNumber(6), options: { requestId: 'a moment later' } };
    const refused = await post(here.url, PREDICT_TRIP, submission);
    expect(refused.errors?.[0]?.extensions.code).toBe('QUEUE_FULL');
    const ended = onlyTask(sse(here.url, TASK_RESULT, { id: filler }));
    const end = { state: 'SUCCEEDED', finishedAt: broker.now(), attempts: 1 } as const;
    const prediction = { durationMinutes: 5 };
    await broker.ends.storeTask(
      finishedTask({ ...tripJob(broker, 5), taskId: filler }, { ...end, prediction }),
      addressOf({ taskId: filler }),
    );
    await ended;
    expect((await streams.state('JOBS_trip-duration')).messages).toBe(1);
    const { id } = taskIn(await post(here.url, PREDICT_TRIP, submission), 'predictTrip');
    await post(here.url, CANCEL_TASK, { id });
    await streams.purge('JOBS_trip-duration', subjects.queue('trip-duration'));
  });

  test('continues that try on any gateway, and its end is known there at once', async () => {
    const { id: filler } = await submitTrip(here.url, tripNumber(5));
    const submissions = [6, 7].map((i) => ({ input: tripNumber(i), options: { requestId: `try ${i}` } }));
    const { messages: before } = await streams.state('REQUESTS');
    for (const submission of submissions) {
      const { errors } = await post(here.url, PREDICT_TRIP, submission);
      expect(errors?.[0]?.extensions.code).toBe('QUEUE_FULL');
    }
    // Their records are there, without a job.
    expect((await streams.state('REQUESTS')).messages).toBe(before + 2);
    await post(here.url, CANCEL_TASK, { id: filler });
    await using _worker = await startWorker(own, ROOM_FOR_ONE);
    for (const submission of submissions) {
      const { id } = taskIn(await post(there.url, PREDICT_TRIP, submission), 'predictTrip');
      await resultOf(streams, { taskId: id });
      const task = taskIn(await post(there.url, TASK, { id }), 'task');
      expect(task).toMatchObject({ id, state: 'SUCCEEDED' });
      expect(taskIn(await post(here.url, TASK, { id }), 'task')).toEqual(task);
      expect(await onlyTask(sse(there.url, TASK_RESULT, { id }))).toEqual(task);
      expect(await submitTrip(here.url, submission.input, submission.options)).toMatchObject({ id });
      await eventually(
        () => streams.state('JOBS_trip-duration'),
        ({ messages }) => messages === 0,
      );
    }
  });

  test('starts a new task, one for all gateways, after the deadline of that try', async () => {
    const { id: filler } = await submitTrip(here.url, tripNumber(5));
    const options = { requestId: 'again', timeoutMs: 100 };
    const refused = await post(here.url, PREDICT_TRIP, { input: tripNumber(6), options });
    expect(refused.errors?.[0]?.extensions.code).toBe('QUEUE_FULL');
    await post(here.url, CANCEL_TASK, { id: filler });
    const record = await streams.last('REQUESTS', 'requests.*');
    const first = record?.job as { taskId: string; deadline: number };
    await eventually(
      () => post(here.url, '{ health { name } }'),
      () => Date.now() > first.deadline + 50,
    );
    const retry = { input: tripNumber(6), options: { ...options, timeoutMs: 60_000 } };
    // A gateway hears within a second that the other one's queue has room again.
    const submit = ({ url }: Gateway) =>
      eventually(
        () => post(url, PREDICT_TRIP, retry),
        ({ errors }) => errors?.[0]?.extensions.code !== 'QUEUE_FULL',
      );
    const retries = [here, there, here, there, here, there].map(submit);
    const [id, ...others] = (await Promise.all(retries)).map((answer) => taskIn(answer, 'predictTrip').id);
    expect(others).toEqual(others.map(() => id));
    expect(id).not.toBe(first.taskId);
    expect((await streams.state('JOBS_trip-duration')).messages).toBe(1);
    await post(here.url, CANCEL_TASK, { id });
  });
});

describe('a task that no worker finishes in time expires', () => {
  const expired = { state: 'EXPIRED', attempts: 0, error: { code: 'DEADLINE_EXCEEDED' }, prediction: null };

  test('while it is watched, on the gateway that accepted it and on another', async () => {
    const { id, submittedAt } = await submitTrip(gateway.url, tripNumber(7), { timeoutMs: 300 });
    const [here, there] = await Promise.all(
      [gateway, otherGateway].map(({ url }) => onlyTask(sse(url, TASK_RESULT, { id }))),
    );
    expect(here).toMatchObject(expired);
    expect(there).toEqual(here);
    const livedMs = Date.parse(here?.finishedAt ?? '') - Date.parse(submittedAt);
    expect(livedMs).toBeGreaterThanOrEqual(300);
    await using streams = await inspectStreams(nats);
    expect(await streams.last('JOBS_trip-duration', `jobs.trip-duration.*.*.*.${id}`)).toBeUndefined();
  });

  test('while it is watched on another gateway, when the one that accepted it is gone', async () => {
    await using here = await startGateway(nats);
    const { id } = await submitTrip(here.url, tripNumber(7), { timeoutMs: 1_000 });
    const watched = onlyTask(sse(otherGateway.url, TASK_RESULT, { id }));
    here.kill('SIGKILL');
    expect(await watched).toMatchObject(expired);
  });

  test('while it is not watched, and the gateway that accepted it is gone', async () => {
    await using streams = await inspectStreams(nats);
    await using broker = await openTestBroker(nats);
    const jobs = Array.from({ length: 10 }, (_, i) => tripJob(broker, i, 500));
    await queueJobs(broker, jobs);
    for (const { taskId } of jobs) {
      expect(await resultOf(streams, { taskId })).toMatchObject({ state: 'EXPIRED' });
    }
    await eventually(
      async () => {
        const [job] = jobs.slice(-1);
        return job && streams.last('JOBS_trip-duration', subjects.jobOf(addressOf(job)));
      },
      (job) => job === undefined,
    );
  });

  test('when the first gateway starts, if none was running at the deadline', async () => {
    await using own = await startNats();
    await using streams = await inspectStreams(own);
    await using broker = await openTestBroker(own);
    const jobs = Array.from({ length: 20 }, (_, i) => tripJob(broker, i, -60_000 - 1_000 * i));
    await queueJobs(broker, jobs);
    await using late = await startGateway(own);
    const results = await Promise.all(
      jobs.map(({ taskId }) => onlyTask(sse(late.url, TASK_RESULT, { id: taskId }))),
    );
    expect(results.map(({ state }) => state)).toEqual(jobs.map(() => 'EXPIRED'));
    await eventually(
      () => streams.state('JOBS_trip-duration'),
      ({ messages }) => messages === 0,
    );
  });
});

describe('a task of another gateway', () => {
  test('is shown as ended once its result is stored, although its job still waits', async () => {
    await using broker = await openTestBroker(nats);
    const job = tripJob(broker, 12);
    await queueJobs(broker, [job]);
    const end = finishedTask(job, {
      state: 'SUCCEEDED',
      finishedAt: broker.now(),
      attempts: 1,
      prediction: { durationMinutes: 1 },
    });
    expect(await broker.ends.storeTask(end, addressOf(job))).toMatchObject({ state: 'SUCCEEDED' });
    const id = job.taskId;
    expect(taskIn(await post(gateway.url, TASK, { id }), 'task').state).toBe('SUCCEEDED');
    const events = await collect(sse(gateway.url, TASK_UPDATES, { id }));
    expect(events.map((event) => taskIn(event, 'taskUpdates').state)).toEqual(['SUCCEEDED']);
  });
});

describe('a gateway that may follow few tasks', () => {
  const FEW = 10;
  let small: Gateway;

  beforeAll(async () => {
    small = await startGateway(nats, { OPEN_TASKS_MAX: String(FEW) });
  });

  afterAll(() => small?.[Symbol.asyncDispose]());

  test('refuses more with GATEWAY_BUSY', async () => {
    const submit = (i: number) => post(small.url, PREDICT_TRIP, { input: tripNumber(i) });
    const ids: string[] = [];
    for (let i = 0; i < FEW; i++) {
      // The subscribers of another test may have left only a moment ago.
      const answer = await eventually(
        () => submit(i),
        ({ errors }) => errors === undefined,
      );
      ids.push(taskIn(answer, 'predictTrip').id);
    }
    const { errors } = await submit(FEW);
    expect(errors).toMatchObject([{ extensions: { code: 'GATEWAY_BUSY', limit: FEW } }]);
    for (const id of ids) await post(gateway.url, CANCEL_TASK, { id });
  });

  test.each(['a program', 'a page'])(
    'no longer follows a task if its subscriber, %s, disconnects before the subscription is set up',
    async (who) => {
      const tasks = await Promise.all(
        Array.from({ length: 3 * FEW }, (_, i) => submitTrip(gateway.url, tripNumber(i))),
      );
      const body = ({ id }: { id: string }) => JSON.stringify({ query: TASK_RESULT, variables: { id } });
      const headers = {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        ...(who === 'a page' && { origin: new URL(small.url).origin }),
      };
      for (const task of tasks) {
        const leave = new AbortController();
        const answer = fetch(small.url, { method: 'POST', headers, body: body(task), signal: leave.signal });
        setImmediate(() => leave.abort());
        await answer.then((response) => response.body?.cancel()).catch(() => {});
      }
      const [last] = tasks.slice(-1);
      const updates = await eventually(
        async () => {
          const answers = sse(small.url, TASK_UPDATES, { id: last?.id });
          const { value } = await answers.next();
          await answers.return(undefined);
          return value;
        },
        (answer) => answer?.errors === undefined,
      );
      expect(taskIn(updates ?? {}, 'taskUpdates').state).toBe('QUEUED');
    },
  );
});

describe('cancelTask', () => {
  const canceled = { state: 'CANCELED', prediction: null, error: null };
  const cancel = async ({ url }: Gateway, id: string) =>
    taskIn(await post(url, CANCEL_TASK, { id }), 'cancelTask');

  test('cancels a waiting task, on any gateway, and all its subscribers get the final state', async () => {
    const { id } = await submitTrip(gateway.url, tripNumber(10));
    const watches = [gateway, otherGateway].map(({ url }) => sse(url, TASK_UPDATES, { id }));
    for (const watch of watches)
      expect(taskIn((await watch.next()).value ?? {}, 'taskUpdates').state).toBe('QUEUED');
    const answer = await cancel(otherGateway, id);
    expect(answer).toMatchObject({ ...canceled, id, attempts: 0 });
    for (const watch of watches) {
      expect((await collect(watch)).map((event) => taskIn(event, 'taskUpdates'))).toEqual([answer]);
    }
    expect(await cancel(gateway, id)).toEqual(answer);
    await using streams = await inspectStreams(nats);
    expect(await streams.last('JOBS_trip-duration', `jobs.trip-duration.*.*.*.${id}`)).toBeUndefined();
  });

  test('returns a task that has already ended unchanged', async () => {
    const { id } = await submitTrip(gateway.url, tripNumber(11), { timeoutMs: 100 });
    const ended = await onlyTask(sse(gateway.url, TASK_RESULT, { id }));
    expect(await cancel(gateway, id)).toEqual(ended);
  });

  test('refuses an unknown id with TASK_NOT_FOUND', async () => {
    const { errors } = await post(gateway.url, CANCEL_TASK, { id: 'nothing' });
    expect(errors).toMatchObject([{ extensions: { code: 'TASK_NOT_FOUND' } }]);
  });

  test('leaves each of 120 tasks with one final state for all clients when it comes at about their end', async () => {
    const [here, there] = [gateway, otherGateway];
    await using _worker = await startWorker(nats, {
      NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/slowRuns.js')}`,
      RUN_MS: '60',
    });
    await using streams = await inspectStreams(nats);
    const states = new Map<string, number>();
    const ids = new Set<string>();
    /** @param patience the number of queries before the cancellation, so that it comes at about the task's end. */
    const race = async (i: number, patience: number) => {
      const { id } = await submitTrip(here.url, tripNumber(i));
      ids.add(id);
      const watched = onlyTask(sse(here.url, TASK_RESULT, { id }));
      for (let question = 0; question < patience; question++) await post(there.url, '{ health { name } }');
      const answered = await cancel(i % 2 === 0 ? here : there, id);
      expect(answered).toEqual(await watched);
      expect(taskIn(await post(there.url, TASK, { id }), 'task')).toEqual(answered);
      states.set(answered.state, (states.get(answered.state) ?? 0) + 1);
      return answered.state;
    };
    const lanes = Array.from({ length: 20 }, async (_, lane) => {
      let patience = 0;
      for (let i = lane; i < 120; i += 20) {
        // After a cancellation in time the next one comes later, after a late one earlier, by as much on a fast machine.
        patience = (await race(i, patience)) === 'CANCELED' ? 2 * patience + 1 : Math.floor(patience / 2);
      }
    });
    await Promise.all(lanes);
    expect([...states.keys()].toSorted()).toEqual(['CANCELED', 'SUCCEEDED']);
    expect((await streams.ended()).filter(({ id }) => ids.has(id))).toHaveLength(120);
  });
});

test('a full queue refuses with QUEUE_FULL and keeps what it accepted, at its limit of tasks and at that of bytes', async () => {
  const LIMIT = 50;
  const limits = { QUEUE_MAX_JOBS: String(LIMIT), QUEUE_MAX_BYTES: '65536' };
  await using own = await startNats();
  await using small = await startGateway(own, limits);
  const answers = await Promise.all(
    Array.from({ length: LIMIT + 5 }, (_, i) => post(small.url, PREDICT_TRIP, { input: tripNumber(i) })),
  );
  const accepted = answers.filter(({ errors }) => errors === undefined);
  const refused = answers.flatMap(({ errors }) => errors ?? []);
  expect(accepted).toHaveLength(LIMIT);
  expect(refused.map(({ extensions }) => extensions)).toEqual(
    Array.from({ length: 5 }, () =>
      expect.objectContaining({ code: 'QUEUE_FULL', limit: LIMIT, retryAfterMs: expect.any(Number) }),
    ),
  );
  {
    await using _worker = await startWorker(own, limits);
    const ids = accepted.map((answer) => taskIn(answer, 'predictTrip').id);
    const results = await Promise.all(ids.map((id) => onlyTask(sse(small.url, TASK_RESULT, { id }))));
    expect(results.map(({ state }) => state)).toEqual(ids.map(() => 'SUCCEEDED'));
  }

  // With a requestId a task has a message of its own, here of 2 KB.
  const labels = Array.from({ length: 8 }, (_, i) => `${i}${'€'.repeat(63)}`);
  const submitLarge = (i: number) =>
    post(small.url, PREDICT_TRIP, { input: tripNumber(i), options: { requestId: `${i}`, labels } });
  // It takes a moment until the gateway knows that there is room again.
  const first = await eventually(
    () => submitLarge(0),
    ({ errors }) => errors === undefined,
  );
  const others = await Promise.all(Array.from({ length: LIMIT - 1 }, (_, i) => submitLarge(i + 1)));
  const codes = [first, ...others]
    .flatMap(({ errors }) => errors ?? [])
    .map(({ extensions }) => extensions.code);
  // These are fewer than the limit of tasks allows.
  expect(new Set(codes)).toEqual(new Set(['QUEUE_FULL']));
  expect(codes.length).toBeLessThan(LIMIT - 1);
});

describe('an id', () => {
  const old = `trip_duration_${HOME}_1700000000_${'0'.repeat(44)}`;
  const never = () => `trip_duration_${HOME}_${Math.ceil(Date.now() / 1000) + 30}_${'0'.repeat(44)}`;

  test('with the bundle of a task and another deadline, model or row finds nothing, and changes nothing', async () => {
    const { id } = await submitTrip(gateway.url, tripNumber(1));
    await post(gateway.url, CANCEL_TASK, { id });
    const [, home, second = '', rest] = /^trip_duration_(.{8})_(.{10})_(.*)$/.exec(id) ?? [];
    for (const made of [
      `trip_duration_${home}_${Number(second) + 1}_${rest}`,
      `churn_${home}_${second}_${rest}`,
      `trip_duration_${home}_${second}_${rest?.slice(0, 16)}0001${rest?.slice(20)}`,
      `trip_duration_${home}_${second}_${rest?.slice(0, 20)}${'0'.repeat(24)}`,
    ]) {
      for (const { url } of [gateway, otherGateway])
        for (const operation of [TASK, CANCEL_TASK])
          expect((await post(url, operation, { id: made })).errors).toMatchObject([
            { extensions: { code: 'TASK_NOT_FOUND' } },
          ]);
    }
    expect(taskIn(await post(otherGateway.url, TASK, { id }), 'task').state).toBe('CANCELED');
  });

  test('that never existed is TASK_NOT_FOUND at once, over every transport', async () => {
    const client = openWebSocket(gateway.url);
    for (const id of [
      never(),
      'nonsense',
      '',
      'jobs.>',
      `unknown_model_${HOME}_1700000000_${'0'.repeat(24)}`,
    ]) {
      const answers = [
        await post(gateway.url, TASK, { id }),
        ...(await collect(sse(gateway.url, TASK_RESULT, { id }))),
        ...(await collect(overWebSocket(client, TASK_UPDATES, { id }))),
      ];
      expect(answers).toHaveLength(3);
      for (const { errors } of answers)
        expect(errors).toMatchObject([{ extensions: { code: 'TASK_NOT_FOUND' } }]);
    }
    await client.dispose();
  });

  test('is RESULT_EXPIRED after the lifetime of its result', async () => {
    const { errors } = await post(gateway.url, TASK, { id: old });
    expect(errors).toMatchObject([{ extensions: { code: 'RESULT_EXPIRED' } }]);
  });
});

test('a version can be pinned if it is served', async () => {
  expect(await submitTrip(gateway.url, tripNumber(8), { modelVersion: '1' })).toMatchObject({
    modelVersion: '1',
  });
  const { errors } = await post(gateway.url, PREDICT_TRIP, {
    input: tripNumber(8),
    options: { modelVersion: '7' },
  });
  expect(errors).toMatchObject([
    {
      message: 'modelVersion must be a version of trip-duration that can be had (1), got "7"',
      extensions: { code: 'BAD_USER_INPUT' },
    },
  ]);
});

test('a running task is RUNNING on every gateway', async () => {
  await using broker = await openTestBroker(nats);
  const { id } = await submitTrip(gateway.url, tripNumber(9));
  const updates = sse(otherGateway.url, TASK_UPDATES, { id });
  expect(taskIn((await updates.next()).value ?? {}, 'taskUpdates').state).toBe('QUEUED');
  const { home = '' } = parseTaskId(id) ?? {};
  const startedAt = broker.now();
  const announce = () => broker.notices.announceRunning(home, { taskIds: [id], attempts: [1], startedAt });
  // The other gateway may hear notices only a moment after it has shown the first state.
  announce();
  const again = setInterval(announce, 200);
  const { value: update = {} } = await updates.next().finally(() => clearInterval(again));
  expect(taskIn(update, 'taskUpdates').state).toBe('RUNNING');
  for (const { url } of [gateway, otherGateway]) {
    // A gateway that is not the task's home asks its home. On a busy machine that answer may come too late once.
    const task = await eventually(
      async () => taskIn(await post(url, TASK, { id }), 'task'),
      ({ state }) => state !== 'QUEUED',
    );
    expect(task).toMatchObject({ state: 'RUNNING', attempts: 1 });
  }
  await updates.return(undefined);
});
