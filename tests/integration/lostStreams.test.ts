/** Streams and consumers that are deleted while the system runs are made again without a reconnect. */
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { batchEnd, submitTrips } from '../support/batches.ts';
import {
  type Answer,
  collect,
  onlyTask,
  PREDICT_TRIP,
  post,
  sse,
  submitTrip,
  TASK_RESULT,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type SmallSystem, startSmallSystem } from '../support/smallSystem.ts';

const JOBS = 'JOBS_trip-duration';

let system: SmallSystem;
let connection: NatsConnection;
let manager: JetStreamManager;

beforeAll(async () => {
  system = await startSmallSystem();
  connection = await connect({ servers: system.nats.url });
  manager = await jetstreamManager(connection);
});

afterAll(async () => {
  await connection.close();
  await system[Symbol.asyncDispose]();
});

const streamNames = async () => (await Array.fromAsync(manager.streams.names())).toSorted();
const consumerNames = async () =>
  (await Array.fromAsync(manager.consumers.list(JOBS))).map(({ name }) => name).toSorted();

/** While a stream is missing, `BROKER_UNAVAILABLE` is the only allowed error. */
function answered({ errors }: Answer): boolean {
  if (errors !== undefined) expect(errors[0]?.extensions.code).toBe('BROKER_UNAVAILABLE');
  return errors === undefined;
}

/** Submits on one gateway and reads the result on the other. Repeats each operation until it is answered. */
async function predict(trip: number) {
  const options = { requestId: `lost-${trip}` };
  const variables = { input: tripNumber(trip), options };
  const accepted = await eventually(() => post(system.gateway.url, PREDICT_TRIP, variables), answered);
  const { id } = taskIn(accepted, 'predictTrip');
  const events = await eventually(
    () => collect(sse(system.otherGateway.url, TASK_RESULT, { id })),
    (heard) => heard.every(answered),
  );
  return onlyTask(events);
}

test('all deleted streams are made again within seconds, also without any request', async () => {
  const names = await streamNames();
  expect(names.length).toBeGreaterThanOrEqual(8);
  for (const name of names) await manager.streams.delete(name);
  expect(await eventually(streamNames, (present) => present.length === names.length)).toEqual(names);
  expect(await eventually(consumerNames, (present) => present.length === 3)).toEqual([
    'v1_batch',
    'v1_bulk',
    'v1_interactive',
  ]);
  expect(await predict(1)).toMatchObject({ state: 'SUCCEEDED' });
  for (const { output } of [system.gateway, system.worker])
    expect(output()).not.toContain('connection to the broker lost');
});

test('a task that is submitted after its stream was deleted is accepted or refused, and an accepted one ends', async () => {
  for (const [i, name] of [JOBS, 'ENDS', 'REQUESTS'].entries()) {
    await manager.streams.delete(name);
    expect(await predict(100 + i), name).toMatchObject({ state: 'SUCCEEDED' });
  }
  await manager.streams.delete('CHUNKS');
  const rows = [tripNumber(7), tripNumber(8)];
  const batch = await eventually(
    () => submitTrips(system.gateway.url, rows).catch((refusal) => String(refusal)),
    (answer) => {
      if (typeof answer === 'string') expect(answer).toContain('BROKER_UNAVAILABLE');
      return typeof answer !== 'string';
    },
  );
  if (typeof batch === 'string') throw new Error(batch);
  expect(await batchEnd(system.gateway.url, batch.id)).toMatchObject({ state: 'SUCCEEDED' });
});

test('a consumer that is deleted while its lane waits for jobs is made again, and no waiting job is lost', async () => {
  for (const name of await consumerNames()) {
    await manager.consumers.delete(JOBS, name);
    const { id } = await submitTrip(system.gateway.url, tripNumber(3), {
      priority: name === 'v1_bulk' ? 'BULK' : 'INTERACTIVE',
    });
    const batch = await submitTrips(system.gateway.url, [tripNumber(4), tripNumber(5)]);
    expect(await onlyTask(sse(system.gateway.url, TASK_RESULT, { id })), name).toMatchObject({
      state: 'SUCCEEDED',
    });
    expect(await batchEnd(system.gateway.url, batch.id), name).toMatchObject({ state: 'SUCCEEDED' });
  }
});
