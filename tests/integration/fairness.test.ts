/** An owner with many tasks slows only himself. Tests compare orders and counts, never times. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Lane, subjects } from '../../src/contract/subjects.ts';
import { PREDICT_TRIPS } from '../support/batches.ts';
import { type Answer, fieldOf, post, TASK, type TaskView, taskIn } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { openTestBroker } from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { as, codeIn, OWNER_HEADER, submitAs } from '../support/owners.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';

const MODEL = 'trip-duration';
/** Its `maxBatchSize`. */
const BATCH = 64;
/** The share of an owner in the lane interactive. */
const SHARE = BATCH / 2;
const SLOW_RUNS = {
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/slowRuns.js')}`,
  RUN_MS: '5',
};

/** Submits trips as an owner, 25 in one operation. @returns their ids. */
async function submitMany(owner: string, url: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const aliases = Array.from({ length: Math.min(25, count - ids.length) }, (_, i) => `a${i}`);
    const fields = aliases.map((alias) => `${alias}: predictTrip(input: $input, options: $options) { id }`);
    const query = `mutation($input: PredictTripInput!, $options: TaskOptions) { ${fields.join(' ')} }`;
    const variables = { input: tripNumber(ids.length), options: { timeoutMs: 300_000 } };
    const { data, errors } = await post(url, query, variables, as(owner));
    if (errors !== undefined || !data) throw new Error(JSON.stringify(errors));
    ids.push(...aliases.map((alias) => data[alias]?.id ?? ''));
  }
  return ids;
}

/** Reads only those again that have not ended. */
async function endsOf(owner: string, url: string, ids: readonly string[]): Promise<readonly TaskView[]> {
  const read = async (id: string) => fieldOf<TaskView>(await post(url, TASK, { id }, as(owner)));
  const hasEnded = ({ finishedAt }: TaskView) => finishedAt !== null;
  const ends = [];
  for (const id of ids) ends.push(await eventually(() => read(id), hasEnded));
  return ends;
}

/** The number of waiting tasks in each lane. */
async function lanes(nats: NatsServer): Promise<Readonly<Record<string, number>>> {
  await using inspector = await inspectStreams(nats);
  const inLane = (lane: Lane) => inspector.queued(MODEL, subjects.laneJobs(MODEL, '1', lane));
  return { interactive: await inLane(Lane.Interactive), bulk: await inLane(Lane.Bulk) };
}

/** The broker and the gateway of the tests that end all their tasks. */
let nats: NatsServer;
let gateway: Gateway;

beforeAll(async () => {
  nats = await startNats();
  gateway = await startGateway(nats, OWNER_HEADER);
});

afterAll(async () => {
  for (const opened of [gateway, nats]) await opened?.[Symbol.asyncDispose]();
});

test('a task of a calm owner overtakes the backlog of a greedy one, and nothing of either is lost', async () => {
  const greedy = await submitMany('greedy', gateway.url, 500);
  const calm = taskIn(await submitAs('calm', gateway.url), 'predictTrip');
  expect(await lanes(nats)).toEqual({ interactive: SHARE + 1, bulk: 500 - SHARE });
  await using _worker = await startWorker(nats, SLOW_RUNS);
  const ended = await endsOf('greedy', gateway.url, greedy);
  const [calmEnd] = await endsOf('calm', gateway.url, [calm.id]);
  for (const end of [...ended, calmEnd]) expect(end?.state).toBe('SUCCEEDED');
  const before = ended.filter(({ startedAt }) => (startedAt ?? '') < (calmEnd?.startedAt ?? ''));
  // His share, and a run of the lane bulk that had begun already.
  expect(before.length).toBeLessThanOrEqual(SHARE + BATCH);
});

