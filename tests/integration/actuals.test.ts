/** Actuals: each is reported once, stored, and counted in the live error of its version. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import { NO_QUOTAS, type Quotas } from '../../src/contract/quotas.ts';
import type { Values } from '../../src/contract/values.ts';
import { Actuals, type ActualsOptions } from '../../src/evaluation/actuals.ts';
import { OwnerActuals } from '../../src/evaluation/ownerActuals.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { OwnerQuotas, type OwnerQuotasOptions } from '../../src/tasks/ownerQuotas.ts';
import {
  type Answer,
  CANCEL_TASK,
  collect,
  type ErrorView,
  fieldOf,
  onlyTask,
  openWebSocket,
  overWebSocket,
  post,
  sse,
  submitTrip,
  TASK_RESULT,
  type TaskView,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { EVERY_KIND, startEveryKind } from '../support/everyKind.ts';
import { HOME, openTestBroker } from '../support/jobs.ts';
import { MODELS, SILENT } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import { type SmallSystem, startSmallSystem } from '../support/smallSystem.ts';
import { inspectStreams } from '../support/streams.ts';
import { newTaskAddress } from '../support/taskAddresses.ts';
import { refusalIn } from '../support/transports.ts';

const REPORT = `mutation ($id: ID!, $actual: ActualInput!) { reportActual(taskId: $id, actual: $actual) {
  taskId model modelVersion reportedAt errors { output absoluteError } } }`;
const LIVE_ERROR = '{ models { name versions { version liveError { output unit count mae rmse } } } }';
const MODEL = 'trip-duration';
const OPTIONS = { modelVersion: '1' };
const SUCCEEDED = {
  id: newTaskAddress({ model: MODEL, home: HOME, deadline: 1_795_342_861_000 }).id,
  owner: 'anonymous',
  model: MODEL,
  modelVersion: '1',
  state: 'SUCCEEDED',
  submittedAt: 1,
  finishedAt: 2,
  attempts: 1,
  prediction: { durationMinutes: 5 },
} as const;
const SEVEN = { taskId: SUCCEEDED.id, readable: 'anonymous', model: MODEL, given: { durationMinutes: 7 } };

interface LiveErrorView {
  readonly output: string;
  readonly unit: string;
  readonly count: number;
  readonly mae: number;
  readonly rmse: number;
}

interface ModelView {
  readonly name: string;
  readonly versions: readonly { version: string; liveError: readonly LiveErrorView[] | null }[];
}

/** The actual minutes of a trip: numbers with many digits, and every 50th far from the prediction. */
const trueMinutes = (i: number) => 1 + ((i * 7919) % 60_000) / 997 + (i % 50 === 0 ? 1_000 : 0);

function tripActual(durationMinutes: number | null) {
  return { tripDuration: { durationMinutes } };
}

async function report({ url }: Gateway, id: string, actual: object): Promise<Record<string, unknown>> {
  return fieldOf(await post(url, REPORT, { id, actual }));
}

async function refusalOf({ url }: Gateway, id: string, actual: object): Promise<ErrorView> {
  return refusalIn(await post(url, REPORT, { id, actual }));
}

/** The live error, once the gateway has read all reports. */
async function liveError({ url }: Gateway, version = '1', model = MODEL): Promise<readonly LiveErrorView[]> {
  const found = await eventually(
    async () => {
      const models = fieldOf<readonly ModelView[]>(await post(url, LIVE_ERROR));
      const { versions } = models.find(({ name }) => name === model) ?? { versions: [] };
      return versions.find((candidate) => candidate.version === version)?.liveError;
    },
    (answer) => answer !== null,
  );
  if (found == null) throw new Error(`there is no version ${version} of ${model}`);
  return found;
}

async function finished(gateway: Gateway, i: number): Promise<TaskView> {
  const { id } = await submitTrip(gateway.url, tripNumber(i), OPTIONS);
  return onlyTask(sse(gateway.url, TASK_RESULT, { id }));
}

/** Equal within a relative error of 1e-9. */
function closeTo(value: number) {
  return expect.toSatisfy((got: number) => Math.abs(got - value) <= 1e-9 * Math.abs(value));
}

