/** A trip from end to end, over each transport: submit, subscribe at any time, get the result. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
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
  type Trip,
  taskIn,
} from '../support/client.ts';
import { pauseTasks, resumeTasks } from '../support/pauses.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import type { Gateway } from '../support/processes.ts';
import { type SmallSystem, startSmallSystem } from '../support/smallSystem.ts';

/** From the reference results of the model: 7.848074721 minutes. */
const TRIP: Trip = { pickupLocationId: 74, dropoffLocationId: 75, tripDistanceMiles: 1.44 };
const MINUTES = 7.848074721;

let system: SmallSystem;
let gateway: Gateway;
let otherGateway: Gateway;

beforeAll(async () => {
  system = await startSmallSystem();
  ({ gateway, otherGateway } = system);
});

afterAll(() => system?.[Symbol.asyncDispose]());

describe('a trip is predicted', () => {
  test('over POST and SSE', async () => {
    const { id, state } = await submitTrip(gateway.url, TRIP);
    expect(state).toBe('QUEUED');
    const task = await onlyTask(sse(gateway.url, TASK_RESULT, { id }));
    expect(task).toMatchObject({
      id,
      state: 'SUCCEEDED',
      model: 'trip-duration',
      modelVersion: '1',
      attempts: 1,
      error: null,
    });
    expect(task.prediction?.durationMinutes).toBeCloseTo(MINUTES, 4);
    expect(task.timings?.batchSize).toBeGreaterThanOrEqual(1);
  });

  test('over POST and WebSocket', async () => {
    const { id } = await submitTrip(gateway.url, TRIP);
    const client = openWebSocket(gateway.url);
    const task = await onlyTask(overWebSocket(client, TASK_RESULT, { id }));
    await client.dispose();
    expect(task.prediction?.durationMinutes).toBeCloseTo(MINUTES, 4);
  });

  test('over WebSocket alone', async () => {
    const client = openWebSocket(gateway.url);
    const [submitted] = await collect(overWebSocket(client, PREDICT_TRIP, { input: TRIP }));
    const { id } = taskIn(submitted ?? {}, 'predictTrip');
    const task = await onlyTask(overWebSocket(client, TASK_RESULT, { id }));
    await client.dispose();
    expect(task).toMatchObject({ id, state: 'SUCCEEDED' });
  });
});

describe('a subscriber', () => {
  test('gets the result and each change if it subscribes before the task runs', async () => {
    await pauseTasks(gateway);
    const { id } = await submitTrip(gateway.url, TRIP);
    const client = openWebSocket(gateway.url);
    const updates = overWebSocket(client, TASK_UPDATES, { id });
    const first = await updates.next();
    expect(taskIn(first.value ?? {}, 'taskUpdates').state).toBe('QUEUED');
    const result = onlyTask(overWebSocket(client, TASK_RESULT, { id }));
    await resumeTasks(gateway);
    expect(await result).toMatchObject({ id, state: 'SUCCEEDED' });
    const states = (await collect(updates)).map((answer) => taskIn(answer, 'taskUpdates').state);
    expect(states.at(-1)).toBe('SUCCEEDED');
    await client.dispose();
  });

  test('gets the same result, any number of times, if it subscribes after the end', async () => {
    const { id } = await submitTrip(gateway.url, TRIP);
    const first = await onlyTask(sse(gateway.url, TASK_RESULT, { id }));
    expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toEqual(first);
    expect(taskIn(await post(gateway.url, TASK, { id }), 'task')).toEqual(first);
    expect(
      (await collect(sse(gateway.url, TASK_UPDATES, { id }))).map((answer) => taskIn(answer, 'taskUpdates')),
    ).toEqual([first]);
  });

  test('gets the result on another gateway, before or after the end', async () => {
    const tasks = await Promise.all(
      Array.from({ length: 20 }, (_, i) => submitTrip(gateway.url, tripNumber(i))),
    );
    const early = await Promise.all(
      tasks.map(({ id }) => onlyTask(sse(otherGateway.url, TASK_RESULT, { id }))),
    );
    const late = await Promise.all(
      tasks.map(({ id }) => onlyTask(sse(otherGateway.url, TASK_RESULT, { id }))),
    );
    expect(early.map(({ state }) => state)).toEqual(tasks.map(() => 'SUCCEEDED'));
    expect(late).toEqual(early);
  });

  test('gets the result from a gateway that has known nothing of the task, as after a restart', async () => {
    const { id } = await submitTrip(gateway.url, TRIP);
    const before = await onlyTask(sse(gateway.url, TASK_RESULT, { id }));
    expect(await onlyTask(sse(otherGateway.url, TASK_RESULT, { id }))).toEqual(before);
  });
});

test('500 concurrent tasks are each answered with the unbatched prediction for their own input', async () => {
  await using model = await openDirectModel();
  const client = openWebSocket(gateway.url);
  const trips = Array.from({ length: 500 }, (_, i) => tripNumber(i));
  const batchSizes: number[] = [];
  // A connection can have 100 open operations, and each trip here has one at a time.
  const lanes = Array.from({ length: 100 }, (_, lane) => trips.filter((_trip, i) => i % 100 === lane));
  await Promise.all(
    lanes.map(async (lane) => {
      for (const input of lane) {
        const [submitted] = await collect(overWebSocket(client, PREDICT_TRIP, { input }));
        const { id } = taskIn(submitted ?? {}, 'predictTrip');
        const task = await onlyTask(overWebSocket(client, TASK_RESULT, { id }));
        expect(task.prediction?.durationMinutes).toBe(await model.predict(input));
        batchSizes.push(task.timings?.batchSize ?? 0);
      }
    }),
  );
  await client.dispose();
  expect(batchSizes).toHaveLength(500);
  expect(Math.max(...batchSizes)).toBeGreaterThan(1);
});
