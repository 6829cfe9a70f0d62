/** `trainModel` beside `npm run train`, for the same recipe, data and parameters: what the way through the queue costs. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { startNats } from '../../support/natsServer.ts';
import { COMPILED, readyInTime, startGateway, startProcess } from '../../support/processes.ts';
import { type Benchmark, figure, type Revision } from '../benchmark.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { median } from '../numbers.ts';
import { processUse, treeUse } from '../operatingSystem.ts';
import { PRODUCTION } from '../system.ts';
import { type TrainingCase, trainingCases } from '../trainingCases.ts';

const run = promisify(execFile);
const ADD = `mutation ($input: AddDatasetInput!) { addDataset(input: $input) { id } }`;
const CHECKED = `subscription ($id: ID!) { taskResult(id: $id) { dataset { usable problems { message } } } }`;
const TRAIN = `mutation ($input: TrainModelInput!) { trainModel(input: $input) { id } }`;
const TRAINED = `subscription ($id: ID!) { taskResult(id: $id) {
  state error { message } training { version reused stages { name startedAt finishedAt } } } }`;
const DIGESTS = '{ models { name versions { version digest } } }';

export const trainings: Benchmark = {
  name: 'trainings',
  about: 'trainModel, and npm run train for the same recipe, files and parameters, in turn; medians',
  repetitions: 1,
  async prepare(revision, { data }) {
    await using started = new AsyncDisposableStack();
    const { cases } = started.use(await trainingCases(data));
    const system = started.use(await startTrainingSystem(revision));
    for (const each of cases) await addDatasets(system, each);
    const stopping = started.move();
    return {
      async measure() {
        const figures = [];
        for (const each of cases) figures.push(...(await compare(system, revision, each)));
        return figures;
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

interface TrainingSystem extends AsyncDisposable {
  readonly url: string;
  readonly socket: GraphQLSocket;
  readonly pids: readonly number[];
}

/** A broker, a gateway and a trainer. Their models have no gate, since a version is to come of each training. */
async function startTrainingSystem({ root }: Revision): Promise<TrainingSystem> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-bench-'));
  started.defer(() => folder.remove());
  const models = join(folder.path, 'models');
  await cp(join(root, 'models'), models, { recursive: true });
  // What recipes in TypeScript import.
  for (const name of ['src', 'node_modules']) await symlink(join(root, name), join(folder.path, name));
  for (const model of ['trip-duration', 'housing']) {
    const file = join(models, model, 'model.json');
    const { training, ...manifest } = JSON.parse(await readFile(file, 'utf8'));
    const { gate: _, ...ungated } = training;
    await writeFile(file, JSON.stringify({ ...manifest, training: ungated }));
  }
  const nats = started.use(await startNats());
  const env = { ...PRODUCTION, MODELS_DIR: models, DATA_DIR: join(folder.path, 'data') };
  const gateway = started.use(await startGateway(nats, env, root));
  const trainer = started.use(startProcess('workers/trainer.ts', { ...env, NATS_URL: nats.url }, root));
  await readyInTime(trainer);
  const socket = started.use(await GraphQLSocket.open(gateway.url));
  const stopping = started.move();
  return {
    url: gateway.url,
    socket,
    pids: [nats.pid, gateway.pid, trainer.pid],
    [Symbol.asyncDispose]: () => stopping.disposeAsync(),
  };
}

/** The datasets of a case by their use. */
function datasetsOf({ name, train, validate, holdout }: TrainingCase) {
  const files = { TRAIN: train, VALIDATE: validate, HOLDOUT: holdout };
  return Object.entries(files).flatMap(([use, paths]) =>
    paths.length === 0 ? [] : { name: `${name} ${use}`.toLowerCase().replaceAll(' ', '-'), use, paths },
  );
}

async function addDatasets({ url, socket }: TrainingSystem, each: TrainingCase): Promise<void> {
  for (const { name, paths } of datasetsOf(each)) {
    const files: { name: string; sha256: string }[] = [];
    for (const path of paths) {
      const body = await readFile(path);
      const sha256 = createHash('sha256').update(body).digest('hex');
      const { ok, status } = await fetch(new URL(`/artifacts/${sha256}`, url), { method: 'PUT', body });
      if (!ok) throw new Error(`${path} was not taken (status ${status})`);
      files.push({ name: basename(path), sha256 });
    }
    const id = await submitted(socket, ADD, { input: { name, model: each.model, files } });
    const { dataset } = await ended<{ dataset: { usable: boolean } | null }>(socket, CHECKED, id);
    if (dataset?.usable !== true) throw new Error(`${name} is unusable: ${JSON.stringify(dataset)}`);
  }
}

/** What one training took. */
interface Training {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the weights. */
  readonly digest: string;
}

interface TaskTraining extends Training {
  readonly judgedSeconds: number;
}