test('the live error over 60 tasks equals an independent calculation, on every gateway, after a restart, and is gone with the data of the broker', async () => {
  await using nats = await startNats();
  await using here = await startGateway(nats);
  await using there = await startGateway(nats);
  await using worker = await startWorker(nats);
  const gateways = [here, there] as const;
  const tasks = 60;
  const lanes = 20;
  let absolute = 0;
  let squared = 0;
  expect(await liveError(here)).toEqual([]);
  const clients = gateways.map(({ url }) => openWebSocket(url));
  const lane = async (first: number) => {
    for (let i = first; i < tasks; i += lanes) {
      // A task is submitted to one gateway, and its actual is reported to the other.
      const [submitting = here, reporting = here] = i % 2 === 0 ? [here, there] : [there, here];
      const { id } = await submitTrip(submitting.url, tripNumber(i), OPTIONS);
      const client = clients[i % 2];
      if (client === undefined) throw new Error('there is a client for each gateway');
      const { prediction } = await onlyTask(overWebSocket(client, TASK_RESULT, { id }));
      const error = trueMinutes(i) - Number(prediction?.durationMinutes);
      expect(await report(reporting, id, tripActual(trueMinutes(i)))).toMatchObject({
        taskId: id,
        model: MODEL,
        modelVersion: '1',
        errors: [{ output: 'durationMinutes', absoluteError: closeTo(Math.abs(error)) }],
      });
      absolute += Math.abs(error);
      squared += error * error;
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, first) => lane(first)));
  for (const client of clients) await client.dispose();

  const expected = {
    output: 'durationMinutes',
    unit: 'minutes',
    count: tasks,
    mae: closeTo(absolute / tasks),
    rmse: closeTo(Math.sqrt(squared / tasks)),
  };
  const [shown] = await liveError(here);
  expect(shown).toEqual(expected);
  expect(await liveError(there)).toEqual([shown]);

  await nats.restart();
  await using late = await startGateway(nats);
  for (const gateway of [late, there]) {
    await eventually(
      () => post(gateway.url, LIVE_ERROR),
      ({ errors }) => errors === undefined,
    );
    expect(await liveError(gateway)).toEqual([shown]);
  }

  await nats[Symbol.asyncDispose]();
  await using _empty = await startNats({ port: nats.port });
  for (const gateway of [late, there]) {
    await eventually(
      () => post(gateway.url, LIVE_ERROR),
      ({ errors }) => errors === undefined,
    );
    expect(await liveError(gateway)).toEqual([]);
  }
  expect(worker.output()).not.toContain('"level":60');
}, 180_000);

