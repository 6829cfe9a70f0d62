/** Trainings as clients see them: accepted once, pushed by any gateway, ended once, whatever dies. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import { endWork } from '../../src/broker/endWork.ts';
import type { WorkEnd } from '../../src/contract/messages/work.ts';
import { TaskState } from '../../src/contract/task.ts';
import { MAX_UNFINISHED_WORK } from '../../src/contract/work.ts';
import { parseWorkId, type WorkAddress } from '../../src/contract/workId.ts';
import type { WorkOutcome } from '../../src/contract/workTask.ts';
import { collect, type ErrorView, fieldOf, openSse, post, sse, submitTrip } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { openTestBroker } from '../support/jobs.ts';
import type { ModelsFolder } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway } from '../support/processes.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';
import { refusalIn } from '../support/transports.ts';
import {
  datasetOf,
  FakeTrainer,
  MODEL,
  queueTraining,
  storeDataset,
  TRAINER,
  trainableModels,
  trainingJob,
} from '../support/work.ts';

const OPERATOR = { authorization: 'Bearer open-sesame-open-sesame' };
const ENV = { OPERATOR_TOKEN: 'open-sesame-open-sesame' };

const TASK_FIELDS = `id kind state modelVersion attempts labels requestId priority error { code message }
  training { stages { name state worker } progress { done of unit metrics { name value } } version gates { name } attempts reused }`;
const TRAIN = `mutation ($input: TrainModelInput!, $options: WorkOptions) {
  trainModel(input: $input, options: $options) { ${TASK_FIELDS} } }`;
const FIND = `query ($id: ID!) { task(id: $id) { ${TASK_FIELDS} } }`;
const CANCEL = `mutation ($id: ID!) { cancelTask(id: $id) { ${TASK_FIELDS} } }`;
const RETRY = `mutation ($id: ID!) { retryTask(id: $id) { ${TASK_FIELDS} history } }`;
const UPDATES = `subscription ($id: ID!) { taskUpdates(id: $id) { ${TASK_FIELDS} } }`;
const RESULT = `subscription ($id: ID!) { taskResult(id: $id) { ${TASK_FIELDS} } }`;
const TRAININGS = `query ($model: String, $first: Int! = 20, $after: String) {
  trainings(model: $model, first: $first, after: $after) {
    edges { cursor node { id state } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`;
const LOG = `query ($id: ID!, $first: Int! = 200, $after: String) {
  task(id: $id) { training { log(first: $first, after: $after) { lines { stage text } endCursor hasNextPage } } } }`;
const FOLLOW_LOG = 'subscription ($id: ID!) { trainingLog(id: $id) { lines { text } endCursor } }';

const INPUT = {
  model: MODEL,
  datasets: [
    { name: 'trips', use: 'TRAIN' },
    { name: 'trips-holdout', use: 'HOLDOUT' },
  ],
};

interface TrainingView {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly modelVersion: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly training: {
    readonly stages: readonly {
      readonly name: string;
      readonly state: string;
      readonly worker: string | null;
    }[];
    readonly progress: { readonly done: number } | null;
    readonly version: string | null;
  };
}

interface LogView {
  readonly lines: readonly { readonly stage: string; readonly text: string }[];
  readonly endCursor: string | null;
  readonly hasNextPage: boolean;
}

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

let models: ModelsFolder;
let nats: NatsServer;
let broker: Broker;
let streams: StreamInspector;
let gateway: Gateway;
let other: Gateway;
let trainer: FakeTrainer;

beforeAll(async () => {
  models = await trainableModels();
  nats = await startNats();
  broker = await openTestBroker(nats, { MODELS_DIR: models.path });
  const env = { ...ENV, MODELS_DIR: models.path };
  [gateway, other, streams] = await Promise.all([
    startGateway(nats, env),
    startGateway(nats, env),
    inspectStreams(nats),
  ]);
  await storeDataset(streams, datasetOf('trips', '1'));
  await storeDataset(streams, datasetOf('trips', '2'));
  await storeDataset(streams, datasetOf('trips-holdout', '3'));
  await storeDataset(streams, datasetOf('broken', '4', { usable: false }));
  await storeDataset(streams, datasetOf('foreign', '5', { model: 'churn' }));
});

afterAll(async () => {
  for (const opened of [streams, gateway, other, broker, nats, models]) await opened?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  trainer = new FakeTrainer(broker);
});

afterEach(async () => {
  await trainer[Symbol.asyncDispose]();
  await streams.purge('WORK', '>');
});

async function train(at: Gateway, options: object = {}, input: object = INPUT): Promise<TrainingView> {
  return fieldOf(await post(at.url, TRAIN, { input, options }, OPERATOR));
}

async function refusalOf(options: object, input: object = INPUT): Promise<ErrorView> {
  return refusalIn(await post(gateway.url, TRAIN, { input, options }, OPERATOR));
}

async function find(at: Gateway, id: string): Promise<TrainingView> {
  return fieldOf(await post(at.url, FIND, { id }));
}

function statesOf({ training }: TrainingView): readonly string[] {
  return training.stages.map(({ state }) => state);
}

function addressOf(id: string): WorkAddress {
  const address = parseWorkId(id);
  if (address === undefined) throw new Error(`${id} is no id of work`);
  return address;
}

/** Ends a training as a trainer does. */
async function end(id: string, outcome: WorkOutcome): Promise<WorkEnd> {
  const job = await broker.work.readJob(addressOf(id));
  if (job === undefined) throw new Error(`${id} is not queued`);
  return endWork(broker, addressOf(id), job, outcome);
}

