/** Row batches: many rows in one call, as `npm run score` sends them. */
import { openDirectModel, tripNumber } from '../../support/predictDirectly.ts';
import { type Benchmark, figure } from '../benchmark.ts';
import { HttpConnection } from '../httpConnection.ts';
import { closedLoop, keepUp, type Load } from '../load.ts';
import { percentile } from '../numbers.ts';
import type { Exchange } from '../questions.ts';
import { measureLoad, ofServers, startSystem } from '../system.ts';

const CLIENTS = 8;
const ROWS = 1_000;
const WARM_UP_MS = 3_000;
const RAMP_MS = 500;

const MUTATION = `mutation ($inputs: [PredictTripInput!]!, $options: TaskOptions) {
  predictTrips(inputs: $inputs, options: $options) { state batch { results(first: ${ROWS}) {
    predictions { ... on TripPredictionColumns { durationMinutes } } } } } }`;

export const batch: Benchmark = {
  name: 'batch',
  about: `closed loop, ${CLIENTS} clients, predictTrips with ${ROWS} rows and waitMs over POST, the predictions in the answer`,
  async prepare(revision, { seconds }) {
    await using started = new AsyncDisposableStack();
    const system = started.use(await startSystem(revision));
    const { body, check } = await tripBatch();
    const underLoad = async <T>(rampMs: number, work: (load: Load) => Promise<T>) => {
      await using opened = new AsyncDisposableStack();
      const posts = await HttpConnection.openAll(system.url, CLIENTS, opened);
      const exchange = (post: HttpConnection): Exchange => {
        return async () => check(await post.post(body, 'application/json'));
      };
      await using load = closedLoop(posts.map(exchange));
      await keepUp(load, rampMs);
      return await work(load);
    };
    await underLoad(WARM_UP_MS, async () => {});
    const stopping = started.move();
    return {
      measure: () =>
        underLoad(RAMP_MS, async (load) => {
          const { latencies, seconds: took, cpu } = await measureLoad(load, system, seconds);
          const rows = latencies.length * ROWS;
          const perMillion = (cpuSeconds: number) => (cpuSeconds / rows) * 1e6;
          return [
            figure('rows/s', 0, rows / took, { atLeast: 150_000 }),
            figure('latency of a call p50, ms', 1, percentile(latencies, 0.5)),
            figure('CPU-s per 1,000,000 rows: all servers', 2, perMillion(ofServers(cpu))),
            ...Object.entries(cpu).map(([name, used]) =>
              figure(`CPU-s per 1,000,000 rows: ${name}`, 2, perMillion(used)),
            ),
          ];
        }),
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

/** Sends the call and checks the answer: every row must equal the model's answer to that row alone. */
async function tripBatch() {
  await using model = await openDirectModel();
  const inputs = Array.from({ length: ROWS }, (_, i) => tripNumber(i));
  const expected: number[] = [];
  for (const trip of inputs) expected.push(await model.predict(trip));
  const options = { waitMs: 30_000, timeoutMs: 300_000 };
  return {
    body: JSON.stringify({ query: MUTATION, variables: { inputs, options } }),
    check(answer: string): void {
      const minutes: unknown =
        JSON.parse(answer).data?.predictTrips?.batch?.results?.predictions?.durationMinutes;
      const isRight = Array.isArray(minutes) && expected.every((wanted, i) => minutes[i] === wanted);
      if (!isRight)
        throw new Error(`the rows must be what the model gives them, got ${answer.slice(0, 500)}`);
    },
  };
}