describe('an actual', () => {
  let system: SmallSystem;
  let broker: Broker;
  let gateway: Gateway;
  let otherGateway: Gateway;

  beforeAll(async () => {
    system = await startSmallSystem();
    ({ gateway, otherGateway } = system);
    broker = await openTestBroker(system.nats);
  });

  afterAll(async () => {
    for (const opened of [broker, system]) await opened?.[Symbol.asyncDispose]();
  });

  test('is answered with the first report when it is reported again, on any gateway', async () => {
    const { id } = await finished(gateway, 1);
    const [before] = await liveError(gateway);
    const first = await report(gateway, id, tripActual(12.5));
    expect(await report(otherGateway, id, tripActual(12.5))).toEqual(first);
    expect(await report(gateway, id, tripActual(12.5))).toEqual(first);
    const [after] = await liveError(otherGateway);
    expect(after?.count).toBe((before?.count ?? 0) + 1);
  });

  test('can be 0 or -0', async () => {
    const { id } = await finished(gateway, 2);
    const first = await report(gateway, id, tripActual(-0));
    expect(await report(otherGateway, id, tripActual(0))).toEqual(first);
    expect(await report(otherGateway, id, tripActual(-0))).toEqual(first);
  });

  test('is refused if it differs from the first, also when two gateways receive both at the same time', async () => {
    for (let i = 0; i < 10; i++) {
      const { id } = await finished(gateway, 10 + i);
      const reports = [gateway, otherGateway, gateway, otherGateway].map((asked, n) =>
        post(asked.url, REPORT, { id, actual: tripActual(n) }),
      );
      const answers = await Promise.all(reports);
      const won = answers.filter(({ errors }) => errors === undefined);
      expect(won).toHaveLength(1);
      for (const answer of answers.filter(({ errors }) => errors !== undefined)) {
        expect(refusalIn(answer)).toMatchObject({
          message: `Another actual was reported of task ${id} before, and the first one stays: outputs that it left out are left out for good.`,
          extensions: {
            code: 'ACTUAL_CONFLICT',
            reportedAt: fieldOf<{ reportedAt: string }>(won[0] ?? {}).reportedAt,
          },
        });
      }
    }
  });

  test('is refused if the result of its task is gone, unless it repeats the stored report', async () => {
    // Neither gateway has this task in memory. It is added to the stream of results, and then removed.
    const deadline = broker.now() - 2_000_000;
    const address = newTaskAddress({ model: MODEL, home: HOME, deadline });
    const { id } = address;
    expect((await refusalOf(gateway, id, tripActual(3))).extensions.code).toBe('RESULT_EXPIRED');
    const instants = { submittedAt: deadline - 60_000, finishedAt: deadline - 50_000 };
    const end = { ...SUCCEEDED, id, ...instants };
    expect(await broker.ends.storeTask(end, address)).toEqual(end);
    const first = await report(gateway, id, tripActual(3));
    await using streams = await inspectStreams(system.nats);
    await streams.removeOldest('ENDS', (await streams.state('ENDS')).messages);
    expect(await report(otherGateway, id, tripActual(3))).toEqual(first);
    expect((await refusalOf(otherGateway, id, tripActual(4))).extensions.code).toBe('ACTUAL_CONFLICT');
    expect((await refusalOf(otherGateway, id, tripActual(null))).extensions.code).toBe('BAD_USER_INPUT');
  });

  test('is refused if its task is unknown', async () => {
    const unknown = newTaskAddress({ model: MODEL, home: HOME, deadline: broker.now() + 60_000 }).id;
    for (const id of [unknown, 'nonsense', 'a.>', ''])
      expect((await refusalOf(gateway, id, tripActual(1))).extensions.code).toBe('TASK_NOT_FOUND');
  });

  test('is refused if its task has not ended, or has ended without a prediction', async () => {
    await using ownNats = await startNats();
    await using idle = await startGateway(ownNats);
    const { id } = await submitTrip(idle.url, tripNumber(3));
    expect(await refusalOf(idle, id, tripActual(1))).toMatchObject({
      message: `Task ${id} is QUEUED: its actual can be reported once it has succeeded.`,
      extensions: { code: 'TASK_UNFINISHED', state: 'QUEUED' },
    });
    await post(idle.url, CANCEL_TASK, { id });
    expect(await refusalOf(idle, id, tripActual(1))).toMatchObject({
      message: `Task ${id} is CANCELED: there is no prediction to compare with.`,
      extensions: { code: 'NO_PREDICTION', state: 'CANCELED' },
    });
  });

  test.each([
    ['above the maximum', 1_440.5, 'durationMinutes must be a number from 0 to 1440 (minutes), got 1440.5'],
    ['negative', -1, 'durationMinutes must be a number from 0 to 1440 (minutes), got -1'],
    ['empty', null, 'actual must be at least one of durationMinutes, got none'],
  ])('is refused if it is %s', async (_what, minutes, message) => {
    const { id } = await finished(gateway, 4);
    expect(await refusalOf(gateway, id, tripActual(minutes))).toMatchObject({
      message,
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  test.each([
    ['not a number', { tripDuration: { durationMinutes: 'long' } }],
    ['not finite', { tripDuration: { durationMinutes: Number.POSITIVE_INFINITY } }],
    ['for no model', {}],
    ['for an unknown model', { tripLength: { miles: 1 } }],
    ['for an unknown output', { tripDuration: { miles: 1 } }],
  ])('is refused if it is %s', async (_what, actual) => {
    // JSON has no infinity. A number that is too large for a double is read as infinity.
    const body = JSON.stringify({ query: REPORT, variables: { id: 'x', actual } }).replace('null', '1e999');
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { errors = [] } = (await response.json()) as Answer;
    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['BAD_USER_INPUT']));
  });

  test('is skipped if it cannot be read, and is replaced by the next report', async () => {
    const { id } = await finished(gateway, 5);
    await using streams = await inspectStreams(system.nats);
    const [before] = await liveError(gateway);
    await streams.publish(`actuals.${MODEL}.1.${id}`, '{"v":1,');
    expect(await liveError(gateway)).toEqual(before === undefined ? [] : [before]);
    // The first report finds the unreadable message, and removes it.
    expect((await refusalOf(gateway, id, tripActual(1))).extensions.code).toBe('BROKER_UNAVAILABLE');
    await report(gateway, id, tripActual(1));
    const [after] = await liveError(gateway);
    expect(after?.count).toBe((before?.count ?? 0) + 1);
  });

  test.each([
    [
      'out of the range in the manifest',
      { predicted: { durationMinutes: 5 }, actual: { durationMinutes: 1e30 } },
    ],
    ['of the wrong type', { predicted: { durationMinutes: [5] }, actual: { durationMinutes: [6] } }],
    [
      'for outputs that the model does not have',
      { predicted: { made: 1, up: 2 }, actual: { made: 3, up: 4 } },
    ],
  ])('is not counted if the stored one is %s', async (_what, values) => {
    const { id } = await finished(gateway, 8);
    await using streams = await inspectStreams(system.nats);
    const before = await liveError(gateway);
    const stored = { v: 1, taskId: id, model: MODEL, version: '1', ...values, reportedAt: 1 };
    await streams.publish(`actuals.${MODEL}.1.${id}`, JSON.stringify(stored));
    expect(await liveError(gateway)).toEqual(before);
  });

  test('stays if only newer gateways can read it, and another one is refused', async () => {
    const { id } = await finished(gateway, 6);
    await using streams = await inspectStreams(system.nats);
    await streams.publish(`actuals.${MODEL}.1.${id}`, '{"v":2}');
    expect((await refusalOf(gateway, id, tripActual(1))).extensions.code).toBe('ACTUAL_CONFLICT');
  });
});

describe('an actual of a model with several outputs', () => {
  const SUBMIT = `mutation ($input: PredictKindsInput!) { predictKinds(input: $input, options: { modelVersion: "1" }) { id } }`;
  const INPUT = { ...EVERY_KIND.example, places: [1, -1], steps: 12 };
  let served: Awaited<ReturnType<typeof startEveryKind>>;
  let gateway: Gateway;

  beforeAll(async () => {
    served = await startEveryKind();
    ({ gateway } = served);
  });

  afterAll(() => served?.[Symbol.asyncDispose]());

  async function finishedKinds(): Promise<string> {
    const { id } = fieldOf<{ id: string }>(await post(gateway.url, SUBMIT, { input: INPUT }));
    const query = 'subscription ($id: ID!) { taskResult(id: $id) { state } }';
    await collect(sse(gateway.url, query, { id }));
    return id;
  }

  test('can have some of the outputs, vectors too, and each has its own live error', async () => {
    const id = await finishedKinds();
    const actual = { everyKind: { stepsOut: 10, weightsOut: [2, 2.5, 0], placesOut: null } };
    expect((await report(gateway, id, actual)).errors).toEqual([
      { output: 'stepsOut', absoluteError: 2 },
      { output: 'weightsOut', absoluteError: 4 / 3 },
    ]);
    // An output that the first report left out cannot be added later.
    expect((await refusalOf(gateway, id, { everyKind: { placesOut: [1, 1] } })).extensions.code).toBe(
      'ACTUAL_CONFLICT',
    );
    await report(gateway, await finishedKinds(), { everyKind: { stepsOut: 16 } });
    expect(await liveError(gateway, '1', EVERY_KIND.name)).toEqual([
      { output: 'stepsOut', unit: 'parts', count: 2, mae: 3, rmse: Math.sqrt(10) },
      { output: 'weightsOut', unit: 'parts', count: 1, mae: 4 / 3, rmse: Math.sqrt(10 / 3) },
    ]);
    expect(await liveError(gateway, '2', EVERY_KIND.name)).toEqual([]);
  });

  test.each([
    [{ weightsOut: [1, 2] }, 'weightsOut must be a list of 3 numbers, each .*, got a list of 2'],
    [{ weightsOut: [1, 2, 1e39] }, 'weightsOut must be a list of 3 numbers, each .*, got 1e\\+39 at index 2'],
    [{ countOut: -1e39 }, 'countOut must be a number from .* \\(parts\\), got -1e\\+39'],
    [{ titleOut: 'a' }, '"EveryKindActual" not to include unknown field "titleOut"'],
  ])('%j is refused', async (actual, message) => {
    const refusal = await refusalOf(gateway, await finishedKinds(), { everyKind: actual });
    expect(refusal.message).toMatch(new RegExp(message));
    expect(refusal.extensions.code).toBe('BAD_USER_INPUT');
  });
});

describe('the actuals of a gateway', () => {
  /** @param change replaces methods of the store. */
  async function actualsOver(
    nats: NatsServer,
    change: (real: Broker['actuals']) => Partial<Broker['actuals']> = () => ({}),
    prediction: Values = { durationMinutes: 5 },
    quotas: Quotas = NO_QUOTAS,
  ): Promise<Actuals & AsyncDisposable> {
    const broker = await openTestBroker(nats);
    const { actuals } = broker;
    const store = {
      store: actuals.store.bind(actuals),
      read: actuals.read.bind(actuals),
      held: actuals.held.bind(actuals),
      after: actuals.after.bind(actuals),
      ...change(actuals),
    } as ActualsOptions['broker']['actuals'];
    const { models } = await Catalog.open(MODELS, SILENT);
    const ofOwners = new OwnerActuals();
    const opened = new Actuals({
      broker: { actuals: store, now: () => broker.now() },
      tasks: { findNewest: async (id) => ({ ...SUCCEEDED, id, prediction }) },
      ofOwners,
      quotas: new OwnerQuotas({
        broker,
        quotasOf: () => quotas,
        quotasOfKey: () => NO_QUOTAS,
        actualsOf: (owner: string) => ofOwners.of(owner),
      } as unknown as OwnerQuotasOptions),
      models,
      log: SILENT,
    });
    return Object.assign(opened, { [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose]() });
  }

  function onceRead(actuals: Actuals) {
    return eventually(
      () => actuals.liveErrors(MODEL, '1'),
      (errors) => errors !== undefined,
    );
  }

  test('have no live error while the gateway still reads the stream, but accept reports', async () => {
    await using nats = await startNats();
    const reading = Promise.withResolvers<void>();
    await using actuals = await actualsOver(nats, (real) => ({
      held: async () => {
        await reading.promise;
        return real.held();
      },
    }));
    expect(await actuals.report(SEVEN)).toMatchObject({
      predicted: { durationMinutes: 5 },
      actual: { durationMinutes: 7 },
    });
    expect(await actuals.liveErrors(MODEL, '1')).toBeUndefined();
    reading.resolve();
    expect(await onceRead(actuals)).toMatchObject([{ count: 1, mae: 2, rmse: 2 }]);
  });

  test('are as many of an owner as the quota allows, and one that is kept may be reported again', async () => {
    await using nats = await startNats();
    await using actuals = await actualsOver(nats, undefined, undefined, { actuals: 2 });
    const reportOf = (i: number) => actuals.report({ ...SEVEN, taskId: taskIds[i] ?? '' });
    const deadline = 1_795_342_861_000;
    const taskIds = [0, 1, 2].map(() => newTaskAddress({ model: MODEL, home: HOME, deadline }).id);
    const first = await reportOf(0);
    await reportOf(1);
    await expect(reportOf(2)).rejects.toMatchObject({
      code: 'OWNER_QUOTA',
      message: expect.stringContaining('Your quota actuals is 2: 2 are used'),
    });
    expect(await reportOf(0)).toEqual(first);
  });

  test('are read again when a copy of the stream is behind', async () => {
    await using nats = await startNats();
    let behind = 3;
    await using actuals = await actualsOver(nats, (real) => ({
      after: async (sequence) => (behind-- > 0 ? [] : real.after(sequence)),
    }));
    await actuals.report(SEVEN);
    expect(await onceRead(actuals)).toMatchObject([{ count: 1 }]);
    expect(behind).toBeLessThan(0);
  });

  test('are refused with NO_PREDICTION where the stored prediction has the wrong type', async () => {
    await using nats = await startNats();
    for (const prediction of [{ durationMinutes: 'long' }, { durationMinutes: 1e300 }, { miles: 1 }]) {
      await using actuals = await actualsOver(nats, undefined, prediction);
      await expect(actuals.report(SEVEN)).rejects.toMatchObject({
        code: 'NO_PREDICTION',
      });
    }
  });
});
