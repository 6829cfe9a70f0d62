/** A task belongs to its owner. For others it is TASK_NOT_FOUND, on the gateway that accepted it and on any other. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import { EVERY_OWNER } from '../../src/contract/principal.ts';
import { NO_QUOTAS } from '../../src/contract/quotas.ts';
import { parseTaskId } from '../../src/contract/taskId.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { readConfig } from '../../src/process/config.ts';
import type { Offering } from '../../src/rollout/offering.ts';
import { type GatewayTasks, openGatewayTasks } from '../../src/tasks/gatewayTasks.ts';
import type { Tasks } from '../../src/tasks/tasks.ts';
import { clientOf } from '../support/gatewayTasks.ts';
import { HOME, openTestBroker } from '../support/jobs.ts';
import { SILENT, TEST_MODELS } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { newTaskAddress } from '../support/taskAddresses.ts';

const OTHER_HOME = '0f0e0d0c';
/** What Bob asks about a task of Ada. */
const QUESTIONS = {
  find: (tasks: Tasks, id: string) => tasks.find(id, 'bob'),
  findNewest: (tasks: Tasks, id: string) => tasks.findNewest(id, 'bob'),
  result: (tasks: Tasks, id: string) => tasks.result(id, clientOf('bob')),
  updates: (tasks: Tasks, id: string) => tasks.updates(id, clientOf('bob')),
  cancel: (tasks: Tasks, id: string) => tasks.cancel(id, 'bob'),
} as const;

let nats: NatsServer;
let broker: Broker;
let models: Catalog['models'];
let here: GatewayTasks;
let there: GatewayTasks;
let id: string;

beforeAll(async () => {
  nats = await startNats();
  broker = await openTestBroker(nats);
  ({ models } = await Catalog.open(TEST_MODELS, SILENT));
  [here, there] = await Promise.all([openTasks(HOME), openTasks(OTHER_HOME)]);
  ({ id } = await submit());
});

afterAll(async () => {
  for (const opened of [here, there]) opened?.[Symbol.dispose]();
  for (const opened of [broker, nats]) await opened?.[Symbol.asyncDispose]();
});

async function submit(owner = 'ada') {
  const model = tripModel(models);
  const request = { options: {}, owner, trace: undefined, gone: undefined };
  return here.submissions.submit({ ...request, model, input: { ...tripNumber(1) } });
}

async function openTasks(home: string): Promise<GatewayTasks> {
  const offering = { choose: () => ({ version: '1' }) } as unknown as Offering;
  const none = () => NO_QUOTAS;
  const quotas = { quotasOf: none, quotasOfKey: none, actualsOf: () => 0 };
  const stores = { broker, blobStore: broker.blobs };
  return openGatewayTasks({
    ...stores,
    ...{ home, models, offering, limits: readConfig({}), ...quotas, log: SILENT },
  });
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
    const updates = await gateway().tasks.updates(id, clientOf('ada'));
    expect((await updates.next()).value).toMatchObject({ id });
    await updates.return?.();
  });

  test.each(Object.keys(QUESTIONS) as (keyof typeof QUESTIONS)[])(
    'another owner gets the same answer from %s as for an id that never existed',
    async (question) => {
      const { tasks } = gateway();
      const deadline = broker.now() + 60_000;
      const unknown = newTaskAddress({ model: 'trip-duration', home: HOME, deadline }).id;
      const refusal = await refusalOf(QUESTIONS[question](tasks, id));
      const ofUnknown = await refusalOf(QUESTIONS[question](tasks, unknown));
      expect(refusal.code).toBe('TASK_NOT_FOUND');
      expect({ ...refusal, message: refusal.message.replace(id, unknown) }).toEqual(ofUnknown);
    },
  );
});

test('10,000 ids, half of another owner and half that never were, are answered alike, and the broker is asked about none', async () => {
  const tasks = await Promise.all(Array.from({ length: 5_000 }, () => submit()));
  const deadline = broker.now() + 60_000;
  const unknown = tasks.map(() => newTaskAddress({ model: 'trip-duration', home: HOME, deadline }).id);
  const asked = [vi.spyOn(broker, 'readJob'), vi.spyOn(broker.ends, 'readTask')];
  const askAll = async (ids: readonly string[]) => {
    const before = asked.map(({ mock }) => mock.calls.length);
    const refusals = new Set<string>();
    const askOne = async (id: string) => {
      const { message, ...refusal } = await refusalOf(here.tasks.find(id, 'bob'));
      refusals.add(JSON.stringify({ message: message.replace(id, ''), ...refusal }));
    };
    for (let i = 0; i < ids.length; i += 100) await Promise.all(ids.slice(i, i + 100).map(askOne));
    return { refusals, questions: asked.map(({ mock }, i) => mock.calls.length - (before[i] ?? 0)) };
  };
  const ofOthers = await askAll(tasks.map(({ id }) => id));
  expect(ofOthers).toEqual(await askAll(unknown));
  expect(ofOthers.refusals.size).toBe(1);
  expect(ofOthers.questions).toEqual([0, 0]);
  for (const spy of asked) spy.mockRestore();
});

test('viewers and operators find the tasks of every owner', async () => {
  expect(await here.tasks.find(id, EVERY_OWNER)).toMatchObject({ id, owner: 'ada' });
  expect(await there.tasks.find(id, EVERY_OWNER)).toMatchObject({ id, owner: 'ada' });
});

test('a task that ended is found by its owner only', async () => {
  const { id } = await submit();
  expect(await there.tasks.cancel(id, 'ada')).toMatchObject({ state: 'CANCELED', owner: 'ada' });
  expect((await refusalOf(here.tasks.find(id, 'bob'))).code).toBe('TASK_NOT_FOUND');
  expect((await refusalOf(there.tasks.find(id, 'bob'))).code).toBe('TASK_NOT_FOUND');
  expect(await here.tasks.find(id, 'ada')).toMatchObject({ state: 'CANCELED' });
});

test('tasks that two owners submit at once share no bundle, and each owner finds its own tasks only', async () => {
  const owners = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 'ada' : 'bob'));
  const tasks = await Promise.all(owners.map((owner) => submit(owner)));
  const bundles = Map.groupBy(tasks, ({ id }) => parseTaskId(id)?.bundle);
  expect(bundles.size).toBeLessThan(tasks.length);
  for (const together of bundles.values()) expect(new Set(together.map(({ owner }) => owner)).size).toBe(1);
  for (const { id, owner } of tasks) {
    const other = owner === 'ada' ? 'bob' : 'ada';
    for (const { tasks } of [here, there]) {
      expect(await tasks.find(id, owner)).toMatchObject({ id, owner, state: 'QUEUED' });
      expect((await refusalOf(tasks.find(id, other))).code).toBe('TASK_NOT_FOUND');
    }
  }
});

async function refusalOf(question: Promise<unknown>) {
  const error = await question.then(
    () => new Error('the question was answered'),
    (reason: unknown) => reason,
  );
  const { code, message, details } = error as { code?: string; message: string; details?: object };
  return { code, message, details };
}