test('row batches of a greedy owner do not hold up a task of a calm one', async () => {
  const inputs = Array.from({ length: 5_000 }, (_, i) => tripNumber(i));
  const { id } = taskIn(
    await post(gateway.url, PREDICT_TRIPS, { inputs, options: { timeoutMs: 300_000 } }, as('greedy')),
    'predictTrips',
  );
  await using _worker = await startWorker(nats, SLOW_RUNS);
  const calm = taskIn(await submitAs('calm', gateway.url, 0, { waitMs: 30_000 }), 'predictTrip');
  const [end] = await endsOf('greedy', gateway.url, [id]);
  expect([calm.state, end?.state]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  expect(Date.parse(calm.finishedAt ?? '')).toBeLessThan(Date.parse(end?.finishedAt ?? ''));
});

test('the share of an owner holds over all gateways', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  await using here = await startGateway(nats, OWNER_HEADER);
  await using there = await startGateway(nats, OWNER_HEADER);
  await submitMany('greedy', here.url, 50);
  const told = Promise.withResolvers<void>();
  using _listening = broker.notices.listenUsed(({ uses }) => {
    if (uses.some(({ present }) => present['unfinished trip-duration'] === 50)) told.resolve();
  });
  await told.promise;
  await submitMany('greedy', there.url, 50);
  expect(await lanes(nats)).toEqual({ interactive: SHARE, bulk: 100 - SHARE });
});

test('each of several greedy owners has his share of the lane interactive', async () => {
  await using nats = await startNats();
  await using gateway = await startGateway(nats, OWNER_HEADER);
  for (const owner of ['ada', 'bob', 'cyd']) await submitMany(owner, gateway.url, 100);
  // When the first came, no other was greedy.
  const shared = SHARE + 2 * BATCH;
  expect(await lanes(nats)).toEqual({ interactive: shared, bulk: 300 - shared });
});

test('greedy owners get about the same, also one with twice as many tasks under way', async () => {
  // So slow that the worker limits them, not the gateway, also on a machine that is busy with other tests.
  await using _worker = await startWorker(nats, { ...SLOW_RUNS, RUN_MS: '200' });
  const finished: Record<string, number> = { ada: 0, bob: 0, cyd: 0 };
  let isOver = false;
  const client = async (owner: string) => {
    while (!isOver) {
      const { data }: Answer = await submitAs(owner, gateway.url, 0, { waitMs: 30_000 });
      if (data?.predictTrip?.state === 'SUCCEEDED') finished[owner] = (finished[owner] ?? 0) + 1;
    }
  };
  const clients = Object.entries({ ada: 100, bob: 150, cyd: 200 }).flatMap(([owner, count]) =>
    Array.from({ length: count }, () => client(owner)),
  );
  const total = () => Object.values(finished).reduce((sum, count) => sum + count, 0);
  await eventually(total, (count) => count > 500);
  const before = { ...finished };
  // Many runs: one run may have 64 tasks of one owner.
  await eventually(total, (count) => count > 5_500);
  isOver = true;
  await Promise.all(clients);
  const counts = Object.entries(finished).map(([owner, count]) => count - (before[owner] ?? 0));
  // In the order in which the tasks came it would be 0.5.
  expect(Math.min(...counts) / Math.max(...counts)).toBeGreaterThan(0.7);
});

test('an owner cannot fill the queue: bulk tasks of others are accepted while he is refused', async () => {
  await using nats = await startNats();
  await using gateway = await startGateway(nats, { ...OWNER_HEADER, QUEUE_MAX_JOBS: '50' });
  const bulk = { priority: 'BULK' };
  const codes: (string | undefined)[] = [];
  for (let i = 0; i < 40; i++) codes.push(codeIn(await submitAs('greedy', gateway.url, i, bulk)));
  // Of the 40 that bulk tasks may have, four times what is free.
  expect(codes.indexOf('OWNER_QUOTA')).toBe(32);
  expect(new Set(codes.slice(32))).toEqual(new Set(['OWNER_QUOTA']));
  for (let i = 0; i < 5; i++) expect(codeIn(await submitAs('calm', gateway.url, i, bulk))).toBeUndefined();
});

test('clients without a login share nothing: all their tasks are in the lane interactive', async () => {
  await using nats = await startNats();
  await using gateway = await startGateway(nats);
  await submitMany('anybody', gateway.url, 100);
  expect(await lanes(nats)).toEqual({ interactive: 100, bulk: 0 });
});
