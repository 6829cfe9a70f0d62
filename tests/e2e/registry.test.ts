/** Versions of the registry on machines that share no folder: real gateways and workers, with a DATA_DIR each. */
import { generateKeyPairSync } from 'node:crypto';
import { cp, mkdtempDisposable, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blobOf } from '../../src/contract/blob.ts';
import { digestOfFiles, listFiles } from '../../src/models/versionFiles.ts';
import { pushFolder } from '../../src/registry/pushedFolder.ts';
import { readSigningKey } from '../../src/registry/signature.ts';
import { fieldOf, onlyTask, PREDICT_TRIP, post, sse, submitTrip, TASK_RESULT } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Broker, openTestBroker } from '../support/jobs.ts';
import { addConstantVersion, type ModelsFolder, modelsWith } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { presence } from '../support/presence.ts';
import {
  type Gateway,
  type Process,
  ROOT,
  startGateway,
  startProcess,
  startWorker,
} from '../support/processes.ts';
import { openPushedVersions, type PushedVersions } from '../support/registry.ts';
import { SET_ROLLOUT, setRollout } from '../support/rollouts.ts';
import { canMountDisks, mountSmallDisk } from '../support/smallDisk.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';
import { refusalIn } from '../support/transports.ts';

const MODEL = 'trip-duration';
const VERSIONS = `{ models { live { version } previous { version } candidates { version }
  versions { version state reason origin bytes gates { name } provenance { runKey } } } }`;
const RETIRE = `mutation ($version: String!) { retireVersion(model: "trip-duration", version: $version) { version state } }`;

interface ModelView {
  readonly live: readonly { readonly version: string }[];
  readonly previous: { readonly version: string } | null;
  readonly candidates: readonly { readonly version: string }[];
  readonly versions: readonly {
    readonly version: string;
    readonly state: string;
    readonly reason: string | null;
    readonly origin: string;
    readonly bytes: number | null;
  }[];
}

const opened = new AsyncDisposableStack();
let nats: NatsServer;
let broker: Broker;
let streams: StreamInspector;
let models: ModelsFolder;
let env: Readonly<Record<string, string>>;
let gateway: Gateway;
let worker: Process;
let pushed: PushedVersions;
/** Each test has numbers of its own. */
let lastNumber = 10;

beforeAll(async () => {
  [nats, models] = await Promise.all([startNats(), modelsWith()]);
  opened.use(nats);
  opened.use(models);
  env = { MODELS_DIR: models.path };
  broker = opened.use(await openTestBroker(nats, env));
  streams = opened.use(await inspectStreams(nats));
  pushed = opened.use(await openPushedVersions(broker));
  [gateway, worker] = await Promise.all([startGateway(nats, env), startWorkerWithout()]);
  opened.use(gateway);
  opened.use(worker);
});

afterAll(() => opened.disposeAsync());

async function newFolder(): Promise<string> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-data-'));
  opened.defer(() => folder.remove());
  return folder.path;
}

/** A worker on a machine of its own. */
async function startWorkerWithout(more: Readonly<Record<string, string>> = {}): Promise<Process> {
  return startWorker(nats, { ...env, DATA_DIR: await newFolder(), ...more });
}

function newNumber(): string {
  return String(++lastNumber);
}

async function viewOf(at = gateway): Promise<ModelView> {
  const [model] = fieldOf<readonly ModelView[]>(await post(at.url, VERSIONS));
  if (model === undefined) throw new Error('there is a model');
  return model;
}

/** Resolves once a gateway knows a version in a state. */
async function versionIs(
  version: string,
  state: string,
  at = gateway,
): Promise<ModelView['versions'][number]> {
  const { versions } = await eventually(
    () => viewOf(at),
    (view) => view.versions.some((each) => each.version === version && each.state === state),
  );
  const found = versions.find((each) => each.version === version);
  if (found === undefined) throw new Error('it was found');
  return found;
}

async function predict(modelVersion?: string) {
  const { id } = await submitTrip(
    gateway.url,
    tripNumber(1),
    modelVersion === undefined ? {} : { modelVersion },
  );
  return onlyTask(sse(gateway.url, TASK_RESULT, { id }));
}

/** Why a worker refuses a version, once it does. */
async function refusal(version: string): Promise<string> {
  const isIt = (refused: { readonly version: string }) => refused.version === version;
  const { refused = [] } = await presence(broker, (told) => told.refused?.some(isIt) === true);
  return refused.find(isIt)?.reason ?? '';
}

