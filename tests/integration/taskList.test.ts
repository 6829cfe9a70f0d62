/** The list of tasks: every gateway gives each owner the same one, newest first, each task once. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { endTask, expiredEnd } from '../../src/broker/endTask.ts';
import type { Owner } from '../../src/contract/owner.ts';
import { EVERY_OWNER, type Readable } from '../../src/contract/principal.ts';
import { finishedTask, type Task, TaskState } from '../../src/contract/task.ts';
import { cursorOf, type TaskFilter, type TaskPage } from '../../src/tasks/taskList.ts';
import { openTestGateway, type TestGateway } from '../support/gatewayTasks.ts';
import {
  addressOf,
  type Broker,
  bundleOfJobs,
  HOME,
  openTestBroker,
  queueJobs,
  storeBundles,
  together,
  tripJob,
} from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';

const OTHER_HOME = '0f0e0d0c';

let nats: NatsServer;
let broker: Broker;
let streams: StreamInspector;
let here: TestGateway;
let there: TestGateway;

beforeAll(async () => {
  nats = await startNats();
  broker = await openTestBroker(nats);
  streams = await inspectStreams(nats);
  [here, there] = await Promise.all([openTestGateway(broker, HOME), openTestGateway(broker, OTHER_HOME)]);
});

afterAll(async () => {
  for (const opened of [here, there]) opened?.[Symbol.dispose]();
  for (const opened of [streams, broker, nats]) await opened?.[Symbol.asyncDispose]();
});

/** Each test has owners of its own. */
let owner: Owner;
let tests = 0;
beforeEach(() => {
  owner = `ada of test ${tests++}`;
});

interface PageOptions {
  readonly filter?: TaskFilter;
  readonly first?: number;
  readonly after?: string | undefined;
}

function page(gateway: TestGateway, readable: Readable, options: PageOptions = {}): Promise<TaskPage> {
  return gateway.tasks.list.page({ client: { owner, readable }, filter: {}, first: 100, ...options });
}

async function ids(gateway: TestGateway, options: PageOptions = {}): Promise<readonly string[]> {
  return (await page(gateway, owner, options)).tasks.map(({ id }) => id);
}

/** The tasks of all pages. */
async function allPages(
  gateway: TestGateway,
  options: PageOptions,
  between = async () => {},
): Promise<Task[]> {
  const tasks: Task[] = [];
  for (let after: string | undefined; ; ) {
    const read: TaskPage = await page(gateway, owner, { ...options, after });
    tasks.push(...read.tasks);
    if (!read.hasNextPage) return tasks;
    after = read.endCursor;
    await between();
  }
}

function newestFirst(tasks: readonly Task[]): readonly string[] {
  const places = tasks.map((task) => ({ id: task.id, place: cursorOf(task) }));
  return places.sort((a, b) => (a.place < b.place ? 1 : -1)).map(({ id }) => id);
}

test('an owner sees the same tasks on every gateway, newest first, and those of no other owner', async () => {
  const mine: Task[] = [];
  for (const gateway of [here, there, here, there]) mine.push(await gateway.submit(owner));
  const other = await here.submit(`${owner}'s neighbour`);
  const expected = mine.map(({ id }) => id).toReversed();
  expect(await ids(here)).toEqual(expected);
  expect(await ids(there)).toEqual(expected);
  expect((await page(there, `${owner}'s neighbour`)).tasks.map(({ id }) => id)).toEqual([other.id]);
  expect((await page(here, 'nobody')).tasks).toEqual([]);
  const ofAll = (await page(there, EVERY_OWNER)).tasks;
  expect(ofAll.slice(0, 5).map(({ id }) => id)).toEqual([other.id, ...expected]);
});

test('a task is listed in its present state, and from its end until its result is gone', async () => {
  const queued = await here.submit(owner, { labels: ['kept'], requestId: `request of ${owner}` });
  const canceled = await here.submit(owner, { priority: 'BULK' });
  await there.tasks.tasks.cancel(canceled.id, owner);
  const { tasks } = await page(there, owner);
  expect(tasks).toMatchObject([
    { id: canceled.id, state: 'CANCELED', lane: 'bulk', deadline: canceled.deadline, owner },
    { id: queued.id, state: 'QUEUED', labels: ['kept'], requestId: `request of ${owner}` },
  ]);
  await streams.purge('ENDS', `ends.*.*.*.${addressOf({ taskId: canceled.id }).bundle}`);
  expect(await ids(here)).toEqual([queued.id]);
});

