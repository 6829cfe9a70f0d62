/** Scenarios with versions that come into the registry while everything that carries them is killed. */
import { createHash } from 'node:crypto';
import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fieldOf, post } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Broker, openTestBroker } from '../support/jobs.ts';
import { addConstantVersion, type ModelsFolder, modelsWith } from '../support/models.ts';
import { startNats } from '../support/natsServer.ts';
import { startProcess } from '../support/processes.ts';
import { addPadding } from '../support/registry.ts';
import { goodTrip, type Scenario, type Stage } from './scenario.ts';
import { TestedSystem } from './testedSystem.ts';

const MODEL = 'trip-duration';
const PADDING_MIB = 12;
/** A push takes about as long, once its process has started. */
const KILL_WITHIN_MS = 500;
const ANSWERED_WITHIN_MS = 60_000;
const VERSIONS = '{ models { versions { version liveWorkers } } }';
/** The version of MODELS_DIR. */
const OWN = '1';

export const pushKill: Scenario = {
  name: 'push-kill',
  about: 'versions are pushed, by one or by two, and the broker, pushers, workers and gateways are killed',
  async run({ oracle, random, seed, tasks, seconds }) {
    await using stack = new AsyncDisposableStack();
    const broker = stack.use(await startNats());
    const pushed = stack.use(await modelsWith());
    const data = await Promise.all([newDataDir(stack), newDataDir(stack)]);
    const gateway = { REGISTRY_KEEP: '1000' };
    const system = stack.use(
      await TestedSystem.start({
        ...{ oracle, random, seed, broker },
        gateways: [gateway, gateway],
        workers: data.map((folder) => ({ DATA_DIR: folder })),
      }),
    );
    const strike = async (i: number) => {
      const target = random.pick(['broker', 'worker', 'worker', 'gateway']);
      oracle.struck(1);
      if (target === 'worker') return system.workers[i % 2]?.replace('SIGKILL');
      if (target === 'gateway') return system.gateways[i % 2]?.replace('SIGKILL');
      await broker.kill();
      await sleep(random.pick([0, 0, 700]));
      await broker.restart();
    };
    const pushes = pushAll({ oracle, random, seconds }, pushed, broker);
    const load = system.run({ tasks, seconds, trial: goodTrip }, { count: Math.round(seconds / 4), strike });
    const [pushedTasks] = await Promise.all([pushes, load]);
    const reader = stack.use(await openTestBroker(broker));
    await checkRegistry(reader, pushedTasks, oracle);
    const urls = system.gateways.map(({ current }) => current.url);
    await checkServed(reader, { urls, data }, oracle);
  },
};

async function newDataDir(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-data-'));
  stack.defer(() => folder.remove());
  return folder.path;
}

interface PushedTask {
  readonly id: string;
  /** Whether a pusher said that it is done. */
  readonly isDone: boolean;
}

/** Pushes a version for each of many tasks, two at a time. */
async function pushAll(
  stage: Pick<Stage, 'oracle' | 'random' | 'seconds'>,
  models: ModelsFolder,
  broker: { readonly url: string },
): Promise<readonly PushedTask[]> {
  const count = Math.ceil(stage.seconds / 2);
  const tasks: PushedTask[] = [];
  let next = 0;
  const pushOn = async () => {
    for (let i = next++; i < count; i = next++) tasks.push(await pushOne(i, stage, models, broker));
  };
  await Promise.all([pushOn(), pushOn()]);
  return tasks;
}

/** A task whose version is pushed by one process, or by a second one, too, with other weights. */
async function pushOne(
  i: number,
  { oracle, random }: Pick<Stage, 'oracle' | 'random'>,
  models: ModelsFolder,
  { url }: { readonly url: string },
): Promise<PushedTask> {
  const id = `task ${i}`;
  const push = async (version: string, { isGivenUp }: { readonly isGivenUp: boolean }) => {
    await addConstantVersion(models, version, 1_000 + Number(version));
    await addPadding(join(models.model, version), PADDING_MIB);
    const start = () =>
      startProcess('tests/chaos/pusher.ts', { NATS_URL: url }, undefined, [join(models.model, version), id]);
    for (let attempt = 0; ; attempt++) {
      await using pusher = start();
      pusher.ready.catch(() => {});
      const isKilled = attempt === 0 && (isGivenUp || random.chance(0.5));
      if (isKilled) {
        await pusher.logged('pushing').catch(() => {});
        await Promise.race([sleep(random.between(0, KILL_WITHIN_MS)), pusher.ended]);
        oracle.struck(1);
        pusher.kill('SIGKILL');
      }
      if ((await pusher.ended) === 0) return true;
      if (isGivenUp) return false;
      if (!isKilled && attempt > 5) {
        oracle.surprise(`a pusher of ${id} failed six times: ${pusher.output().slice(-500)}`);
        return false;
      }
    }
  };
  const isGivenUp = random.chance(0.4);
  const pushes = [push(String(1_000 + i), { isGivenUp })];
  if (random.chance(0.5)) pushes.push(push(String(5_000 + i), { isGivenUp }));
  return { id, isDone: (await Promise.all(pushes)).some((isDone) => isDone) };
}

/** Each task has one version if a pusher said so, and one at most otherwise. Each version is whole. */
async function checkRegistry(
  { versions, artifacts }: Broker,
  tasks: readonly PushedTask[],
  oracle: Stage['oracle'],
): Promise<void> {
  const registered = (await versions.read()).versions;
  for (const { id, isDone } of tasks) {
    const found = registered.filter(({ record }) => record?.taskId === id).map(({ version }) => version);
    if (found.length > 1) oracle.surprise(`${id} has the versions ${found.join(' and ')}`);
    if (isDone && found.length === 0) oracle.surprise(`the version of ${id} is lost`);
  }
  for (const { version, record } of registered) {
    if (record === undefined) oracle.surprise(`the record of version ${version} cannot be read`);
    for (const { path, sha256 } of record?.files ?? []) {
      const hash = createHash('sha256');
      try {
        for await (const piece of artifacts.read(sha256)) hash.update(piece);
      } catch (error) {
        oracle.surprise(`version ${version} is half there, without ${path}: ${String(error)}`);
        continue;
      }
      if (hash.digest('hex') !== sha256) oracle.surprise(`version ${version} has another ${path}`);
    }
  }
}

/** Both workers serve every version, as each gateway knows, and have no remains of pulls. */
async function checkServed(
  { versions }: Broker,
  { urls, data }: { readonly urls: readonly string[]; readonly data: readonly string[] },
  oracle: Stage['oracle'],
): Promise<void> {
  const numbers = (await versions.read()).versions.map(({ version }) => version);
  for (const url of urls) {
    const served = async () => {
      const [model] = fieldOf<readonly { versions: readonly { version: string; liveWorkers: number }[] }[]>(
        await post(url, VERSIONS),
      );
      return (model?.versions ?? [])
        .filter(({ liveWorkers }) => liveWorkers === 2)
        .map(({ version }) => version);
    };
    const isAll = (present: readonly string[]) =>
      [OWN, ...numbers].every((number) => present.includes(number));
    await eventually(served, isAll, ANSWERED_WITHIN_MS).catch((error: Error) =>
      oracle.surprise(error.message),
    );
  }
  for (const folder of data) {
    const names = await readdir(join(folder, 'models', MODEL)).catch(() => []);
    if (names.toSorted().join() !== [...numbers].toSorted().join())
      oracle.surprise(
        `a worker has the folders ${names.join(', ')}, but the registry has ${numbers.join(', ')}`,
      );
  }
}
