/** A version of 300 MiB that comes into the registry while workers predict, and what small and large ones take to answer. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../../support/eventually.ts';
import { type Broker, openTestBroker } from '../../support/jobs.ts';
import { addConstantVersion, type ModelsFolder, modelsWith } from '../../support/models.ts';
import { type NatsServer, startNats } from '../../support/natsServer.ts';
import { type Gateway, startGateway, startWorker } from '../../support/processes.ts';
import { addPadding } from '../../support/registry.ts';
import { type Benchmark, figure, type Revision } from '../benchmark.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { keepUp, type Load, openLoop } from '../load.ts';
import { percentile } from '../numbers.ts';
import { type Answer, type Exchange, idIn, overWebSocket, tripQuestions } from '../questions.ts';
import { PRODUCTION, tripModel, UNBOUNDED } from '../system.ts';

const run = promisify(execFile);
const MODEL = 'trip-duration';
const WORKERS = 4;
const MIB = 300;
const TASKS_PER_S = 100;
const CONNECTIONS = 32;
const WARM_UP_MS = 3_000;
const LONGEST_MS = 300_000;
/** A run stores 300 MiB. */
const MUCH_SPACE = { ARTIFACTS_MAX_BYTES: String(16 * 1024 ** 3) };
const PREDICT = `mutation ($options: TaskOptions) {
  predictTrip(input: { pickupLocationId: 1, dropoffLocationId: 2, tripDistanceMiles: 3 }, options: $options) { id } }`;
const RESULT = `subscription ($id: ID!) { taskResult(id: $id) {
  state prediction { ... on TripPrediction { durationMinutes } } error { message } } }`;