/** All events of a subscription. @throws with the errors if there are any. */
async function eventsOf(answers: AsyncIterable<unknown>): Promise<readonly TrainingView[]> {
  return (await collect(answers)).map((answer) => fieldOf(answer as never));
}

describe('a training', () => {
  test('is stored with its first step when the mutation returns, and has a kind and stages', async () => {
    const task = await train(gateway, { labels: ['nightly'], timeoutMs: 60_000 });
    expect(task).toMatchObject({
      kind: 'TRAINING',
      state: 'QUEUED',
      modelVersion: '',
      labels: ['nightly'],
      priority: 'BULK',
    });
    expect(task.training).toMatchObject({
      progress: null,
      version: null,
      gates: [],
      attempts: 0,
      reused: false,
    });
    expect(task.training.stages.map(({ name }) => name)).toEqual([
      'PREPARE',
      'TRAIN',
      'EVALUATE',
      'REGISTER',
    ]);
    expect(statesOf(task)).toEqual(['WAITING', 'WAITING', 'WAITING', 'WAITING']);
    const { deadlineSecond, id } = addressOf(task.id);
    const subject = `work.${MODEL}.${deadlineSecond}.${id}`;
    expect(await streams.subjects('WORK')).toEqual([subject, `${subject}.prepare.cpu`]);
    expect(await streams.last('WORK', subject)).toMatchObject({
      training: {
        // The newest of the name.
        datasets: [
          { name: 'trips', digest: '2'.repeat(64), use: 'TRAIN' },
          { name: 'trips-holdout', digest: '3'.repeat(64), use: 'HOLDOUT' },
        ],
        params: { trees: 100, rate: 0.1, bagging: false, loss: 'l2' },
        recipe: 'train.ts',
        class: 'cpu',
      },
    });
  });

  test('is pushed by every gateway, stage by stage, up to exactly one final state', async () => {
    const { id } = await train(gateway);
    const opened = await Promise.all([gateway, other].map(({ url }) => openSse(url, UPDATES, { id })));
    const watching = opened.map(eventsOf);
    const results = [gateway, other].map(({ url }) => eventsOf(sse(url, RESULT, { id })));
    const step = await trainer.take();
    await step.report(40);
    await eventually(
      () => find(other, id),
      ({ training }) => training.progress?.done === 40,
    );
    await step.finish();
    await trainer.run();
    for (const events of await Promise.all(watching)) {
      for (const event of events)
        expect(statesOf(event).join(' ')).toMatch(/^(SUCCEEDED ?)*(RUNNING ?)?(WAITING ?)*$/);
      expect(events.at(0)?.state).toBe('QUEUED');
      expect(events.filter(({ state }) => state === 'SUCCEEDED')).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({
        state: 'SUCCEEDED',
        modelVersion: '4',
        training: { version: '4' },
      });
      expect(statesOf(events.at(-1) as TrainingView)).toEqual([
        'SUCCEEDED',
        'SUCCEEDED',
        'SUCCEEDED',
        'SUCCEEDED',
      ]);
      expect(events.at(-1)?.training.stages[0]?.worker).toBe(TRAINER);
    }
    for (const events of await Promise.all(results))
      expect(events.map(({ state }) => state)).toEqual(['SUCCEEDED']);
    const left = [...(await streams.subjects('WORK')), ...(await streams.subjects('STEPS'))];
    expect(left.filter((subject) => subject.includes(id))).toEqual([]);
  });

  test('is found with its end by a mutation that waits', async () => {
    const waiting = train(gateway, { waitMs: 30_000 });
    await trainer.run();
    expect(await waiting).toMatchObject({ state: 'SUCCEEDED', training: { version: '4' } });
  });

  test('shows what it was when the gateways have all been killed', async () => {
    const { id } = await train(other);
    const step = await trainer.take();
    await step.finish();
    await (await trainer.take()).report(70);
    for (const each of [gateway, other]) each.kill('SIGKILL');
    await Promise.all([gateway.ended, other.ended]);
    const env = { ...ENV, MODELS_DIR: models.path };
    [gateway, other] = await Promise.all([startGateway(nats, env), startGateway(nats, env)]);
    const answers = await openSse(gateway.url, UPDATES, { id });
    const first = (await answers.next()).value;
    expect(fieldOf<TrainingView>(first as never)).toMatchObject({
      state: 'RUNNING',
      training: { progress: { done: 70 }, stages: [{ state: 'SUCCEEDED' }, { state: 'RUNNING' }, {}, {}] },
    });
    await end(id, { state: TaskState.Failed, error: { code: 'TRAINING_FAILED', message: 'NaN' } });
    const events = await eventsOf(answers);
    expect(events.at(-1)).toMatchObject({ state: 'FAILED', error: { code: 'TRAINING_FAILED' } });
    expect(statesOf(events.at(-1) as TrainingView)).toEqual(['SUCCEEDED', 'FAILED', 'SKIPPED', 'SKIPPED']);
  });
});

