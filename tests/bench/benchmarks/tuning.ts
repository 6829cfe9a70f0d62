/** The effect of settings for batching and processes on the timings that tasks report. */
import { type Benchmark, type Figure, figure } from '../benchmark.ts';
import { clientsOver } from '../closedLoop.ts';
import { BATCH, writeComputeModel } from '../computeModel.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { closedLoop, keepUp } from '../load.ts';
import { median, percentile } from '../numbers.ts';
import { measureLoad, type SystemOptions, startSystem } from '../system.ts';

const CLIENTS = 128;
const CONNECTIONS = 32;
const WARM_UP_MS = 2_000;
const WHOLE = { maxBatchSize: BATCH, maxWaitMs: 0 };

interface Setting extends Pick<SystemOptions, 'workers' | 'env'> {
  readonly name: string;
  readonly batching?: typeof WHOLE;
}

const SETTINGS: readonly Setting[] = [
  { name: 'maxBatchSize 8', batching: { ...WHOLE, maxBatchSize: 8 } },
  { name: `maxBatchSize ${BATCH}` },
  { name: `maxBatchSize ${BATCH}, maxWaitMs 10`, batching: { ...WHOLE, maxWaitMs: 10 } },
  { name: `maxBatchSize ${BATCH}, SESSION_THREADS 2`, env: { SESSION_THREADS: '2' } },
  { name: `maxBatchSize ${BATCH}, WORKERS 2`, workers: 2 },
];

const TIMED = `mutation {
  predictCompute(input: { x: 1 }, options: { waitMs: 10000 }) { timings { queueMs computeMs batchSize } }
}`;

interface Timings {
  readonly queueMs: number;
  readonly computeMs: number;
  readonly batchSize: number;
}

export const tuning: Benchmark = {
  name: 'tuning',
  about: `the model of compute, ${CLIENTS} clients, with other settings`,
  repetitions: 1,
  async prepare(revision, { seconds }) {
    return {
      async measure() {
        const figures: Figure[] = [];
        for (const { name, batching = WHOLE, ...options } of SETTINGS) {
          await using opened = new AsyncDisposableStack();
          const model = opened.use(await writeComputeModel(batching));
          const system = opened.use(await startSystem(revision, { models: model.path, ...options }));
          const sockets = await GraphQLSocket.openAll(system.url, CONNECTIONS, opened);
          const observer = opened.use(await GraphQLSocket.open(system.url));
          await using load = closedLoop(clientsOver(sockets, CLIENTS, model.questions));
          await keepUp(load, WARM_UP_MS);
          const watching = new AbortController();
          const told = observe(observer, watching.signal);
          const { latencies, seconds: took } = await measureLoad(load, system, seconds);
          watching.abort();
          const timings = await told;
          const middle = (of: (timing: Timings) => number) => median(timings.map(of));
          figures.push(
            figure(`${name}: rows/s`, 0, latencies.length / took),
            figure(`${name}: latency p50, ms`, 1, percentile(latencies, 0.5)),
            figure(
              `${name}: queueMs`,
              1,
              middle(({ queueMs }) => queueMs),
            ),
            figure(
              `${name}: computeMs`,
              1,
              middle(({ computeMs }) => computeMs),
            ),
            figure(
              `${name}: batchSize`,
              0,
              middle(({ batchSize }) => batchSize),
            ),
          );
        }
        return figures;
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};

/** Runs one task after the other, for their reported timings. */
async function observe(socket: GraphQLSocket, ended: AbortSignal): Promise<readonly Timings[]> {
  const timings: Timings[] = [];
  while (!ended.aborted) {
    const { predictCompute } = await socket.ask(JSON.stringify({ query: TIMED }));
    timings.push((predictCompute as { readonly timings: Timings }).timings);
  }
  return timings;
}
