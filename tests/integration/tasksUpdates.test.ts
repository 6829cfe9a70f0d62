/** Many tasks watched by one subscription: the present state of each, then changes, and exactly one final state of each. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Owner } from '../../src/contract/owner.ts';
import type { ManyTasksWatch, TaskUpdate } from '../../src/tasks/manyTasksWatch.ts';
import { PATIENCE_MS, shown, within } from '../support/eventually.ts';
import { clientOf, openTestGateway, type TestGateway } from '../support/gatewayTasks.ts';
import { type Broker, HOME, openTestBroker } from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { newTaskAddress } from '../support/taskAddresses.ts';

const OTHER_HOME = '0f0e0d0c';

let nats: NatsServer;
let broker: Broker;
let here: TestGateway;
let there: TestGateway;

beforeAll(async () => {
  nats = await startNats();
  broker = await openTestBroker(nats);
  [here, there] = await Promise.all([openTestGateway(broker, HOME), openTestGateway(broker, OTHER_HOME)]);
});

afterAll(async () => {
  for (const opened of [here, there]) opened?.[Symbol.dispose]();
  for (const opened of [broker, nats]) await opened?.[Symbol.asyncDispose]();
});

let owner: Owner;
let tests = 0;
beforeEach(() => {
  owner = `ada of test ${tests++}`;
});

/** A state as `<place of the task in the list> <state>`, a refusal as `<place> <code>`. */
function told(update: TaskUpdate, ids: readonly string[]): string {
  if ('refusal' in update) return `${ids.indexOf(String(update.refusal.details.id))} ${update.refusal.code}`;
  return `${ids.indexOf(update.task.id)} ${update.task.state}`;
}

/** The next updates, so many. */
async function next(
  watch: ManyTasksWatch,
  ids: readonly string[],
  count: number,
): Promise<readonly string[]> {
  const seen: string[] = [];
  const read = async () => {
    while (seen.length < count) {
      const { done, value } = await watch.next();
      if (done) return;
      seen.push(told(value, ids));
    }
  };
  await within(PATIENCE_MS, read(), () => `${count} updates were expected, got ${shown(seen)}`);
  return seen;
}

test('named tasks of any gateway show their present state, then their end, and then it completes', async () => {
  const tasks = [await here.submit(owner), await there.submit(owner), await there.submit(owner)];
  const ids = tasks.map(({ id }) => id);
  await there.tasks.tasks.cancel(ids[2] ?? '', owner);
  const watch = await here.tasks.listWatches.watchIds([...ids, ids[0] ?? ''], clientOf(owner));
  expect((await next(watch, ids, 3)).toSorted()).toEqual(['0 QUEUED', '1 QUEUED', '2 CANCELED']);
  for (const id of ids) await there.tasks.tasks.cancel(id, owner);
  expect((await next(watch, ids, 3)).toSorted()).toEqual(['0 CANCELED', '1 CANCELED']);
  expect(await watch.next()).toEqual({ done: true, value: undefined });
});

test('a partial output of another gateway’s task is kept until its last watch closes', async () => {
  const task = await there.submit(owner);
  const partialHere = () => here.tasks.tasks.partial(task);
  const updates = await here.tasks.tasks.updates(task.id, clientOf(owner));
  await updates.next();
  broker.notices.announceRunning(OTHER_HOME, {
    ...{ taskIds: [task.id], startedAt: broker.now(), attempts: [1] },
    partials: [{ sequence: 1, output: { durationMinutes: 3 } }],
  });
  expect((await updates.next()).value).toMatchObject({ state: 'RUNNING' });
  expect(partialHere()).toMatchObject({ sequence: 1 });
  await updates.return?.();
  expect(partialHere()).toBeUndefined();
});

test('an id that names no task of the owner is one refusal, and the others go on', async () => {
  const { id } = await here.submit(owner);
  const { id: foreign } = await here.submit('bob');
  const deadline = broker.now() + 60_000;
  const unknown = newTaskAddress({ model: 'trip-duration', home: OTHER_HOME, deadline }).id;
  const ids = [foreign, unknown, id];
  const watch = await here.tasks.listWatches.watchIds(ids, clientOf(owner));
  const first = await next(watch, ids, 3);
  const refused = [0, 1].map((place) => `${place} TASK_NOT_FOUND`);
  expect(first.toSorted()).toEqual([...refused, '2 QUEUED']);
  await there.tasks.tasks.cancel(id, owner);
  expect(await next(watch, ids, 2)).toEqual(['2 CANCELED']);
});

test('a text that is no id of a task is refused before any task is watched', async () => {
  const { id } = await here.submit(owner);
  await expect(here.tasks.listWatches.watchIds([id, 'no id'], clientOf(owner))).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
  });
});

test('each id counts in the cost of a minute', async () => {
  using priced = await openTestGateway(broker, '0d0c0b0a', { costPerMinute: 5 });
  const deadline = broker.now() + 60_000;
  const ids = Array.from(
    { length: 6 },
    () => newTaskAddress({ model: 'trip-duration', home: OTHER_HOME, deadline }).id,
  );
  const watch = await priced.tasks.listWatches.watchIds(ids, clientOf(owner));
  await watch.return();
  await expect(priced.tasks.listWatches.watchIds(ids, clientOf(owner))).rejects.toMatchObject({
    code: 'RATE_LIMITED',
  });
});

