/** Objects that are found by their id alone, and the model of a task. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fieldOf, post, submitTrip } from '../support/client.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway } from '../support/processes.ts';

const NODE = `query ($id: ID!) { node(id: $id) { __typename id
  ... on Task { state modelName servedModel { id name } }
  ... on Model { name mutation } } }`;

let nats: NatsServer;
let gateway: Gateway;

beforeAll(async () => {
  nats = await startNats();
  gateway = await startGateway(nats);
});

afterAll(async () => {
  for (const started of [gateway, nats]) await started?.[Symbol.asyncDispose]();
});

test('a task is found by its id alone, and its model by the id that the task tells', async () => {
  const { id } = await submitTrip(gateway.url, tripNumber(1));
  const task = fieldOf<{ servedModel: { id: string } }>(await post(gateway.url, NODE, { id }));
  expect(task).toEqual({
    __typename: 'Task',
    id,
    state: 'QUEUED',
    modelName: 'trip-duration',
    servedModel: { id: expect.any(String), name: 'trip-duration' },
  });
  const model = { id: task.servedModel.id };
  expect(fieldOf(await post(gateway.url, NODE, model))).toEqual({
    __typename: 'Model',
    ...model,
    name: 'trip-duration',
    mutation: 'predictTrip',
  });
});

test('an id of no task is refused as by `task`, and an id of a model that is not served gives null', async () => {
  expect(await post(gateway.url, NODE, { id: 'nothing' })).toMatchObject({
    data: { node: null },
    errors: [{ extensions: { code: 'TASK_NOT_FOUND' } }],
  });
  expect(await post(gateway.url, NODE, { id: 'model:nothing' })).toEqual({ data: { node: null } });
});

test('a query for several tasks answers for those that are there', async () => {
  const { id } = await submitTrip(gateway.url, tripNumber(3));
  const answer = await post(
    gateway.url,
    `query ($id: ID!) { a: task(id: $id) { id } b: task(id: "x") { id } }`,
    {
      id,
    },
  );
  expect(answer).toMatchObject({ data: { a: { id }, b: null }, errors: [{ path: ['b'] }] });
});
