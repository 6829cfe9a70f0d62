/** A task belongs to its owner. For others it is TASK_NOT_FOUND, on the gateway that accepted it and on any other. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import { newTaskAddress } from '../../src/contract/taskId.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { readConfig } from '../../src/process/config.ts';
import type { Offering } from '../../src/rollout/offering.ts';
import { type GatewayTasks, openGatewayTasks } from '../../src/tasks/gatewayTasks.ts';
import { HOME, openTestBroker } from '../support/jobs.ts';
import { SILENT, TEST_MODELS } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';

const OTHER_HOME = '0f0e0d0c';

let nats: NatsServer;
let broker: Broker;
let here: GatewayTasks;
let there: GatewayTasks;
let id: string;

beforeAll(async () => {
  nats = await startNats();
  broker = await openTestBroker(nats);
  [here, there] = await Promise.all([openTasks(HOME), openTasks(OTHER_HOME)]);
  ({ id } = await submit());
});

afterAll(async () => {
  for (const opened of [here, there]) opened?.[Symbol.dispose]();
  for (const opened of [broker, nats]) await opened?.[Symbol.asyncDispose]();
});

/** A task of Ada's. */
async function submit() {
  const model = tripModel((await Catalog.open(TEST_MODELS, SILENT)).models);
  const request = { options: {}, owner: 'ada', trace: undefined, gone: undefined };
  return here.submissions.submit({ ...request, model, input: { ...tripNumber(1) } });
}

async function openTasks(home: string): Promise<GatewayTasks> {
  const { models } = await Catalog.open(TEST_MODELS, SILENT);
  const offering = { choose: () => ({ version: '1' }) } as unknown as Offering;
  return openGatewayTasks({ broker, home, models, offering, limits: readConfig({}), log: SILENT });
}

function tripModel(models: Catalog['models']) {
  const model = models.find(({ manifest }) => manifest.name === 'trip-duration');
  if (model === undefined) throw new Error('trip-duration is one of the models');
  return model;
}

describe.each(['the gateway that accepted the task', 'another gateway'])('on %s', (where) => {
  const gateway = () => (where === 'another gateway' ? there : here);

  test('its owner can find and watch a task', async () => {
    expect(await gateway().tasks.find(id, 'ada')).toMatchObject({ id, owner: 'ada', state: 'QUEUED' });
    const updates = await gateway().tasks.updates(id, 'ada');
    expect((await updates.next()).value).toMatchObject({ id });
    await updates.return?.();
  });

  test.each(['find', 'findNewest', 'result', 'updates', 'cancel'] as const)(
    'another owner gets the same answer from %s as for an id that never existed',
    async (question) => {
      const { tasks } = gateway();
      const deadline = broker.now() + 60_000;
      const unknown = newTaskAddress({ model: 'trip-duration', home: HOME, deadline }).id;
      const refusal = await refusalOf(tasks[question](id, 'bob'));
      const ofUnknown = await refusalOf(tasks[question](unknown, 'bob'));
      expect(refusal.code).toBe('TASK_NOT_FOUND');
      expect({ ...refusal, message: refusal.message.replace(id, unknown) }).toEqual(ofUnknown);
    },
  );
});

test('a task that ended is found by its owner only', async () => {
  const { id } = await submit();
  expect(await there.tasks.cancel(id, 'ada')).toMatchObject({ state: 'CANCELED', owner: 'ada' });
  expect((await refusalOf(here.tasks.find(id, 'bob'))).code).toBe('TASK_NOT_FOUND');
  expect((await refusalOf(there.tasks.find(id, 'bob'))).code).toBe('TASK_NOT_FOUND');
  expect(await here.tasks.find(id, 'ada')).toMatchObject({ state: 'CANCELED' });
});

async function refusalOf(question: Promise<unknown>) {
  const error = await question.then(
    () => new Error('the question was answered'),
    (reason: unknown) => reason,
  );
  const { code, message, details } = error as { code?: string; message: string; details?: object };
  return { code, message, details };
}