test('an owner with a login may watch ten filters at a time on a gateway', async () => {
  const asked = { client: clientOf(owner), filter: {} };
  const open = await Promise.all(Array.from({ length: 10 }, () => here.tasks.listWatches.watchFilter(asked)));
  await expect(here.tasks.listWatches.watchFilter(asked)).rejects.toMatchObject({ code: 'GATEWAY_BUSY' });
  await open[0]?.return();
  await (await here.tasks.listWatches.watchFilter(asked)).return();
  for (const watch of open) await watch.return();
});

test('a reader that comes late gets the newest state of each task once', async () => {
  const tasks = await Promise.all(Array.from({ length: 50 }, () => here.submit(owner)));
  const ids = tasks.map(({ id }) => id);
  const watch = await here.tasks.listWatches.watchIds(ids, clientOf(owner));
  await Promise.all(
    ids.map((id) =>
      broker.notices.announceRunning(HOME, { taskIds: [id], startedAt: broker.now(), attempts: [1] }),
    ),
  );
  await Promise.all(ids.slice(0, 49).map((id) => here.tasks.tasks.cancel(id, owner)));
  await Promise.all(
    ids.slice(0, 49).map(async (id) => (await here.tasks.tasks.result(id, clientOf(owner))).next()),
  );
  expect(watch.waiting).toBe(50);
  const seen = await next(watch, ids, 50);
  expect(seen.toSorted()).toEqual(ids.map((_, i) => (i === 49 ? '49 RUNNING' : `${i} CANCELED`)).toSorted());
  await watch.return();
  await here.tasks.tasks.cancel(ids[49] ?? '', owner);
});

test('a filter shows the tasks that pass it, and those that any gateway accepts later, each with one final state', async () => {
  const ended = await there.submit(owner, { labels: ['shown'] });
  await there.tasks.tasks.cancel(ended.id, owner);
  const open = await there.submit(owner, { labels: ['shown'] });
  await here.submit(owner);
  await here.submit('bob', { labels: ['shown'] });
  const watch = await here.tasks.listWatches.watchFilter({
    client: clientOf(owner),
    filter: { label: 'shown' },
  });
  const ids = [ended.id, open.id];
  expect((await next(watch, ids, 2)).toSorted()).toEqual(['0 CANCELED', '1 QUEUED']);
  const later = await there.submit(owner, { labels: ['shown'] });
  ids.push(later.id);
  expect(await next(watch, ids, 1)).toEqual(['2 QUEUED']);
  for (const id of [open.id, later.id]) await here.tasks.tasks.cancel(id, owner);
  expect((await next(watch, ids, 2)).toSorted()).toEqual(['1 CANCELED', '2 CANCELED']);
  // It is read twice more: no final state comes again.
  const last = await there.submit(owner, { labels: ['shown'] });
  ids.push(last.id);
  expect(await next(watch, ids, 1)).toEqual(['3 QUEUED']);
  await watch.return();
  expect(await watch.next()).toEqual({ done: true, value: undefined });
});

test('a task that ended before the list was read again shows its end alone', async () => {
  const watch = await here.tasks.listWatches.watchFilter({ client: clientOf(owner), filter: {} });
  const { id } = await there.submit(owner);
  await there.tasks.tasks.cancel(id, owner);
  const seen = [...(await next(watch, [id], 1))];
  if (seen[0] === '0 QUEUED') seen.push(...(await next(watch, [id], 1)));
  expect(seen.at(-1)).toBe('0 CANCELED');
  await watch.return();
});

test('a gateway that stops ends the subscriptions with SHUTTING_DOWN', async () => {
  using stopping = await openTestGateway(broker, '11112222');
  const { id } = await stopping.submit(owner);
  const watches = [
    await stopping.tasks.listWatches.watchIds([id], clientOf(owner)),
    await stopping.tasks.listWatches.watchFilter({ client: clientOf('nobody'), filter: {} }),
  ];
  await next(watches[0] as ManyTasksWatch, [id], 1);
  stopping.tasks.endWatches();
  for (const watch of watches) await expect(watch.next()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
});

test('10,000 ids are watched, each with an event', async () => {
  const deadline = broker.now() + 60_000;
  const unknown = Array.from(
    { length: 10_000 },
    () => newTaskAddress({ model: 'trip-duration', home: HOME, deadline }).id,
  );
  const watch = await here.tasks.listWatches.watchIds(unknown, clientOf(owner));
  const refused = new Set<unknown>();
  for await (const update of watch) if ('refusal' in update) refused.add(update.refusal.details.id);
  expect(refused).toEqual(new Set(unknown));
});

test('no ids, and more than 10,000, are refused', async () => {
  for (const count of [0, 10_001]) {
    const ids = Array.from({ length: count }, (_, i) => String(i));
    await expect(here.tasks.listWatches.watchIds(ids, clientOf(owner))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'ids' },
    });
  }
});