test('the check of a dataset is a task of its own kind, with one stage and the report at its end', async () => {
  const fields = 'id kind state training { attempts } dataset { name usable }';
  const add = `mutation ($input: AddDatasetInput!, $options: WorkOptions) { addDataset(input: $input, options: $options) { ${fields} } }`;
  const record = datasetOf('trips-new', '6');
  const files = record.files.map(({ name, sha256 }) => ({ name, sha256 }));
  const variables = {
    input: { name: record.name, model: MODEL, files },
    options: { requestId: crypto.randomUUID() },
  };
  const ask = async ({ url }: Gateway) => fieldOf<TrainingView>(await post(url, add, variables, OPERATOR));
  const task = await ask(gateway);
  expect(task).toMatchObject({ kind: 'DATASET', state: 'QUEUED', training: null, dataset: null });
  expect((await ask(other)).id).toBe(task.id);
  const results = eventsOf(
    sse(other.url, `subscription ($id: ID!) { taskResult(id: $id) { ${fields} } }`, { id: task.id }),
  );
  const step = await trainer.take();
  expect(step.job).toMatchObject({ step: 'check', dataset: { name: record.name } });
  await storeDataset(streams, { ...record, digest: String(step.job.dataset?.digest) });
  expect(await step.finish({ state: TaskState.Succeeded })).toBe(true);
  expect(await results).toMatchObject([{ state: 'SUCCEEDED', dataset: { name: record.name, usable: true } }]);
});