test('a task that expires, a row batch, and the tasks of one bundle are each listed once', async () => {
  const [first, second, third] = together([0, 1, 2].map((i) => tripJob(broker, i, 300_000, owner)));
  if (first === undefined || second === undefined || third === undefined) throw new Error('three were made');
  await storeBundles(broker, [bundleOfJobs([first, second, third])]);
  const end = { state: TaskState.Succeeded, finishedAt: broker.now(), attempts: 1 } as const;
  const prediction = { durationMinutes: 5 };
  await broker.ends.storeTask(finishedTask(second, { ...end, prediction }), addressOf(second));
  await endTask(broker, expiredEnd(third, broker.now()), addressOf(third));
  const rows = await there.submitRows(owner, 3, { labels: ['rows'] });
  const { tasks } = await page(here, owner);
  expect(new Map(tasks.map(({ id, state }) => [id, state]))).toEqual(
    new Map([
      [rows.id, 'QUEUED'],
      [third.taskId, 'EXPIRED'],
      [second.taskId, 'SUCCEEDED'],
      [first.taskId, 'QUEUED'],
    ]),
  );
  expect(tasks).toHaveLength(4);
  expect(tasks.find(({ id }) => id === rows.id)).toMatchObject({ labels: ['rows'], batch: { rowCount: 3 } });
});

describe('a filter', () => {
  test('by label, state, version, model and time leaves the others out', async () => {
    const red = await here.submit(owner, { labels: ['red', 'warm'] });
    const blue = await there.submit(owner, { labels: ['blue'] });
    await here.tasks.tasks.cancel(blue.id, owner);
    const later = await here.submit(owner);
    const found = async (filter: TaskFilter) => ids(there, { filter });
    expect(await found({ label: 'warm' })).toEqual([red.id]);
    expect(await found({ label: 'green' })).toEqual([]);
    expect(await found({ states: ['CANCELED'] })).toEqual([blue.id]);
    expect(await found({ states: ['QUEUED', 'RUNNING'] })).toEqual([later.id, red.id]);
    expect(await found({ version: '2' })).toEqual([]);
    expect(await found({ model: 'churn' })).toEqual([]);
    expect(await found({ model: 'trip-duration', version: '1' })).toHaveLength(3);
    expect(await found({ since: later.submittedAt })).toEqual([later.id]);
    expect(await found({ since: later.submittedAt + 60_000 })).toEqual([]);
  });

  test('that few tasks pass makes pages without tasks, and the pages behind them have these tasks', async () => {
    const rare = await here.submit(owner, { labels: ['rare'] });
    const jobs = Array.from({ length: 2_100 }, (_, i) => tripJob(broker, i, 300_000, owner));
    await queueJobs(broker, jobs);
    const options = { filter: { label: 'rare' }, first: 10 };
    const first = await page(there, owner, options);
    expect(first).toMatchObject({ tasks: [], hasNextPage: true, endCursor: expect.any(String) });
    expect((await allPages(there, options)).map(({ id }) => id)).toEqual([rare.id]);
    await streams.purge('JOBS_trip-duration', '>');
  });
});

test.each([
  ['', 'after'],
  ['0'.repeat(23), 'after'],
  ['G'.repeat(24), 'after'],
  ["'; drop", 'after'],
])('the cursor "%s" is refused', async (after, field) => {
  await expect(async () => page(here, owner, { after })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { field },
  });
});

test.each([0, -1, 101])('a page of %i tasks is refused', async (first) => {
  await expect(async () => page(here, owner, { first })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { field: 'first' },
  });
});

test('the pages have every task exactly once, in order, while others are submitted and some end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.nat(2), { minLength: 1, maxLength: 6 }),
      async (groups, first, happenings) => {
        owner = `ada of run ${tests++}`;
        const before: Task[] = [];
        for (const size of groups) {
          const gateways = Array.from({ length: size }, (_, i) => (i % 3 === 0 ? there : here));
          before.push(...(await Promise.all(gateways.map((gateway) => gateway.submit(owner)))));
        }
        let turn = 0;
        const open = [...before];
        const between = async () => {
          const happening = happenings[turn++ % happenings.length];
          if (happening === 0) await there.submit(owner);
          const task = happening === 1 ? open.pop() : undefined;
          if (task !== undefined) await here.tasks.tasks.cancel(task.id, owner);
        };
        const listed = await allPages(turn % 2 === 0 ? here : there, { first }, between);
        expect(listed.map(({ id }) => id)).toEqual(newestFirst(before));
      },
    ),
    { numRuns: 20 },
  );
});

test('gateways that start later list the tasks of those that are gone', async () => {
  const queued = await here.submit(owner);
  const ended = await there.submit(owner);
  await there.tasks.tasks.cancel(ended.id, owner);
  await using otherBroker = await openTestBroker(nats);
  using later = await openTestGateway(otherBroker, '12345678');
  expect((await page(later, owner)).tasks).toMatchObject([
    { id: ended.id, state: 'CANCELED' },
    { id: queued.id, state: 'QUEUED' },
  ]);
});