async function compare(system: TrainingSystem, revision: Revision, each: TrainingCase) {
  const commands: Training[] = [];
  const tasks: TaskTraining[] = [];
  for (let seed = 0; seed < each.pairs; seed++) {
    const byCommand = async () => commands.push(await trainByCommand(revision, each, seed));
    const byTask = async () => tasks.push(await trainByTask(system, each, seed));
    for (const train of seed % 2 === 0 ? [byCommand, byTask] : [byTask, byCommand]) await train();
  }
  const of = (all: readonly Training[], what: 'seconds' | 'cpuSeconds') =>
    median(all.map((training) => training[what]));
  const more = median(tasks.map(({ seconds }, i) => seconds - (commands[i]?.seconds ?? Number.NaN)));
  const judged = median(tasks.map(({ judgedSeconds }) => judgedSeconds));
  const isSame = commands.every(({ digest }, i) => digest === tasks[i]?.digest);
  const row = (name: string, digits: number, value: number, budget?: { readonly atMost: number }) =>
    figure(`${each.name}: ${name}`, digits, value, budget);
  return [
    row('npm run train, s', 1, of(commands, 'seconds')),
    row('trainModel, s', 1, of(tasks, 'seconds')),
    row('trainModel beyond npm run train, s', 2, more, { atMost: 3 }),
    row('trainModel beyond npm run train, share', 3, more / of(commands, 'seconds'), { atMost: 0.05 }),
    row('of that the judgement (EVALUATE), s', 2, judged),
    row('npm run train, CPU-s', 1, of(commands, 'cpuSeconds')),
    row('trainModel, CPU-s of trainer, gateway and nats-server', 1, of(tasks, 'cpuSeconds')),
    figure(`${each.name}: 1 if both gave the same bytes`, 0, isSame ? 1 : 0, { atLeast: 1 }),
  ];
}

async function trainByCommand({ root }: Revision, each: TrainingCase, seed: number): Promise<Training> {
  await using out = await mkdtempDisposable(join(tmpdir(), 'tidings-bench-'));
  const { model, recipe, train, validate } = each;
  const files = { train, validate, holdout: each.recipeJudges ? each.holdout : [] };
  const args = Object.entries(files).flatMap(([use, paths]) => paths.flatMap((path) => [`--${use}`, path]));
  const version = join(out.path, 'version');
  const options = ['--recipe', recipe, '--seed', String(seed), '--out', version];
  const before = await processUse(process.pid);
  const startedAt = performance.now();
  await run(process.execPath, ['src/cli/train.ts', model, ...args, ...options], {
    cwd: root,
    env: { ...process.env, ...COMPILED },
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = await processUse(process.pid);
  const weights = await readFile(join(version, 'model.onnx'));
  return {
    seconds,
    cpuSeconds: after.endedChildrenCpuSeconds - before.endedChildrenCpuSeconds,
    digest: createHash('sha256').update(weights).digest('hex'),
  };
}

async function trainByTask(
  { socket, pids }: TrainingSystem,
  each: TrainingCase,
  seed: number,
): Promise<TaskTraining> {
  const datasets = datasetsOf(each).map(({ name, use }) => ({ name, use }));
  const { model, recipe } = each;
  const before = await treeUse(pids);
  const startedAt = performance.now();
  // Another seed for each pair: what was made of the same things is not made again.
  const id = await submitted(socket, TRAIN, { input: { model, recipe, datasets, seed } });
  const { state, error, training } = await ended<TrainedTask>(socket, TRAINED, id);
  const seconds = (performance.now() - startedAt) / 1_000;
  if (state !== 'SUCCEEDED' || training.reused)
    throw new Error(`${each.name} was to be trained, got ${state}: ${error?.message}`);
  const cpuSeconds = (await treeUse(pids)).cpuSeconds - before.cpuSeconds;
  const evaluate = training.stages.find(({ name }) => name === 'EVALUATE');
  const judgedSeconds =
    (Date.parse(evaluate?.finishedAt ?? '') - Date.parse(evaluate?.startedAt ?? '')) / 1_000;
  return { seconds, cpuSeconds, judgedSeconds, digest: await digestOf(socket, model, training.version) };
}

interface TrainedTask {
  readonly state: string;
  readonly error: { readonly message: string } | null;
  readonly training: {
    readonly version: string | null;
    readonly reused: boolean;
    readonly stages: readonly {
      readonly name: string;
      readonly startedAt: string | null;
      readonly finishedAt: string | null;
    }[];
  };
}

interface ModelView {
  readonly name: string;
  readonly versions: readonly { readonly version: string; readonly digest: string }[];
}

/** The gateway hears of a new version a moment after the task has ended. */
async function digestOf(socket: GraphQLSocket, model: string, version: string | null): Promise<string> {
  for (;;) {
    const { models } = (await socket.ask(JSON.stringify({ query: DIGESTS }))) as { models: ModelView[] };
    const versions = models.find(({ name }) => name === model)?.versions ?? [];
    const found = versions.find((each) => each.version === version);
    if (found !== undefined) return found.digest;
  }
}

/** The id of the task that a mutation makes. */
async function submitted(socket: GraphQLSocket, query: string, variables: object): Promise<string> {
  const [task] = Object.values(await socket.ask(JSON.stringify({ query, variables }))) as { id: string }[];
  if (task === undefined) throw new Error('a mutation must be answered with a task');
  return task.id;
}

async function ended<T>(socket: GraphQLSocket, query: string, id: string): Promise<T> {
  const { taskResult } = await socket.ask(JSON.stringify({ query, variables: { id } }));
  return taskResult as T;
}