describe('a requestId', () => {
  test('stands for one training, on whichever gateway it is asked again', async () => {
    const options = { requestId: crypto.randomUUID() };
    const [first, ...others] = await Promise.all(
      [gateway, other, gateway, other].map((at) => train(at, options)),
    );
    expect(new Set(others.map(({ id }) => id))).toEqual(new Set([first?.id]));
    expect((await streams.subjects('WORK')).length).toBe(2);
    await trainer.run();
    expect(await train(other, options)).toMatchObject({ id: first?.id, state: 'SUCCEEDED' });
  });

  test('stands for one question', async () => {
    const options = { requestId: crypto.randomUUID() };
    await train(gateway, options);
    const refusal = await refusalOf(options, { ...INPUT, seed: 1 });
    expect(refusal.extensions.code).toBe('REQUEST_ID_CONFLICT');
  });

  test.each([
    ['its job', 'work.>'],
    ['its first step', 'work.*.*.*.>'],
  ])('brings back %s if the gateway died before it was stored', async (_what, missing) => {
    const options = { requestId: crypto.randomUUID() };
    const { id } = await train(gateway, options);
    const before = await streams.subjects('WORK');
    await streams.purge('WORK', missing);
    expect(await train(other, options)).toMatchObject({ id, state: 'QUEUED' });
    expect(await streams.subjects('WORK')).toEqual(before);
  });

  test('stands for one training although the gateway is killed while it accepts them', async () => {
    const requestIds = Array.from({ length: 20 }, () => crypto.randomUUID());
    const tries = requestIds.map((requestId) => train(other, { requestId }).catch(() => undefined));
    await tries[0];
    other.kill('SIGKILL');
    const known = (await Promise.all(tries)).map((task) => task?.id);
    const again = await Promise.all(requestIds.map((requestId) => train(gateway, { requestId })));
    for (const [i, { id }] of again.entries()) expect(known[i] ?? id).toBe(id);
    expect((await streams.subjects('WORK')).toSorted()).toEqual(
      again
        .map(({ id }) => `work.${MODEL}.${addressOf(id).deadlineSecond}.${id}`)
        .flatMap((subject) => [subject, `${subject}.prepare.cpu`])
        .toSorted(),
    );
    other = await startGateway(nats, { ...ENV, MODELS_DIR: models.path });
  });
});

describe('the retry of a training', () => {
  const retry = (at: Gateway, id: string) => post(at.url, RETRY, { id }, OPERATOR);

  test('is one new training with the same data, on whichever gateways it is asked for at once', async () => {
    const dataset = datasetOf('weekly', '6');
    await storeDataset(streams, dataset);
    const datasets = [{ name: 'weekly', use: 'TRAIN' }, INPUT.datasets[1]];
    const input = { ...INPUT, datasets, seed: 7, params: { tripDuration: { trees: 20 } } };
    const { id } = await train(gateway, { labels: ['nightly'], timeoutMs: 90_000 }, input);
    const early = refusalIn(await retry(other, id));
    expect(early).toMatchObject({ extensions: { code: 'CANNOT_RETRY' } });
    expect(early.message).toContain('has not ended');
    const failed = await end(id, { state: TaskState.Failed, error: { code: 'STORE_FULL', message: 'full' } });
    await storeDataset(streams, datasetOf('weekly', '7'));
    const asked = [gateway, other, gateway, other];
    const answers = await Promise.all(asked.map((at) => retry(at, id)));
    const retried = answers.map((answer) => fieldOf<TrainingView>(answer));
    expect(new Set(retried.map((task) => task.id)).size).toBe(1);
    expect(retried[0]).toMatchObject({ state: 'QUEUED', labels: ['nightly'], history: [id] });
    const address = addressOf(String(retried[0]?.id));
    const job = await broker.work.readJob(address);
    expect(job).toMatchObject({ owner: failed.owner, training: failed.work.training });
    expect(Number(job?.deadline) - Number(job?.submittedAt)).toBe(90_000);
    expect((await streams.subjects('WORK')).length).toBe(2);
    await trainer.run();
    expect(fieldOf(await retry(other, id))).toMatchObject({ state: 'SUCCEEDED', history: [id] });
    expect(refusalIn(await retry(gateway, address.id)).extensions.code).toBe('CANNOT_RETRY');
  });

  test('says what is missing, and is for operators', async () => {
    const { job } = await queueTraining(broker);
    await end(job.taskId, { state: TaskState.Canceled });
    const refusal = refusalIn(await retry(gateway, job.taskId));
    expect(refusal.extensions.code).toBe('CANNOT_RETRY');
    expect(refusal.message).toContain('datasets[0].digest must be the digest of a version of "trips"');
    const foreign = refusalIn(await post(gateway.url, RETRY, { id: job.taskId }));
    expect(foreign.extensions.code).toBe('FORBIDDEN');
  });
});