test('a version that is pushed answers by a pin and by a rollout, and is never the default', async () => {
  const version = newNumber();
  await pushed.push(version, 42);
  expect(await versionIs(version, 'SERVED')).toMatchObject({ origin: 'REGISTRY', reason: null });
  expect(await predict()).toMatchObject({ state: 'SUCCEEDED', modelVersion: '1' });
  expect(await predict(version)).toMatchObject({
    modelVersion: version,
    prediction: { durationMinutes: 42 },
  });
  const before = await viewOf();
  expect(before.live).toEqual([{ version: '1' }]);
  expect(before.candidates).toContainEqual({ version });
  expect(before.versions.find((each) => each.version === version)?.bytes).toBeGreaterThan(100);

  await setRollout(gateway, { [version]: 100 });
  expect(await predict()).toMatchObject({ modelVersion: version, prediction: { durationMinutes: 42 } });
  await setRollout(gateway, { 1: 100 });
  const after = await viewOf();
  expect(after.live).toEqual([{ version: '1' }]);
  expect(after.previous).toEqual({ version });
  expect(after.candidates).not.toContainEqual({ version });
  await setRollout(gateway, {});
  expect(await predict()).toMatchObject({ modelVersion: '1' });
  // The default answers, which had a share last.
  expect((await viewOf()).previous).toEqual({ version });
});

test('a model begins without a version, and the first one that comes answers by a rollout', async () => {
  await using untrained = await modelsWith((manifest) => {
    manifest.training = { recipe: 'train.ts', targets: { durationMinutes: 'minutes' } };
  });
  await rm(join(untrained.model, '1'), { recursive: true });
  await using own = await startNats();
  const surroundings = { MODELS_DIR: untrained.path, DATA_DIR: await newFolder() };
  await using first = await startGateway(own, surroundings);
  await using _worker = await startWorker(own, surroundings);
  const input = { input: tripNumber(1) };
  expect(refusalIn(await post(first.url, PREDICT_TRIP, input)).message).toContain('has no version yet');

  await using brought = await openTestBroker(own, surroundings);
  await using versions = await openPushedVersions(brought);
  await versions.push('1', 42);
  await versionIs('1', 'SERVED', first);
  expect(refusalIn(await post(first.url, PREDICT_TRIP, input)).message).toContain(
    'answer once setRollout names',
  );
  await setRollout(first, { 1: 100 });
  const nowhere = await post(first.url, SET_ROLLOUT, { weights: [], moveQueued: true });
  expect(refusalIn(nowhere).extensions.code).toBe('NO_VERSION');
  const { id } = await submitTrip(first.url, tripNumber(1));
  expect(await onlyTask(sse(first.url, TASK_RESULT, { id }))).toMatchObject({
    prediction: { durationMinutes: 42 },
  });
});

test('a gateway and a worker that start later have the versions of before', async () => {
  const version = newNumber();
  await pushed.push(version, 7);
  await versionIs(version, 'SERVED');
  await using later = await startGateway(nats, env);
  await versionIs(version, 'SERVED', later);
  await using second = await startWorkerWithout({ WORKER_MODELS: `${MODEL}/1,${MODEL}/${version}` });
  await second.logged(`"version":"${version}","msg":"version offered"`);
});

test('npm run model -- push, list, pull and retire work at the broker', async () => {
  const version = newNumber();
  await cp(join(models.model, '1'), join(pushed.folder.model, version), { recursive: true });
  const command = async (...args: readonly string[]) => {
    await using run = startProcess(
      'src/cli/model.ts',
      { NATS_URL: nats.url, MODELS_DIR: pushed.folder.path },
      ROOT,
      args,
    );
    return { code: await run.ended, output: run.output() };
  };
  expect(await command('push', MODEL, version)).toMatchObject({
    code: 0,
    output: expect.stringMatching(/is in the registry/),
  });
  await versionIs(version, 'SERVED');
  expect(await predict(version)).toMatchObject({ state: 'SUCCEEDED', modelVersion: version });
  expect((await command('list', '--registry')).output).toMatch(new RegExp(`${MODEL} +${version} `));
  const folder = join(pushed.folder.model, version);
  const weights = await readFile(join(folder, 'model.onnx'));
  await rm(folder, { recursive: true });
  expect(await command('pull', `${MODEL}/${version}`)).toMatchObject({ code: 0 });
  expect(weights.equals(await readFile(join(folder, 'model.onnx')))).toBe(true);
  expect(await command('retire', MODEL, version)).toMatchObject({ code: 0 });
  expect(await command('push', MODEL, version)).toMatchObject({
    code: 1,
    output: expect.stringMatching(/is retired/),
  });
});

test('a version whose files are damaged in the broker is refused by name, and comes when it is pushed again', async () => {
  const version = newNumber();
  await addConstantVersion(pushed.folder, version, 5);
  const golden = await readFile(join(pushed.folder.model, version, 'golden.json'));
  const { digest, content } = blobOf(golden);
  const { bytes, mediaType } = content;
  await streams.publish(`artifacts.${digest}.0`, 'x'.repeat(bytes));
  await streams.publish(`artifacts.${digest}.end`, JSON.stringify({ v: 1, bytes, mediaType }));
  await pushed.push(version, 5);
  expect(await refusal(version)).toContain('is another content');
  expect(await versionIs(version, 'REFUSED')).toMatchObject({ reason: expect.stringContaining(version) });
  expect(await predict()).toMatchObject({ state: 'SUCCEEDED' });
  await pushed.push(version, 5);
  expect(await versionIs(version, 'SERVED')).toMatchObject({ reason: null });
});

