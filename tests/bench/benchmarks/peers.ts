/** The same tasks on other queues, and without a queue: how much faster and cheaper Tidings is. */
import { PATIENCE_MS, within } from '../../support/eventually.ts';
import { type Benchmark, type Budget, type Figure, figure } from '../benchmark.ts';
import { clientsOver } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { closedLoop, keepUp, type Load } from '../load.ts';
import { percentile } from '../numbers.ts';
import { installPackages, packagesAreThere } from '../peers/packages.ts';
import { missingFor, PEERS, type Peer } from '../peers/peers.ts';
import { overWebSocket, type Questions, tripQuestions } from '../questions.ts';
import { cpuPer1000, type Measurement, measureLoad, startSystem } from '../system.ts';

const CLIENTS = [256, 16, 1];
const WARM_UP_MS = 3_000;
const RAMP_MS = 500;

/** What the rate of Tidings has to be, in rates of a peer, by the number of clients. */
const BUDGETS: Readonly<Record<string, Readonly<Record<number, Budget>>>> = {
  'pg-boss': { 256: { atLeast: 2.5 }, 16: { atLeast: 4 }, 1: { atLeast: 1.3 } },
  BullMQ: { 256: { atLeast: 4 }, 16: { atLeast: 4 }, 1: { atLeast: 1.3 } },
};

type Contender = Pick<Peer, 'name' | 'start' | 'over'>;

/** The measurement of one system with one number of clients. */
interface Measured extends Measurement {
  readonly name: string;
  readonly clients: number;
}

interface LoadOptions {
  readonly asked: Questions;
  readonly connections: number;
  readonly seconds: number;
}

export const peers: Benchmark = {
  name: 'peers',
  onlyByName: true,
  about: 'other systems with the same tasks, closed loop over WebSocket',
  async prepare(revision, { seconds, connections }) {
    const options = { asked: await tripQuestions(), connections, seconds };
    const tidings: Contender = { name: 'Tidings', over: overWebSocket, start: () => startSystem(revision) };
    const others = await measurablePeers();
    return {
      /** One system after the other, because a system that is idle takes CPU time too. */
      async measure() {
        const all: Measured[] = [];
        for (const contender of [tidings, ...others]) all.push(...(await underEachLoad(contender, options)));
        return CLIENTS.flatMap((count) => {
          const [ours, ...theirs] = all.filter(({ clients }) => clients === count);
          if (ours === undefined) return [];
          return [
            ...ownFigures(ours),
            ...theirs.flatMap((their) => [...ownFigures(their), ...ratios(ours, their)]),
          ];
        });
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};

/** Installs packages that are missing, and says which peers cannot be measured all the same. */
async function measurablePeers(): Promise<readonly Peer[]> {
  const wanted = PEERS.some(({ needs }) => needs?.isThere());
  if (wanted && !(await packagesAreThere())) {
    console.error('Installing the client libraries of the peers into .cache/peers.');
    await installPackages().catch((error: Error) => console.error(error.message));
  }
  const measurable: Peer[] = [];
  for (const peer of PEERS) {
    const missing = await missingFor(peer);
    if (missing === undefined) measurable.push(peer);
    else console.error(missing);
  }
  return measurable;
}

/** Starts a system, and measures it with each number of clients. */
async function underEachLoad(
  { name, start, over }: Contender,
  { asked, connections, seconds }: LoadOptions,
): Promise<readonly Measured[]> {
  await using system = await start();
  const underLoad = async <T>(clients: number, rampMs: number, body: (load: Load) => Promise<T>) => {
    await using opened = new AsyncDisposableStack();
    const sockets = await GraphQLSocket.openAll(system.url, Math.min(connections, clients), opened);
    const load = closedLoop(clientsOver(sockets, clients, asked, over));
    const ended = () => Promise.resolve(load[Symbol.asyncDispose]());
    opened.defer(() => within(PATIENCE_MS, ended(), () => `${name} left tasks without an end`));
    await keepUp(load, rampMs);
    return await body(load);
  };
  await underLoad(Math.max(...CLIENTS), WARM_UP_MS, async () => {});
  const all: Measured[] = [];
  for (const clients of CLIENTS) {
    const measured = await underLoad(clients, RAMP_MS, (load) => measureLoad(load, system, seconds));
    all.push({ name, clients, ...measured });
  }
  return all;
}

function ownFigures(measured: Measured): readonly Figure[] {
  const { latencies } = measured;
  return inRow(measured, [
    figure('tasks/s', 0, rateOf(measured)),
    figure('CPU-s per 1,000', 3, cpuPer1000(measured)),
    figure('p50, ms', 2, percentile(latencies, 0.5)),
    figure('p99, ms', 2, percentile(latencies, 0.99)),
  ]);
}

function ratios(ours: Measured, theirs: Measured): readonly Figure[] {
  const budget = BUDGETS[theirs.name]?.[theirs.clients];
  return inRow(theirs, [
    figure('Tidings / it: tasks/s', 2, rateOf(ours) / rateOf(theirs), budget),
    figure('Tidings / it: CPU-s', 2, cpuPer1000(ours) / cpuPer1000(theirs)),
  ]);
}

function inRow({ name, clients }: Measured, figures: readonly Figure[]): readonly Figure[] {
  return figures.map((each) => ({
    ...each,
    row: `${clients === 1 ? '1 client' : `${clients} clients`}: ${name}`,
  }));
}

function rateOf({ latencies, seconds }: Measured): number {
  return latencies.length / seconds;
}