describe('a training ends once', () => {
  test('as CANCELED, although its trainer finishes it later', async () => {
    const { id } = await train(gateway);
    const step = await trainer.take();
    const watching = eventsOf(await openSse(other.url, RESULT, { id }));
    expect(fieldOf(await post(other.url, CANCEL, { id }, OPERATOR))).toMatchObject({ state: 'CANCELED' });
    expect(await watching).toMatchObject([{ state: 'CANCELED' }]);
    expect(await streams.subjects('WORK')).toEqual([]);
    const { step: _, ...job } = step.job;
    const late = await endWork(broker, step.address, job, { state: TaskState.Succeeded, version: '9' });
    expect(late).toMatchObject({ state: 'CANCELED' });
    await step.finish();
    expect(await find(gateway, id)).toMatchObject({ state: 'CANCELED', modelVersion: '' });
    expect(fieldOf(await post(other.url, CANCEL, { id }, OPERATOR))).toMatchObject({ state: 'CANCELED' });
  });

  test('as EXPIRED at its deadline, which any gateway sees to', async () => {
    const { job } = await queueTraining(broker, { timeoutMs: 500 });
    const events = await eventsOf(sse(gateway.url, RESULT, { id: job.taskId }));
    expect(events).toMatchObject([{ state: 'EXPIRED', error: { code: 'DEADLINE_EXCEEDED' } }]);
    expect(statesOf(events[0] as TrainingView)).toEqual(['SKIPPED', 'SKIPPED', 'SKIPPED', 'SKIPPED']);
    await eventually(
      () => streams.subjects('WORK'),
      (subjects) => subjects.length === 0,
    );
  });

  test('with its first end, whichever of many writers was first', async () => {
    const { address, job } = await queueTraining(broker);
    const outcomes = Array.from({ length: 10 }, (_, i) => ({
      state: TaskState.Succeeded,
      version: `${i + 1}`,
    }));
    const ends = await Promise.all(outcomes.map((outcome) => endWork(broker, address, job, outcome)));
    expect(new Set(ends.map(({ modelVersion }) => modelVersion)).size).toBe(1);
    expect((await find(gateway, address.id)).modelVersion).toBe(ends[0]?.modelVersion);
  });
});

test('a subscription that is opened while the broker is away waits for it, of trainings and of predictions', async () => {
  const { id } = await train(gateway);
  const trip = await submitTrip(gateway.url, tripNumber(1));
  await nats.kill('SIGKILL');
  await eventually(
    () => fetch(new URL('/ready', other.url)),
    ({ status }) => status === 503,
  );
  const watching = [
    eventsOf(sse(other.url, UPDATES, { id })),
    eventsOf(sse(other.url, RESULT, { id })),
    eventsOf(sse(other.url, RESULT, { id: trip.id })),
  ];
  await post(other.url, '{ __typename }');
  await nats.restart();
  const cancel = (at: Gateway, each: string) => post(at.url, CANCEL, { id: each }, OPERATOR);
  for (const each of [id, trip.id])
    await eventually(
      () => cancel(gateway, each),
      ({ errors }) => errors === undefined,
    );
  for (const events of await Promise.all(watching))
    expect(events.at(-1)).toMatchObject({ state: 'CANCELED' });
  // This process connects again, too.
  const left = () => streams.subjects('WORK').catch(() => undefined);
  expect(await eventually(left, (subjects) => subjects !== undefined)).toEqual([]);
});