test('a worker that is killed in the middle of a pull has the whole version after a restart, and no remains', async () => {
  const version = newNumber();
  const dataDir = await newFolder();
  const folder = join(dataDir, 'models', MODEL);
  const only = { ...env, DATA_DIR: dataDir, WORKER_MODELS: `${MODEL}/1,${MODEL}/${version}` };
  await using killed = await startWorker(nats, only);
  const pushing = pushed.push(version, 9, { paddingMib: 24 });
  const [hidden = ''] = await eventually(
    () => readdir(folder).catch((): string[] => []),
    (names) => names.some((name) => name.startsWith('.')),
  );
  killed.kill('SIGKILL');
  await killed.ended;
  expect(await readdir(folder)).toEqual([hidden]);
  await pushing;
  await using again = await startWorker(nats, only);
  await again.logged(`a version of the registry is here`);
  expect(await readdir(folder)).toEqual([version]);
  await again.logged(`"version":"${version}","msg":"version offered"`);
});

test.runIf(canMountDisks)(
  'a worker with a full disk refuses the version by name, and serves on',
  async () => {
    await using disk = await mountSmallDisk(40);
    const version = newNumber();
    disk.fill();
    const only = { ...env, DATA_DIR: disk.path, WORKER_MODELS: `${MODEL}/1,${MODEL}/${version}` };
    await using _full = await startWorker(nats, only);
    await pushed.push(version, 3);
    expect(await refusal(version)).toContain('DATA_DIR must have room');
    disk.makeRoom();
    await eventually(
      () => readdir(join(disk.path, 'models', MODEL)).catch((): string[] => []),
      (names) => names.includes(version),
    );
  },
);

test('a version is retired while it is served: what waits for it is finished, and it gets nothing more', async () => {
  const version = newNumber();
  await pushed.push(version, 11);
  await versionIs(version, 'SERVED');
  await setRollout(gateway, { 1: 50, [version]: 50 });
  const refused = await post(gateway.url, RETIRE, { version });
  expect(refused.errors?.[0]?.extensions.code).toBe('VERSION_IN_USE');
  await setRollout(gateway, {});
  const ids = await Promise.all(
    Array.from({ length: 10 }, (_, i) => submitTrip(gateway.url, tripNumber(i), { modelVersion: version })),
  );
  expect(fieldOf(await post(gateway.url, RETIRE, { version }))).toEqual({ version, state: 'LEAVING' });
  for (const { id } of ids)
    expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
  await eventually(
    () => submitTrip(gateway.url, tripNumber(1), { modelVersion: version }).then(String, String),
    (answer) => answer.includes('BAD_USER_INPUT'),
  );
  await worker.logged('a version of the registry is retired');

  const untried = newNumber();
  await pushed.push(untried, 12);
  await versionIs(untried, 'SERVED');
  expect((await viewOf()).candidates).toContainEqual({ version: untried });
  fieldOf(await post(gateway.url, RETIRE, { version: untried }));
  await versionIs(untried, 'LEAVING');
  expect((await viewOf()).candidates).not.toContainEqual({ version: untried });
});

test('a worker with trusted keys serves what they have signed, and refuses what has no signature or another one', async () => {
  const [ours, others] = [newKeys(), newKeys()];
  const keys = join(await newFolder(), 'trusted.pem');
  await writeFile(keys, ours.trusted);
  const [unsigned, foreign, trusted] = [newNumber(), newNumber(), newNumber()];
  await pushed.push(unsigned, 1);
  await pushed.push(foreign, 2, { signingKey: others.signing });
  await pushed.push(trusted, 3, { signingKey: ours.signing });
  const served = ['1', unsigned, foreign, trusted].map((version) => `${MODEL}/${version}`);
  await using wary = await startWorkerWithout({ MODEL_TRUSTED_KEYS: keys, WORKER_MODELS: served.join() });
  await wary.logged(`"version":"${trusted}","msg":"version offered"`);
  expect(await refusal(unsigned)).toContain('has no signature');
  expect(await refusal(foreign)).toContain('its signature is of another key');
});

test('a version that is code is refused without trusted keys', async () => {
  const version = newNumber();
  await addConstantVersion(pushed.folder, version, 1);
  const folder = join(pushed.folder.model, version);
  await writeFile(join(folder, 'predictor.mjs'), 'export class Predictor {}');
  const files = await listFiles(folder);
  const code = { runtime: 'node', entry: 'predictor.mjs:Predictor', files, sha256: digestOfFiles(files) };
  const file = join(folder, 'version.json');
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...code }));
  const { versions, artifacts } = broker;
  const options = {
    versions,
    artifacts,
    modelsDir: pushed.folder.path,
    signingKey: undefined,
    owner: 'local',
  };
  await pushFolder(MODEL, folder, options);
  expect(await refusal(version)).toContain('it is code, which comes only signed');
});

function newKeys() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    signing: readSigningKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    trusted: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
