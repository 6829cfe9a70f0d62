/** What a greedy owner costs the others: how long the tasks of a calm owner take beside one, and how three share. */
import { join } from 'node:path';
import { type Benchmark, elapsed, type Figure, figure } from '../benchmark.ts';
import { BATCH_MUTATION, type ComputeModel, writeComputeModel } from '../computeModel.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { closedLoop, keepUp, type Load, openLoop } from '../load.ts';
import { percentile } from '../numbers.ts';
import { type Exchange, overWebSocket } from '../questions.ts';
import { startSystem, UNBOUNDED } from '../system.ts';

const BATCH_SIZE = 4;
/** Each run takes this time, mostly without CPU: the queue is under pressure, the machine is not. */
const RUN_MS = 20;
/** Rows per second. */
const CAPACITY = (BATCH_SIZE / RUN_MS) * 1_000;
const CALM_PER_SECOND = 10;
const ROWS = 100;
const LARGE_BYTES = 1024 * 1024;
const LARGE_SENDERS = 8;
const WARM_UP_MS = 2_000;
/** A task that was refused for so long counts as one that took so long. */
const GIVE_UP_MS = 10_000;
/** The rates of the owners that share, in capacities. */
const SHARING = { small: 1, medium: 2, large: 3 };

const support = (file: string) => `--import=${join(import.meta.dirname, '../../support', file)}`;
const ENV = {
  ...UNBOUNDED,
  RUN_MS: String(RUN_MS),
  NODE_OPTIONS: `${support('slowRuns.js')} ${support('ownerHeader.js')}`,
  QUEUE_MAX_JOBS: '1000',
};