test('a client that reads slowly gets four states a second at most, and the final one', async () => {
  const { id } = await train(gateway);
  const step = await trainer.take();
  const answers = await openSse(other.url, UPDATES, { id });
  await answers.next();
  const began = performance.now();
  for (let done = 1; done <= 100; done++) {
    step.tell(done);
    if (done % 10 === 0) await step.report(done);
  }
  await eventually(
    () => find(other, id),
    ({ training }) => training.progress?.done === 100,
  );
  await step.finish();
  await trainer.run();
  const events = await eventsOf(answers);
  expect(events.length).toBeLessThan(3 + ((performance.now() - began) / 1000) * 4);
  expect(events.filter(({ state }) => state === 'SUCCEEDED')).toHaveLength(1);
});

describe('another owner', () => {
  test('finds no training, and watches none', async () => {
    const { job } = await queueTraining(broker, { owner: 'ada' });
    const variables = { id: job.taskId };
    expect(refusalIn(await post(gateway.url, FIND, variables)).extensions.code).toBe('TASK_NOT_FOUND');
    for (const query of [UPDATES, RESULT, FOLLOW_LOG]) {
      const [answer] = await collect(sse(gateway.url, query, variables));
      expect(answer?.errors?.[0]?.extensions.code).toBe('TASK_NOT_FOUND');
    }
    expect(refusalIn(await post(gateway.url, TRAININGS)).extensions.code).toBe('FORBIDDEN');
  });

  test('who is no operator trains and cancels nothing', async () => {
    const { job } = await queueTraining(broker);
    for (const [query, variables] of [
      [TRAIN, { input: INPUT }],
      [CANCEL, { id: job.taskId }],
    ] as const)
      expect(refusalIn(await post(gateway.url, query, variables)).extensions.code).toBe('FORBIDDEN');
    expect((await find(gateway, job.taskId)).state).toBe('QUEUED');
  });
});

