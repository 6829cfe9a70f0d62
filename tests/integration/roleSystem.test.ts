/** The whole system at a broker with roles: nothing that it does is forbidden to it. */
import { execFile } from 'node:child_process';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestRegularFile } from '../../src/process/regularFile.ts';
import { DEADLY_MILES } from '../support/badTrips.js';
import { batchEnd, batchMinutes, submitTrips } from '../support/batches.ts';
import {
  fieldOf,
  onlyTask,
  openSse,
  post,
  sse,
  submitTrip,
  TASK,
  TASK_RESULT,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { addConstantVersion, type ModelsFolder, modelsWith } from '../support/models.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import {
  COMPILED,
  type Gateway,
  type Process,
  ROOT,
  readyInTime,
  startGateway,
  startProcess,
  startWorker,
} from '../support/processes.ts';
import { provisionRoles, type RoleNats, startNatsWithRoles } from '../support/roles.ts';
import { allServed, MINUTES, setRollout, twoVersions, versionsOf, weightsOf } from '../support/rollouts.ts';

const MODEL = 'trip-duration';
const BAD_TRIPS = { NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/badTrips.js')}` };
const DEAD_LETTERS = `{ deadLetters(model: "${MODEL}", first: 10) { edges { node { id } } } }`;
const ADDED = `subscription { deadLetterAdded(model: "${MODEL}") { id } }`;
const REDRIVE = 'mutation ($id: ID!) { redriveDeadLetter(id: $id) { id history } }';
const DISCARD = 'mutation ($id: ID!) { discardDeadLetter(id: $id) { id } }';
const RETRY = 'mutation ($id: ID!) { retryTask(id: $id) { id history } }';
const CANCEL = 'mutation ($id: ID!) { cancelTask(id: $id) { state } }';
const SET_SHADOW = `mutation ($weights: [VersionWeight!]!, $shadow: [VersionWeight!]!) {
  setRollout(model: "${MODEL}", weights: $weights, shadow: $shadow) { movedTasks } }`;
const COMPARISON = `{ rolloutComparison(model: "${MODEL}") { gatewayCount versions { comparedTasks } } }`;
const REPORT = `mutation ($id: ID!) {
  reportActual(taskId: $id, actual: { tripDuration: { durationMinutes: 7 } }) { taskId } }`;
const LIVE_ERROR = '{ models { versions { liveError { count } } } }';

const REGISTER = `mutation ($files: [VersionFileInput!]!) {
  registerVersion(model: "${MODEL}", version: "10", files: $files) { version } }`;
const PLACE = 'query ($id: ID!) { task(id: $id) { state position } }';
const QUEUES = `{ queues(model: "${MODEL}") { version isPaused } }`;
const WAITS_FOR_STREAMS = 'only an admin may make them: run npm run broker -- provision';
const FIGURES = '{ systemStats { processes { role } stores { name } } }';

interface Figures {
  readonly processes: readonly { readonly role: string }[];
  readonly stores: readonly { readonly name: string }[];
}

interface Letters {
  readonly edges: readonly { readonly node: { readonly id: string } }[];
}

describe('two gateways, a worker and a provisioner', () => {
  let nats: RoleNats;
  let models: ModelsFolder;
  let provisioner: Process;
  let gateway: Gateway;
  let other: Gateway;
  let worker: Process;
  const opened = new AsyncDisposableStack();
  const env = () => ({ MODELS_DIR: models.path });

  beforeAll(async () => {
    // A row that kills the session once is given up.
    models = opened.use(await twoVersions({ maxAttempts: 1 }));
    nats = opened.use(await startNatsWithRoles());
    const data = await mkdtempDisposable(join(tmpdir(), 'tidings-data-'));
    opened.defer(() => data.remove());
    const atGateway = { ...env(), ...nats.env('gateway') };
    const atWorker = { ...env(), ...nats.env('worker'), ...BAD_TRIPS, DATA_DIR: data.path };
    const starting = [
      startProcess('src/main.ts', { ...atGateway, PORT: '0' }),
      startProcess('src/main.ts', { ...atGateway, PORT: '0' }),
      startProcess('workers/main.ts', atWorker),
    ] as const;
    for (const each of starting) opened.use(each);
    await Promise.all(starting.map((each) => each.logged(WAITS_FOR_STREAMS)));
    provisioner = opened.use(
      startProcess('src/cli/broker.ts', { ...nats.env('admin'), ...env(), LOG_FORMAT: 'json' }, ROOT, [
        'provision',
        '--watch',
      ]),
    );
    await provisioner.logged('the broker has all streams and consumers');
    const [first, second] = await Promise.all(starting.map(readyInTime));
    gateway = Object.assign(starting[0], { url: String(first?.url) });
    other = Object.assign(starting[1], { url: String(second?.url) });
    worker = starting[2];
    await Promise.all([gateway, other].map(allServed));
  });

  afterAll(async () => {
    const outputs = [gateway, other, worker].map((each) => each?.output() ?? '');
    await opened.disposeAsync();
    for (const output of outputs) expect(output).not.toContain('Permissions Violation');
  });

  async function predicted(from: Gateway, to: Gateway, trip: number, options?: Record<string, unknown>) {
    const { id } = await submitTrip(from.url, tripNumber(trip), options);
    return onlyTask(sse(to.url, TASK_RESULT, { id }));
  }

  test('have waited for streams that no admin had made yet, and said what to do', () => {
    for (const each of [gateway, other, worker]) expect(each.output()).toContain(WAITS_FOR_STREAMS);
  });

  test('predict, and each gateway reads the tasks of the other, also while they wait', async () => {
    expect(await predicted(gateway, other, 1, { requestId: 'once' })).toMatchObject({ state: 'SUCCEEDED' });
    expect(await predicted(other, gateway, 2, { priority: 'BULK' })).toMatchObject({ state: 'SUCCEEDED' });
    const again = await submitTrip(other.url, tripNumber(1), { requestId: 'once' });
    expect(again.state).toBe('SUCCEEDED');
    await eventually(
      () => post(other.url, '{ health { workers { id } } }'),
      (health) => fieldOf<{ workers: readonly unknown[] }>(health).workers.length === 1,
    );
  });

  test('serve a version that a trainer pushes or a gateway registers, with consumers that the provisioner makes, until it is retired', async () => {
    await using pushed = await modelsWith();
    await addConstantVersion(pushed, '9', 9);
    await using push = startProcess(
      'src/cli/model.ts',
      { ...nats.env('trainer'), MODELS_DIR: pushed.path },
      ROOT,
      ['push', MODEL, '9'],
    );
    expect(await push.ended, push.output()).toBe(0);
    await eventually(
      () => versionsOf(gateway),
      (versions) => versions.some(({ version, state }) => version === '9' && state === 'SERVED'),
    );
    const options = { modelVersion: '9' };
    const predict = () => predicted(gateway, other, 3, options).then(({ prediction }) => prediction, String);
    expect(await eventually(predict, (answer) => typeof answer === 'object')).toEqual({ durationMinutes: 9 });
    const files = await Promise.all(
      ['model.onnx', 'version.json', 'golden.json'].map(async (path) => {
        const { sha256 } = await digestRegularFile(join(pushed.model, '9', path));
        return { path, sha256 };
      }),
    );
    expect(fieldOf(await post(gateway.url, REGISTER, { files }))).toEqual({ version: '10' });
    const retire = `mutation { retireVersion(model: "${MODEL}", version: "9") { version } }`;
    expect(fieldOf(await post(other.url, retire))).toEqual({ version: '9' });
    await eventually(
      () => versionsOf(gateway),
      (versions) => versions.every(({ version, state }) => version !== '9' || state === 'LEAVING'),
    );
  });

  test('predict row batches of several chunks', async () => {
    const rows = Array.from({ length: 1_001 }, (_, i) => tripNumber(i));
    const { id } = await submitTrips(gateway.url, rows);
    expect(await batchEnd(other.url, id)).toMatchObject({
      state: 'SUCCEEDED',
      batch: { rowsDone: 1_001, chunkCount: 2 },
    });
    expect((await batchMinutes(other.url, id)).length).toBe(1_001);
  });

  test('keep dead letters, and redrive and discard them', async () => {
    const added = await openSse(other.url, ADDED, {});
    const deadly = { ...tripNumber(3), tripDistanceMiles: DEADLY_MILES };
    const { id } = await submitTrip(gateway.url, deadly, { modelVersion: '1' });
    expect(fieldOf((await added.next()).value ?? {})).toEqual({ id });
    await added.return(undefined);
    const redriven = fieldOf<{ id: string }>(await post(gateway.url, REDRIVE, { id }));
    await onlyTask(sse(other.url, TASK_RESULT, { id: redriven.id }));
    const retried = fieldOf<{ id: string }>(await post(other.url, RETRY, { id: redriven.id }));
    expect(retried).toMatchObject({ history: [id, redriven.id] });
    await onlyTask(sse(other.url, TASK_RESULT, { id: retried.id }));
    fieldOf(await post(other.url, DISCARD, { id: retried.id }));
    expect(fieldOf<Letters>(await post(gateway.url, DEAD_LETTERS)).edges).toEqual([]);
  });

  test('pause models, also for a version that the provisioner prepares, and show the figures of all processes', async () => {
    const set = (action: string) =>
      post(gateway.url, `mutation { ${action}(model: "${MODEL}") { isPaused } }`);
    expect(fieldOf(await set('pauseModel'))).toEqual({ isPaused: true });
    const { id } = await submitTrip(other.url, tripNumber(8));
    expect(fieldOf(await post(gateway.url, PLACE, { id }))).toEqual({ state: 'QUEUED', position: 0 });
    await addConstantVersion(models, '8', 8);
    await eventually(
      () => post(other.url, QUEUES),
      (queues) => fieldOf<readonly { version: string }[]>(queues).some(({ version }) => version === '8'),
    );
    for (const lane of fieldOf<readonly unknown[]>(await post(other.url, QUEUES)))
      expect(lane).toMatchObject({ isPaused: true });
    expect(fieldOf(await set('resumeModel'))).toEqual({ isPaused: false });
    expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
    const figures = fieldOf<Figures>(await post(other.url, FIGURES));
    expect(figures.processes.map(({ role }) => role)).toEqual(['GATEWAY', 'GATEWAY', 'WORKER']);
    expect(figures.stores.map(({ name }) => name)).toEqual(expect.arrayContaining(['AUDIT', 'ENDS', 'KEYS']));
  });

  test('set rollouts with shadows, and compare them over all gateways', async () => {
    const variables = { weights: weightsOf({ 1: 100 }), shadow: weightsOf({ 2: 100 }) };
    fieldOf(await post(gateway.url, SET_SHADOW, variables));
    await eventually(
      () => versionsOf(other),
      (versions) => versions[1]?.shadowPercent === 100,
    );
    await predicted(other, gateway, 4);
    type Comparison = { gatewayCount: number; versions: readonly { comparedTasks: number }[] };
    await eventually(
      async () => fieldOf<Comparison>(await post(gateway.url, COMPARISON)),
      ({ gatewayCount, versions }) => gatewayCount === 2 && versions[0]?.comparedTasks === 1,
    );
    await setRollout(gateway, {});
  });

  test('take reports of actuals, and all gateways count them', async () => {
    const { id } = await predicted(gateway, gateway, 5, { modelVersion: '1' });
    fieldOf(await post(other.url, REPORT, { id }));
    type Models = readonly { versions: readonly { liveError: readonly { count: number }[] | null }[] }[];
    await eventually(
      async () => fieldOf<Models>(await post(gateway.url, LIVE_ERROR)),
      ([model]) => model?.versions[0]?.liveError?.[0]?.count === 1,
    );
  });

  test('serve a version that comes, once the provisioner has made its consumers', async () => {
    await addConstantVersion(models, '3', MINUTES + 1);
    await Promise.all(
      [gateway, other].map((each) =>
        eventually(
          () => versionsOf(each),
          (versions) => versions.some(({ version, state }) => version === '3' && state === 'SERVED'),
        ),
      ),
    );
    expect(await predicted(gateway, other, 6, { modelVersion: '3' })).toMatchObject({
      prediction: { durationMinutes: MINUTES + 1 },
    });
  });

  test('take API keys, which an admin makes and revokes, and record what operators are refused', async () => {
    const OPERATOR_TOKEN = 'open-sesame-0123456789';
    await using asking = await startGateway(nats, {
      ...env(),
      ...nats.env('gateway'),
      AUTH: 'keys',
      OPERATOR_TOKEN,
    });
    const key = await keyCommand('create', '--owner', 'shop');
    const [, id = ''] = key.split('_');
    const ask = (query: string, login: string) =>
      post(asking.url, query, {}, { authorization: `Bearer ${login}` });
    await eventually(
      () => ask('{ __typename }', key),
      ({ data }) => data !== undefined,
    );
    expect((await ask(DEAD_LETTERS, key)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(
      await eventually(
        () => ask('{ auditLog(first: 1) { edges { node { owner action outcome } } } }', OPERATOR_TOKEN),
        // Until then the newest entry may be one of another test.
        (log) => JSON.stringify(log).includes('"owner":"shop"'),
      ),
    ).toEqual({
      data: {
        auditLog: { edges: [{ node: { owner: 'shop', action: 'deadLetters', outcome: 'REFUSED' } }] },
      },
    });
    expect(await keyCommand('list')).toMatch(
      new RegExp(`^${id} +shop +submitter +\\S+ +2\\S+Z +never$`, 'm'),
    );
    await keyCommand('revoke', id);
    await eventually(
      () => ask('{ __typename }', key),
      ({ errors }) => errors?.[0]?.extensions.code === 'UNAUTHENTICATED',
    );
    expect(asking.output()).not.toContain('Permissions Violation');
  });

  async function keyCommand(...args: readonly string[]): Promise<string> {
    const environment = { PATH: process.env.PATH, ...COMPILED, ...nats.env('admin') };
    const run = promisify(execFile)(process.execPath, ['src/cli/key.ts', ...args], {
      cwd: ROOT,
      env: environment,
    });
    return (await run).stdout.trimEnd();
  }

  test('are not joined by a gateway with the key of another role, whose log has the reason', async () => {
    await using wrong = startProcess('src/main.ts', { ...nats.env('worker'), PORT: '0' });
    await wrong.logged('_INBOX_gateway.');
    expect(wrong.output()).toContain('Permissions Violation for Subscription');
  });

  test('go on after their streams were deleted, since the provisioner makes them again', async () => {
    const admin = await nats.connect('admin');
    try {
      const manager = await jetstreamManager(admin, { apiPrefix: '$JS.TIDINGS.API' });
      for (const name of ['ENDS', 'KV_ROLLOUTS', `JOBS_${MODEL}`]) await manager.streams.delete(name);
      await eventually(
        () =>
          post(gateway.url, '{ __typename }').then(() =>
            submitTrip(gateway.url, tripNumber(7)).catch(() => {}),
          ),
        (task) => task !== undefined,
      );
      expect(await predicted(gateway, other, 8)).toMatchObject({ state: 'SUCCEEDED' });
    } finally {
      await admin.close();
    }
  });

  test('go on after nats-server was restarted', async () => {
    await nats.restart();
    for (const each of [gateway, other]) await each.logged('connected to the broker again');
    await eventually(
      () => submitTrip(gateway.url, tripNumber(9)).catch(() => {}),
      (task) => task !== undefined,
    );
    expect(await predicted(gateway, other, 10)).toMatchObject({ state: 'SUCCEEDED' });
  });
});

test('tasks without a worker move to another version, are cancelled and expire', async () => {
  await using models = await twoVersions();
  await using nats = await startNatsWithRoles();
  const env = { MODELS_DIR: models.path };
  await provisionRoles(nats, env);
  await using gateway = await startGateway(nats, { ...env, ...nats.env('gateway') });
  const stateOf = async (id: string) => taskIn(await post(gateway.url, TASK, { id }), 'task').state;
  const ids = await Promise.all(
    Array.from({ length: 3 }, async (_, i) => (await submitTrip(gateway.url, tripNumber(i))).id),
  );
  // Only version 2 can have a share once the one with the tasks is gone from the rollout.
  const batch = await submitTrips(gateway.url, [tripNumber(1), tripNumber(2)], { timeoutMs: 1_000 });
  const cancelled = await submitTrip(gateway.url, tripNumber(4));
  expect(fieldOf(await post(gateway.url, CANCEL, { id: cancelled.id }))).toEqual({ state: 'CANCELED' });
  const expiring = await submitTrip(gateway.url, tripNumber(5), { timeoutMs: 1_000 });
  for (const id of [expiring.id, batch.id])
    await eventually(
      () => stateOf(id),
      (state) => state === 'EXPIRED',
    );
  await using worker = await startWorker(nats, {
    ...env,
    ...nats.env('worker'),
    WORKER_MODELS: `${MODEL}/1`,
  });
  await eventually(
    () => versionsOf(gateway),
    ([version]) => version?.state === 'SERVED',
  );
  expect(await setRollout(gateway, { 1: 100 }, true)).toMatchObject({ movedTasks: 3, stoppedBy: null });
  for (const id of ids)
    await eventually(
      () => stateOf(id),
      (state) => state === 'SUCCEEDED',
    );
  for (const { output } of [gateway, worker]) expect(output()).not.toContain('Permissions Violation');
});

test('other settings than those of the streams are told, and do not keep a gateway from starting', async () => {
  await using nats = await startNatsWithRoles();
  await provisionRoles(nats);
  await using gateway = await startGateway(nats, { ...nats.env('gateway'), RESULT_TTL_S: '1000' });
  await gateway.logged('streams or consumers have other settings than this process');
  await provisionRoles(nats, { RESULT_TTL_S: '1000' });
  await using second = await startGateway(nats, { ...nats.env('gateway'), RESULT_TTL_S: '1000' });
  expect(second.output()).not.toContain('other settings');
});
