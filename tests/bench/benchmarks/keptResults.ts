/** The memory that the broker takes for each result that it keeps. */
import { type Benchmark, elapsed, figure } from '../benchmark.ts';
import { clientsOver } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { closedLoop, keepUp } from '../load.ts';
import { treeUse } from '../operatingSystem.ts';
import { type Exchange, tripQuestions } from '../questions.ts';
import { startSystem } from '../system.ts';

const CLIENTS = 256;
const POLL_MS = 20;
/** The garbage of the load is collected meanwhile. */
const REST_MS = 10_000;
const KEPT_FOR_LONG = {
  RESULT_TTL_S: '86400',
  RESULT_MAX_COUNT: '10000000',
  RESULT_MAX_BYTES: String(8 * 1024 ** 3),
};

export const keptResults: Benchmark = {
  name: 'kept-results',
  about: "nats-server's resident memory for each kept result, with 256 clients",
  repetitions: 1,
  async prepare(revision, { jobs, connections }) {
    const asked = await tripQuestions();
    return {
      async measure() {
        await using opened = new AsyncDisposableStack();
        const system = opened.use(await startSystem(revision, { env: KEPT_FOR_LONG }));
        const sockets = await GraphQLSocket.openAll(system.url, connections, opened);
        const exchanges = clientsOver(sockets, CLIENTS, asked);
        const residentMiB = async () => {
          await elapsed(REST_MS);
          return (await treeUse(system.pids['nats-server'])).residentMiB;
        };
        // The first results bring the memory of buffers along, which no further ones need.
        await finish(jobs, exchanges);
        const before = await residentMiB();
        const kept = await finish(jobs, exchanges);
        const after = await residentMiB();
        return [
          figure('nats-server before, MiB', 0, before),
          figure(`nats-server ${kept.toLocaleString('en-US')} results later, MiB`, 0, after),
          figure('bytes for each result', 0, ((after - before) * 1024 ** 2) / kept),
        ];
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};

/** @returns the number of tasks whose results have come. */
async function finish(count: number, exchanges: readonly Exchange[]): Promise<number> {
  let finished = 0;
  const counted = exchanges.map(
    (exchange): Exchange =>
      async (row) => {
        await exchange(row);
        finished++;
      },
  );
  {
    await using load = closedLoop(counted);
    while (finished < count) await keepUp(load, POLL_MS);
  }
  return finished;
}