describe('a training is refused', () => {
  test.each<[string, object, object, string]>([
    ['of an unknown model', {}, { ...INPUT, model: 'x' }, 'model must be the name of a model'],
    ['without data', {}, { ...INPUT, datasets: [] }, 'datasets must be a list of 1 to 100'],
    [
      'without data to train on',
      {},
      { ...INPUT, datasets: [INPUT.datasets[1]] },
      'datasets must be one of the use TRAIN',
    ],
    [
      'without data to judge by',
      {},
      { ...INPUT, datasets: [INPUT.datasets[0]] },
      'one of the use HOLDOUT at least',
    ],
    [
      'with unknown data',
      {},
      { ...INPUT, datasets: [{ name: 'x', use: 'TRAIN' }] },
      'datasets[0].name must be a dataset',
    ],
    [
      'with a name that is no name',
      {},
      { ...INPUT, datasets: [{ name: '*.>', use: 'TRAIN' }] },
      'datasets[0].name must be the name',
    ],
    [
      'with an unknown digest',
      {},
      { ...INPUT, datasets: [{ name: 'trips', digest: 'f', use: 'TRAIN' }] },
      'datasets[0].digest must be',
    ],
    [
      'with unusable data',
      {},
      { ...INPUT, datasets: [{ name: 'broken', digest: '4'.repeat(64), use: 'TRAIN' }] },
      'datasets[0] must be a usable dataset',
    ],
    [
      'with data of another model',
      {},
      { ...INPUT, datasets: [{ name: 'foreign', use: 'TRAIN' }] },
      'datasets[0] must be a dataset of the model',
    ],
    [
      'with the same data twice',
      {},
      {
        ...INPUT,
        datasets: [
          { name: 'trips', use: 'TRAIN' },
          { name: 'trips', use: 'HOLDOUT' },
        ],
      },
      'datasets must be different',
    ],
    [
      'with two datasets to split',
      {},
      { ...INPUT, split: { holdoutPercent: 10, by: 'HASH' } },
      'datasets must be one dataset',
    ],
    [
      'with nothing held out',
      {},
      { ...INPUT, datasets: [INPUT.datasets[0]], split: { holdoutPercent: 0, by: 'HASH' } },
      'split.holdoutPercent must be',
    ],
    [
      'with a recipe elsewhere',
      {},
      { ...INPUT, recipe: '../train.py' },
      "recipe must be a file of the model's folder",
    ],
    [
      'with a recipe that is not there',
      {},
      { ...INPUT, recipe: 'nope.ts' },
      'recipe must be a file of the model\'s folder, such as train.py, got "nope.ts"',
    ],
    [
      'with a parameter beyond its limit',
      {},
      { ...INPUT, params: { tripDuration: { trees: 5000 } } },
      'params.trees must be a whole number from 10 to 500',
    ],
    [
      'with an unknown choice',
      {},
      { ...INPUT, params: { tripDuration: { loss: 'l3' } } },
      'params.loss must be one of l1, l2',
    ],
    ['with too short a time limit', { timeoutMs: 1_000 }, INPUT, 'timeoutMs must be from 60000 to 604800000'],
    ['with too long a wait', { waitMs: 60_000 }, INPUT, 'waitMs must be from 0 to 30000'],
  ])('%s', async (_what, options, input, problem) => {
    const { message, extensions } = await refusalOf(options, input);
    expect(extensions.code).toBe('BAD_USER_INPUT');
    expect(message).toContain(problem);
  });

  test('when its owner, or all, have too many that have not ended', async () => {
    const made = Array.from({ length: MAX_UNFINISHED_WORK }, (_, i) =>
      trainingJob(broker, { owner: i < 100 ? 'anonymous' : 'ada' }),
    );
    for (const { address, job } of made.slice(0, 100)) await broker.work.storeJob(address, job);
    expect((await refusalOf({})).extensions).toMatchObject({ code: 'OWNER_QUOTA', limit: 100 });
    for (let i = 100; i < made.length; i += 100)
      await Promise.all(made.slice(i, i + 100).map(({ address, job }) => broker.work.storeJob(address, job)));
    expect((await refusalOf({})).extensions).toMatchObject({
      code: 'QUEUE_FULL',
      limit: MAX_UNFINISHED_WORK,
    });
  });
});

test('trainings are listed newest first, page by page, those that have ended among them', async () => {
  const made = [];
  for (let i = 0; i < 5; i++) made.push(await train(gateway));
  await end(String(made[1]?.id), { state: TaskState.Canceled });
  const ids: string[] = [];
  let after: string | null = null;
  while (ids.length < 5) {
    const page: Page = fieldOf(await post(other.url, TRAININGS, { model: MODEL, first: 2, after }, OPERATOR));
    ids.push(...page.edges.map(({ node }) => node.id));
    after = page.pageInfo.endCursor;
  }
  expect(ids.slice(0, 5)).toEqual(made.map(({ id }) => id).toReversed());
  const bad = refusalIn(await post(other.url, TRAININGS, { after: 'x' }, OPERATOR));
  expect(bad.extensions.code).toBe('BAD_USER_INPUT');
  const refused = refusalIn(await post(other.url, TRAININGS, { first: 2 }));
  expect(refused.extensions.code).toBe('FORBIDDEN');
});

