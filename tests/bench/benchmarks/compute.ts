/** A model that takes most of the time: the share of ONNX Runtime's own rate, and how long rows wait. */
import { type Benchmark, figure } from '../benchmark.ts';
import { clientsOver } from '../closedLoop.ts';
import { BATCH, type ComputeModel, writeComputeModel } from '../computeModel.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { closedLoop, keepUp } from '../load.ts';
import { median, percentile } from '../numbers.ts';
import { measureLoad, type System, startSystem } from '../system.ts';

const CONNECTIONS = 32;
const WARM_UP_MS = 2_000;

export const compute: Benchmark = {
  name: 'compute',
  about: `matrix products, batches of ${BATCH}, one thread, closed loop over WebSocket`,
  async prepare(revision, { seconds }) {
    await using started = new AsyncDisposableStack();
    const model = started.use(await writeComputeModel());
    const system = started.use(await startSystem(revision, { models: model.path }));
    const stopping = started.move();
    return {
      async measure() {
        const batchMs = await aloneMs(model, seconds);
        const at128 = await underClients(128, model, system, seconds);
        const at256 = await underClients(256, model, system, seconds);
        const aloneRate = (BATCH / batchMs) * 1_000;
        return [
          figure(`batch of ${BATCH} in ONNX Runtime alone, ms`, 2, batchMs),
          figure('ONNX Runtime alone, rows/s', 0, aloneRate),
          figure('256 clients, rows/s', 0, at256.rowsPerSecond),
          figure('256 clients, share of ONNX Runtime alone', 3, at256.rowsPerSecond / aloneRate, {
            atLeast: 0.9,
          }),
          figure('128 clients, p50 in batch times', 2, at128.p50Ms / batchMs, { atMost: 2.4 }),
          figure('256 clients, p50 in batch times', 2, at256.p50Ms / batchMs, { atMost: 4.5 }),
        ];
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

/** The time of a batch in this process without other work. */
async function aloneMs(model: ComputeModel, seconds: number): Promise<number> {
  const times: number[] = [];
  const until = performance.now() + (seconds * 1_000) / 2;
  while (performance.now() < until) {
    const startedAt = performance.now();
    await model.run();
    times.push(performance.now() - startedAt);
  }
  return median(times);
}

async function underClients(clients: number, model: ComputeModel, system: System, seconds: number) {
  await using opened = new AsyncDisposableStack();
  const sockets = await GraphQLSocket.openAll(system.url, CONNECTIONS, opened);
  const exchanges = clientsOver(sockets, clients, model.questions);
  await using load = closedLoop(exchanges);
  await keepUp(load, WARM_UP_MS);
  const { latencies, seconds: took } = await measureLoad(load, system, seconds);
  return { rowsPerSecond: latencies.length / took, p50Ms: percentile(latencies, 0.5) };
}
