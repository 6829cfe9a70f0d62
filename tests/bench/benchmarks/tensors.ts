/** Tensors of 3 × 224 × 224 numbers, 602 KB each: in the request as base64, and as blobs that were sent before. */
import { AloneNetwork, type TensorRow } from '../aloneNetwork.ts';
import { type Benchmark, figure } from '../benchmark.ts';
import { closedLoop, keepUp } from '../load.ts';
import type { Exchange } from '../questions.ts';
import { measureLoad, ofServers, type System, startSystem } from '../system.ts';
import { poolingNetwork, writeTensorModel } from '../tensorModels.ts';

const CLIENTS = 8;
const DIFFERENT_ROWS = 16;
const WARM_UP_MS = 2_000;
const BATCH = 8;
/** A run of the benchmark stores some GB of blobs. */
const MUCH_SPACE = { BLOBS_MAX_BYTES: String(16 * 1024 ** 3) };
/** float32 adds in another order for another batch. */
const TOLERANCE = 1e-4;
const QUERY = `mutation ($x: TensorInput!) {
  predictPooling(input: { x: $x }, options: { waitMs: 30000 }) {
    prediction { ... on PoolingPrediction { y } }
    error { message }
  }
}`;

export const tensors: Benchmark = {
  name: 'tensors',
  about: `3 × 224 × 224 float32, ${CLIENTS} clients, POST with waitMs: by base64, and by blobs`,
  async prepare(revision, { seconds }) {
    await using started = new AsyncDisposableStack();
    const network = poolingNetwork();
    const alone = started.use(await AloneNetwork.open(network));
    const rows: TensorRow[] = [];
    for (let i = 0; i < DIFFERENT_ROWS; i++) rows.push(await alone.row(i));
    const batching = { maxBatchSize: BATCH, tolerance: TOLERANCE };
    const model = started.use(await writeTensorModel(network, await alone.ones(), batching));
    const system = started.use(await startSystem(revision, { models: model.path, env: MUCH_SPACE }));
    const stopping = started.move();
    return {
      async measure() {
        const aloneRate = await alone.rate(BATCH, seconds / 2);
        const inline = await rateOf(byBase64(system, rows), system, seconds);
        const blobs = await rateOf(byBlob(system, rows), system, seconds);
        return [
          figure(`ONNX Runtime alone, batches of ${BATCH}, rows/s`, 0, aloneRate),
          figure('by base64, rows/s', 0, inline.rate),
          figure('by base64, CPU-s per 1,000, all servers', 2, inline.cpuPer1000),
          figure('by blob, rows/s', 0, blobs.rate),
          figure('by blob, CPU-s per 1,000, all servers', 2, blobs.cpuPer1000),
        ];
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

async function rateOf(exchange: Exchange, system: System, seconds: number) {
  await using load = closedLoop(Array.from({ length: CLIENTS }, () => exchange));
  await keepUp(load, WARM_UP_MS);
  const { latencies, seconds: took, cpu } = await measureLoad(load, system, seconds);
  return { rate: latencies.length / took, cpuPer1000: (ofServers(cpu) / latencies.length) * 1_000 };
}

function byBase64({ url }: System, rows: readonly TensorRow[]): Exchange {
  return async (i) => {
    const { base64, answer } = rowOf(rows, i);
    check(answer, await predict(url, { base64 }));
  };
}

function byBlob({ url }: System, rows: readonly TensorRow[]): Exchange {
  const blobs = new URL('/blobs', url);
  return async (i) => {
    const { bytes, answer } = rowOf(rows, i);
    // A blob that is there already is not stored again, so one number of 150,528 makes each different.
    const body = bytes.slice();
    new DataView(body.buffer).setFloat32(0, i * 1e-6, true);
    const response = await fetch(blobs, { method: 'PUT', body });
    const { blob } = (await response.json()) as { readonly blob: string };
    check(answer, await predict(url, { blob }));
  };
}

function rowOf(rows: readonly TensorRow[], i: number): TensorRow {
  const row = rows[i % rows.length];
  if (row === undefined) throw new Error('a load needs at least one row');
  return row;
}

async function predict(url: string, x: object): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: QUERY, variables: { x } }),
  });
  const text = await response.text();
  const y: unknown = JSON.parse(text).data?.predictPooling?.prediction?.y;
  if (y === undefined) throw new Error(`the gateway answered ${text.slice(0, 500)}`);
  return y;
}

function check(answer: readonly number[], y: unknown): void {
  const isRight =
    Array.isArray(y) && answer.every((wanted, i) => Math.abs(wanted - Number(y[i])) <= TOLERANCE);
  if (!isRight) throw new Error(`a row must give ${answer}, got ${y}`);
}