test('the log of a training is read page by page, and pushed by any gateway until the training has ended', async () => {
  const { id } = await train(gateway);
  const following = await openSse(other.url, FOLLOW_LOG, { id });
  const step = await trainer.take();
  await step.write('one', 'two', 'three');
  await step.write('four');
  const lines: string[] = [];
  let after: string | null = null;
  for (let hasNextPage = true; hasNextPage; ) {
    const page: LogView = fieldOf<{ training: { log: LogView } }>(
      await post(gateway.url, LOG, { id, first: 2, after }),
    ).training.log;
    lines.push(...page.lines.map(({ stage, text }) => `${stage} ${text}`));
    ({ endCursor: after, hasNextPage } = page);
  }
  expect(lines).toEqual(['PREPARE one', 'PREPARE two', 'PREPARE three', 'PREPARE four']);
  const many = Array.from({ length: 230 }, (_, i) => `line ${i}`);
  await Promise.all(
    many.map((text) => broker.workLog.append(id, { v: 1, step: 'train', lines: [{ at: 1, text }] })),
  );
  const long = fieldOf<{ training: { log: LogView } }>(await post(other.url, LOG, { id, first: 1_000 }))
    .training.log;
  expect(long.hasNextPage).toBe(false);
  expect(
    long.lines
      .slice(4)
      .map(({ text }) => text)
      .toSorted(),
  ).toEqual(many.toSorted());
  await step.finish();
  await trainer.run();
  const pushed = (await collect(following)).flatMap((answer) => fieldOf<LogView>(answer).lines);
  expect(pushed.map(({ text }) => text)).toEqual(long.lines.map(({ text }) => text));
});

describe('messages that no process of ours sends', () => {
  test('about progress, ends and logs are passed over, and the training goes on', async () => {
    const { id } = await train(gateway);
    const watching = eventsOf(await openSse(other.url, UPDATES, { id }));
    const following = await openSse(other.url, FOLLOW_LOG, { id });
    const step = await trainer.take();
    const foreign = { v: 1, taskId: 'another', step: 'train', attempts: 1, startedAt: 1, trainer: 'x' };
    for (const data of ['{', '[]', JSON.stringify(foreign)]) {
      await broker.notices.tell(`working.${id}`, data);
      await broker.notices.tell(`ran.${id}`, data);
      for (const subject of [`progress.${id}`, `runs.${MODEL}.${id}`, `logs.${id}`])
        await streams.publish(subject, data);
    }
    await step.write('one');
    await step.report(10);
    expect(await find(gateway, id)).toMatchObject({ state: 'RUNNING', training: { progress: { done: 10 } } });
    await step.finish();
    await trainer.run();
    expect((await watching).at(-1)).toMatchObject({ state: 'SUCCEEDED', training: { version: '4' } });
    const pushed = (await collect(following)).flatMap((answer) => fieldOf<LogView>(answer).lines);
    expect(pushed.map(({ text }) => text)).toEqual(['one']);
  });

  test('that are newer ask for a newer gateway, and stay', async () => {
    const { address, job } = trainingJob(broker);
    const subject = `work.${MODEL}.${address.deadlineSecond}.${address.id}`;
    await streams.publish(subject, JSON.stringify({ ...job, v: 2 }));
    const refusal = refusalIn(await post(gateway.url, FIND, { id: address.id }));
    expect(refusal.extensions.code).toBe('NEWER_GATEWAY_NEEDED');
    expect(await streams.subjects('WORK')).toEqual([subject]);
  });

  test.each(['x', 'trip_duration_0a0b0c0d_1795342861_t1', `churn_0a0b0c0d_1795342861_t${'0'.repeat(36)}`])(
    'do not make an id of %s',
    async (id) => {
      expect(refusalIn(await post(gateway.url, FIND, { id })).extensions.code).toBe('TASK_NOT_FOUND');
    },
  );
});

test('a model says how it is trained', async () => {
  const query = `{ models { training { recipe class timeoutMs columns { input column } targets { output expression }
    params { name type unit minimum maximum default values } gate { metrics { output metric most } slices { name } } } } }`;
  const [model] = fieldOf<readonly { readonly training: object }[]>(await post(gateway.url, query));
  expect(model?.training).toMatchObject({
    recipe: 'train.ts',
    class: 'cpu',
    timeoutMs: 7_200_000,
    columns: [{ input: 'pickupLocationId', column: 'PULocationID' }],
    targets: [{ output: 'durationMinutes', expression: 'minutes' }],
    gate: { metrics: [{ output: 'durationMinutes', metric: 'rmse', most: 6 }], slices: [] },
  });
});