export const fairness: Benchmark = {
  name: 'fairness',
  about: `one owner with ${CALM_PER_SECOND} tasks/s, alone and beside a greedy owner at 5 × capacity (${CAPACITY} rows/s); three greedy owners`,
  async prepare(revision, { seconds }) {
    await using started = new AsyncDisposableStack();
    const batching = { maxBatchSize: BATCH_SIZE, maxBulkBatchSize: BATCH_SIZE, maxWaitMs: 0 };
    const model = started.use(await writeComputeModel(batching));
    const stopping = started.move();
    /** Each part on a new system: a queue that is full would be full for the next. */
    const onSystem = async <T>(body: (url: string) => Promise<T>) => {
      await using system = await startSystem(revision, { models: model.path, env: ENV });
      return await body(system.url);
    };
    return {
      async measure() {
        const calm = (greedy?: Greedy) =>
          onSystem((url) => calmP99(url, model, { seconds, ...(greedy && { greedy }) }));
        const alone = await calm();
        const figures = [figure('p99 alone, ms', 1, alone)];
        for (const [what, greedy] of Object.entries(greedyOwners(model)))
          figures.push(...besideFigures(what, await calm(greedy), alone));
        return [...figures, ...(await onSystem((url) => sharingFigures(url, model, seconds)))];
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

/** Begins the load of a greedy owner. */
type Greedy = (url: string, opened: AsyncDisposableStack) => Promise<Load>;

function greedyOwners(model: ComputeModel): Readonly<Record<string, Greedy>> {
  const submission = (row: number) => model.questions.submission(row);
  return {
    'single predictions': (url, opened) => flood(url, opened, submission, 5 * CAPACITY),
    [`row batches of ${ROWS}`]: (url, opened) => flood(url, opened, rowBatch, (5 * CAPACITY) / ROWS),
    'large variables': async (url, opened) => {
      const sockets = await socketsOf('greedy', url, LARGE_SENDERS, opened);
      return closedLoop(
        sockets.map((socket) => unlessRefused(async (row) => void (await socket.ask(large(row))))),
      );
    },
  };

  function large(row: number): string {
    const { query, variables } = JSON.parse(submission(row));
    return JSON.stringify({ query, variables: { ...variables, unused: 'x'.repeat(LARGE_BYTES) } });
  }
}

/** Submits without waiting for results. */
async function flood(
  url: string,
  opened: AsyncDisposableStack,
  payload: (row: number) => string,
  perSecond: number,
): Promise<Load> {
  const sockets = await socketsOf('greedy', url, LARGE_SENDERS, opened);
  return openLoop(
    unlessRefused(async (row) => void (await sockets[row % sockets.length]?.ask(payload(row)))),
    perSecond,
  );
}

function rowBatch(): string {
  const inputs = Array.from({ length: ROWS }, (_, i) => ({ x: i + 1 }));
  const query = `mutation($inputs: [PredictComputeInput!]!) { ${BATCH_MUTATION}(inputs: $inputs) { id } }`;
  return JSON.stringify({ query, variables: { inputs } });
}

interface CalmOptions {
  readonly seconds: number;
  readonly greedy?: Greedy;
}

async function calmP99(url: string, model: ComputeModel, { seconds, greedy }: CalmOptions): Promise<number> {
  await using opened = new AsyncDisposableStack();
  const [socket] = await socketsOf('calm', url, 1, opened);
  if (socket === undefined) throw new Error('the gateway must take a WebSocket');
  if (greedy !== undefined) opened.use(await greedy(url, opened));
  await using load = openLoop(untilAccepted(overWebSocket(socket, model.questions)), CALM_PER_SECOND);
  await keepUp(load, WARM_UP_MS);
  const window = load.openWindow();
  await keepUp(load, seconds * 1_000);
  return percentile(
    (await window.close()).toSorted((a, b) => a - b),
    0.99,
  );
}

function besideFigures(what: string, p99: number, alone: number): readonly Figure[] {
  return [
    figure(`p99 beside ${what}, ms`, 1, p99),
    figure(`p99 beside ${what}, times alone`, 2, p99 / alone, { atMost: 3 }),
  ];
}

async function sharingFigures(url: string, model: ComputeModel, seconds: number): Promise<readonly Figure[]> {
  await using opened = new AsyncDisposableStack();
  const finished: Record<string, number> = {};
  for (const [owner, capacities] of Object.entries(SHARING)) {
    finished[owner] = 0;
    const sockets = await socketsOf(owner, url, LARGE_SENDERS, opened);
    const exchanges = sockets.map((socket) => overWebSocket(socket, model.questions));
    const counted: Exchange = async (row) => {
      await exchanges[row % exchanges.length]?.(row);
      finished[owner] = (finished[owner] ?? 0) + 1;
    };
    opened.use(openLoop(unlessRefused(counted), capacities * CAPACITY));
  }
  // Until the queue is full.
  await elapsed(2 * WARM_UP_MS);
  const before = { ...finished };
  await elapsed(seconds * 1_000);
  const counts = Object.entries(finished).map(([owner, count]) => count - (before[owner] ?? 0));
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return [
    figure('three greedy owners, tasks/s together', 0, (mean * counts.length) / seconds),
    figure('three greedy owners, least share of a third', 2, Math.min(...counts) / mean, { atLeast: 0.9 }),
    figure('three greedy owners, largest share of a third', 2, Math.max(...counts) / mean, { atMost: 1.1 }),
  ];
}

function socketsOf(owner: string, url: string, count: number, opened: AsyncDisposableStack) {
  const open = async () => opened.use(await GraphQLSocket.open(url, { 'x-owner': owner }));
  return Promise.all(Array.from({ length: count }, open));
}

/** A calm owner who is refused tries again. The time until then counts, up to the limit. */
function untilAccepted(exchange: Exchange): Exchange {
  return async (row) => {
    for (const giveUpAt = performance.now() + GIVE_UP_MS; performance.now() < giveUpAt; await elapsed(50)) {
      const refusal = await exchange(row).catch((error: Error) => error);
      if (refusal === undefined) return;
      if (!refusal.message.includes('retryAfterMs')) throw refusal;
    }
  };
}

/** A greedy owner is refused now and then, and goes on. */
function unlessRefused(exchange: Exchange): Exchange {
  return (row) => exchange(row).catch(() => {});
}
