/** Memory over time, at half of the highest rate: the memory of each process in the first and last quarter. */
import { type Benchmark, type Figure, figure, type Settings } from '../benchmark.ts';
import { clientsOver } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { closedLoop, keepUp, type Load, openLoop } from '../load.ts';
import { median } from '../numbers.ts';
import { treeUse } from '../operatingSystem.ts';
import { type Exchange, tripQuestions } from '../questions.ts';
import { measureLoad, type Server, type System, startSystem, UNBOUNDED } from '../system.ts';

const CLIENTS = 256;
const WARM_UP_MS = 5_000;
/** The number of samples in each quarter. */
const SAMPLES = 12;
/** The limit for the last quarter divided by the first, for a process that must not grow. */
const FLAT = { atMost: 1.1 };

export const soak: Benchmark = {
  name: 'soak',
  about: 'half of the full rate, resident memory of each process',
  repetitions: 1,
  async prepare(revision, settings) {
    await using started = new AsyncDisposableStack();
    const system = started.use(await startSystem(revision, { env: UNBOUNDED }));
    const asked = await tripQuestions();
    const sockets = await GraphQLSocket.openAll(system.url, settings.connections, started);
    const exchanges = clientsOver(sockets, CLIENTS, asked);
    const stopping = started.move();
    return {
      async measure() {
        const rate = (await fullRate(exchanges, system, settings)) / 2;
        const exchange: Exchange = async (row) => exchanges[row % CLIENTS]?.(row);
        await using load = openLoop(exchange, rate);
        return [figure('tasks/s', 0, rate), ...(await memoryUnder(load, system, settings))];
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

/** The highest rate, in tasks/s. */
async function fullRate(exchanges: readonly Exchange[], system: System, { seconds }: Settings) {
  await using load = closedLoop(exchanges);
  await keepUp(load, WARM_UP_MS);
  const { latencies, seconds: took } = await measureLoad(load, system, seconds);
  return latencies.length / took;
}

async function memoryUnder(load: Load, { pids }: System, { minutes }: Settings) {
  const names = Object.keys(pids) as Server[];
  const samples = new Map(names.map((name) => [name, [] as number[]]));
  for (let sample = 0; sample < 4 * SAMPLES; sample++) {
    await keepUp(load, (minutes * 60_000) / (4 * SAMPLES));
    for (const [name, values] of samples) values.push((await treeUse(pids[name])).residentMiB);
  }
  return [...samples].flatMap(([name, values]): readonly Figure[] => {
    const first = median(values.slice(0, SAMPLES));
    const last = median(values.slice(-SAMPLES));
    // The broker keeps results for their lifetime, so its memory grows for 15 minutes and stays flat only then.
    const isBroker = name === 'nats-server';
    return [
      figure(`${name}: first quarter, MiB`, 0, first),
      figure(`${name}: last quarter, MiB`, 0, last),
      figure(`${name}: most, MiB`, 0, Math.max(...values), isBroker ? { atMost: 2_500 } : undefined),
      figure(`${name}: last / first quarter`, 2, last / first, isBroker ? undefined : FLAT),
    ];
  });
}