export const artifacts: Benchmark = {
  name: 'artifacts',
  about: `a version of ${MIB} MiB is pushed, and pulled by ${WORKERS} workers at once, beside ${TASKS_PER_S} tasks/s (open loop)`,
  async prepare(revision, { seconds }) {
    await using started = new AsyncDisposableStack();
    const system = started.use(await startMachines(revision));
    const asked = await tripQuestions({ modelVersion: '1' });
    const sockets = await GraphQLSocket.openAll(system.gateway.url, CONNECTIONS, started);
    const overEach = sockets.map((socket) => overWebSocket(socket, asked));
    const exchange: Exchange = async (row) => overEach[row % CONNECTIONS]?.(row);
    let lastNumber = 100;
    const stopping = started.move();
    return {
      async measure() {
        const [large, small] = [String(++lastNumber), String(++lastNumber)];
        await addConstantVersion(system.pushed, large, Number(large));
        await addPadding(join(system.pushed.model, large), MIB);
        await addConstantVersion(system.pushed, small, Number(small));
        await using load = openLoop(exchange, TASKS_PER_S);
        await keepUp(load, WARM_UP_MS);
        const alone = await latenciesOf(load, () => keepUp(load, seconds * 1_000));
        let came: Arrival | undefined;
        const beside = await latenciesOf(load, async () => {
          came = await push(system, large);
        });
        const { answeredS } = await push(system, small);
        const { putS = Number.NaN, gotS = Number.NaN, answeredS: largeS = Number.NaN } = came ?? {};
        const ratio = (share: number) => percentile(beside, share) / percentile(alone, share);
        return [
          figure(`put by npm run model -- push, s`, 2, putS),
          figure(`put, MiB/s`, 0, MIB / putS),
          figure(`got by all ${WORKERS} workers after its record, s`, 2, gotS),
          figure(`got, MiB/s of all`, 0, (WORKERS * MIB) / gotS),
          figure('predictions alone, p50, ms', 2, percentile(alone, 0.5)),
          figure('predictions alone, p99, ms', 2, percentile(alone, 0.99)),
          figure('beside put and get, p50, times alone', 2, ratio(0.5), { atMost: 2 }),
          figure('beside put and get, p99, times alone', 2, ratio(0.99), { atMost: 2 }),
          figure(`record to first answer, ${MIB} MiB, s`, 2, largeS),
          figure('record to first answer, 1 KB, s', 2, answeredS, { atMost: 5 }),
        ];
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

interface Machines extends AsyncDisposable {
  readonly root: string;
  readonly nats: NatsServer;
  readonly gateway: Gateway;
  /** The DATA_DIR of each worker. */
  readonly folders: readonly string[];
  readonly broker: Broker;
  /** The folder from which versions are pushed. No process serves it. */
  readonly pushed: ModelsFolder;
}

async function startMachines(revision: Revision): Promise<Machines> {
  await using started = new AsyncDisposableStack();
  const { root } = revision;
  const models = started.use(await tripModel(revision));
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-bench-'));
  started.defer(() => folder.remove());
  const nats = started.use(await startNats());
  const env = { ...PRODUCTION, ...UNBOUNDED, ...MUCH_SPACE, MODELS_DIR: models.path };
  const gateway = started.use(
    await startGateway(nats, { ...env, DATA_DIR: join(folder.path, 'gateway') }, root),
  );
  const folders = Array.from({ length: WORKERS }, (_, i) => join(folder.path, `worker-${i}`));
  await Promise.all(
    folders.map(async (dataDir) => started.use(await startWorker(nats, { ...env, DATA_DIR: dataDir }, root))),
  );
  const broker = started.use(await openTestBroker(nats, MUCH_SPACE));
  const pushed = started.use(await modelsWith());
  const stopping = started.move();
  return {
    root,
    nats,
    gateway,
    folders,
    broker,
    pushed,
    [Symbol.asyncDispose]: () => stopping.disposeAsync(),
  };
}

/** The latencies of the tasks that were due during some work, ascending. */
async function latenciesOf(load: Load, work: () => Promise<void>): Promise<readonly number[]> {
  const window = load.openWindow();
  await Promise.race([work(), load.failed]);
  return (await window.close()).toSorted((a, b) => a - b);
}

/** What a version took, in seconds. */
interface Arrival {
  /** From the start of the command to the record. */
  readonly putS: number;
  /** From the record until all workers have the folder. */
  readonly gotS: number;
  /** From the record to the answer of a task that names the version. */
  readonly answeredS: number;
}

async function push(system: Machines, version: string): Promise<Arrival> {
  const { root, nats, folders, broker, pushed } = system;
  const stored = Promise.withResolvers<void>();
  using _listening = broker.versions.listen(stored.resolve);
  const startedAt = performance.now();
  const env = { ...process.env, ...MUCH_SPACE, NATS_URL: nats.url, MODELS_DIR: pushed.path };
  const command = run(process.execPath, ['src/cli/model.ts', 'push', MODEL, version], { cwd: root, env });
  await Promise.race([stored.promise, command]);
  const storedAt = performance.now();
  const since = (at: number) => (performance.now() - at) / 1_000;
  const haveCome = () => folders.every((folder) => existsSync(join(folder, 'models', MODEL, version)));
  const [gotS, answeredS] = await Promise.all([
    eventually(haveCome, Boolean, LONGEST_MS).then(() => since(storedAt)),
    answer(system, version).then(() => since(storedAt)),
  ]);
  await command;
  return { putS: (storedAt - startedAt) / 1_000, gotS, answeredS };
}

/** Resolves once a task of a version has its answer. The gateway hears of the version a moment after its record. */
async function answer({ gateway }: Machines, version: string): Promise<void> {
  await using socket = await GraphQLSocket.open(gateway.url);
  const ask = (query: string, variables: object) => socket.ask(JSON.stringify({ query, variables }));
  const options = { modelVersion: version, timeoutMs: LONGEST_MS };
  let submitted: Answer | undefined;
  while (submitted === undefined)
    submitted = await ask(PREDICT, { options }).catch((error: Error) => {
      if (error.message.includes('BAD_USER_INPUT')) return undefined;
      throw error;
    });
  const { taskResult } = (await ask(RESULT, { id: idIn(submitted) })) as unknown as Result;
  if (taskResult.prediction?.durationMinutes !== Number(version))
    throw new Error(`version ${version} must answer ${version} minutes, got ${JSON.stringify(taskResult)}`);
}

interface Result {
  readonly taskResult: { readonly prediction: { readonly durationMinutes: number } | null };
}
