/** What clients see of their tasks over GraphQL: labels and other options, the list, and many tasks on one WebSocket. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Answer,
  type ErrorView,
  fieldOf,
  openWebSocket,
  overWebSocket,
  post,
} from '../support/client.ts';
import { eventually, PATIENCE_MS, within } from '../support/eventually.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { pauseTasks, resumeTasks } from '../support/pauses.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';

const FIELDS =
  'id state input { name value } priority labels requestId submittedAt finishedAt deadline expiresAt owner';
const PREDICT = `mutation ($input: PredictTripInput!, $options: TaskOptions) {
  predictTrip(input: $input, options: $options) { ${FIELDS} } }`;
const PREDICT_ROWS = `mutation ($inputs: [PredictTripInput!]!, $options: TaskOptions) {
  predictTrips(inputs: $inputs, options: $options) { ${FIELDS} } }`;
const LIST = `query ($filter: TaskFilter, $first: Int!, $after: String) {
  tasks(filter: $filter, first: $first, after: $after) {
    edges { cursor node { ${FIELDS} } } pageInfo { hasNextPage endCursor } } }`;
const UPDATES = `subscription ($ids: [ID!], $filter: TaskFilter) {
  tasksUpdates(ids: $ids, filter: $filter) { id state } }`;

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly [field: string]: unknown;
}
interface Listed {
  readonly edges: readonly { readonly cursor: string; readonly node: Shown }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

let nats: NatsServer;
let gateways: Gateway[] = [];
let worker: Process;

beforeAll(async () => {
  nats = await startNats();
  gateways = await Promise.all([startGateway(nats), startGateway(nats)]);
  worker = await startWorker(nats);
});

afterAll(async () => {
  for (const opened of [worker, ...gateways, nats]) await opened?.[Symbol.asyncDispose]();
});

async function submit(options: object, gateway = 0): Promise<Shown> {
  return fieldOf(await post(urlOf(gateway), PREDICT, { input: tripNumber(1), options }));
}

/** Submits 25 trips in one operation. */
async function submitMany(gateway: number): Promise<readonly Shown[]> {
  const fields = Array.from(
    { length: 25 },
    (_, i) => `t${i}: predictTrip(input: $input, options: $options) { id expiresAt }`,
  );
  const query = `mutation ($input: PredictTripInput!, $options: TaskOptions) { ${fields.join(' ')} }`;
  const variables = { input: tripNumber(1), options: { timeoutMs: 300_000 } };
  const { data } = await post(urlOf(gateway), query, variables);
  return Object.values(data ?? {}) as unknown as readonly Shown[];
}

async function list(variables: object = {}, gateway = 0): Promise<Listed> {
  return fieldOf(await post(urlOf(gateway), LIST, { first: 100, ...variables }));
}

function urlOf(gateway: number): string {
  return gateways[gateway]?.url ?? '';
}

function refusalOf({ errors }: Answer): ErrorView['extensions'] | undefined {
  return errors?.[0]?.extensions;
}

test('a task keeps its labels, requestId, priority and deadline to its end, and tells how long its result is kept', async () => {
  const options = { labels: ['q3', 'für Ada', 'q3'], requestId: 'r-1', priority: 'BULK', timeoutMs: 60_000 };
  const submitted = await submit(options);
  const input = Object.entries(tripNumber(1)).map(([name, value]) => ({ name, value: String(value) }));
  const kept = {
    input: expect.arrayContaining(input),
    ...{
      id: submitted.id,
      labels: ['q3', 'für Ada'],
      requestId: 'r-1',
      priority: 'BULK',
      owner: 'anonymous',
    },
    deadline: new Date(Date.parse(String(submitted.submittedAt)) + 60_000).toISOString(),
  };
  // With a requestId, its end may come before the answer.
  expect(submitted).toMatchObject(kept);
  expect(submitted.expiresAt === null).toBe(submitted.finishedAt === null);
  const { node: ended } = await ofLabel('q3');
  expect(ended).toMatchObject({ ...kept, state: 'SUCCEEDED' });
  expect(Date.parse(String(ended.expiresAt)) - Date.parse(String(ended.finishedAt))).toBe(900_000);
  // The first try of a request holds.
  expect(await submit({ ...options, labels: ['other'] }, 1)).toMatchObject(kept);
});

test('a row batch keeps its labels, and tasks without options have none', async () => {
  const inputs = [1, 2, 3].map(tripNumber);
  const rows: Shown = fieldOf(await post(urlOf(0), PREDICT_ROWS, { inputs, options: { labels: ['rows'] } }));
  expect((await ofLabel('rows')).node).toMatchObject({
    ...{ id: rows.id, priority: 'BULK', labels: ['rows'], input: null },
  });
  expect(await submit({})).toMatchObject({ labels: [], requestId: null, priority: 'INTERACTIVE' });
});

test.each([{ labels: Array.from({ length: 9 }, String) }, { labels: [''] }, { labels: ['x'.repeat(65)] }])(
  'the labels %j are refused',
  async (options) => {
    const answer = await post(urlOf(0), PREDICT, { input: tripNumber(1), options });
    expect(refusalOf(answer)).toMatchObject({ code: 'BAD_USER_INPUT', field: 'labels' });
  },
);

test.each([
  [{ after: 'no cursor' }, 'after'],
  [{ first: 0 }, 'first'],
  [{ first: 101 }, 'first'],
])('a list with %j is refused', async (variables, field) => {
  const answer = await post(urlOf(0), LIST, { first: 10, ...variables });
  expect(refusalOf(answer)).toMatchObject({ code: 'BAD_USER_INPUT', field });
});

test('an instant that is none is refused before the operation runs', async () => {
  const answer = await post(urlOf(0), LIST, { first: 10, filter: { since: 'yesterday' } });
  expect(answer.errors?.[0]?.message).toContain('DateTime must be an instant such as "2021-02-03T19:30:00Z"');
});

test('the list is the same after all gateways have been restarted', async () => {
  // The tasks of the other tests may be more than are looked at for one page.
  const since = new Date(Date.now() - 1_000).toISOString();
  const labels = ['before'];
  const tasks = [await submit({ labels }), await submit({ labels }, 1), await submit({ labels })];
  const filter = { label: 'before', since };
  const read = () => list({ filter });
  const before = await eventually(read, ({ edges }) => edges.every(({ node }) => node.state === 'SUCCEEDED'));
  // The clocks of two gateways may differ by more than the tasks do.
  expect(new Set(before.edges.map(({ node }) => node.id))).toEqual(new Set(tasks.map(({ id }) => id)));
  for (const gateway of gateways) await gateway[Symbol.asyncDispose]();
  gateways = await Promise.all([startGateway(nats), startGateway(nats)]);
  for (const gateway of [0, 1]) {
    expect(await list({ filter }, gateway)).toEqual(before);
    const first = await list({ filter, first: 1 }, gateway);
    expect(first).toMatchObject({ edges: [before.edges[0]], pageInfo: { hasNextPage: true } });
    const rest = await list({ filter, after: first.pageInfo.endCursor }, gateway);
    expect(rest.edges).toEqual(before.edges.slice(1));
    expect(rest.pageInfo).toEqual({ hasNextPage: false, endCursor: before.edges[2]?.cursor });
  }
});

test('1,000 tasks on one WebSocket show exactly one final state each, and then it completes', async () => {
  const COUNT = 1_000;
  const [gateway] = gateways as [Gateway];
  await pauseTasks(gateway);
  const client = openWebSocket(urlOf(0));
  const ids: string[] = [];
  while (ids.length < COUNT) {
    const submitted = (await Promise.all(Array.from({ length: 10 }, (_, i) => submitMany(i % 2)))).flat();
    expect(new Set(submitted.map(({ expiresAt }) => expiresAt))).toEqual(new Set([null]));
    ids.push(...submitted.map(({ id }) => id));
  }
  const queued = new Set<string>();
  const finals = new Map<string, number>();
  let resuming: Promise<void> | undefined;
  const read = async () => {
    for await (const answer of overWebSocket(client, UPDATES, { ids })) {
      const { id, state }: Shown = fieldOf(answer);
      if (state === 'QUEUED') queued.add(id);
      else if (state !== 'RUNNING') finals.set(id, (finals.get(id) ?? 0) + 1);
      if (queued.size === COUNT) resuming ??= resumeTasks(gateway);
    }
  };
  const completing = within(PATIENCE_MS, read(), () => `${finals.size} final states came`);
  await completing.finally(async () => {
    await (resuming ?? resumeTasks(gateway));
  });
  expect(queued.size).toBe(COUNT);
  expect(finals.size).toBe(COUNT);
  expect(new Set(finals.values())).toEqual(new Set([1]));
  await client.dispose();
});

test.each([{}, { ids: [], filter: {} }, { ids: [] }])(
  'a subscription with %j is refused',
  async (variables) => {
    const client = openWebSocket(urlOf(0));
    const answers = await Array.fromAsync(overWebSocket(client, UPDATES, variables));
    await client.dispose();
    expect(answers.map(refusalOf)).toMatchObject([{ code: 'BAD_USER_INPUT', field: 'ids' }]);
  },
);

test('an id that names no task is one event with an error, and the task beside it is shown', async () => {
  const { id } = await submit({});
  const client = openWebSocket(urlOf(0));
  const unknown = `${String(id).slice(0, -4)}${String(id).endsWith('0000') ? '1111' : '0000'}`;
  const answers = await Array.fromAsync(overWebSocket(client, UPDATES, { ids: [unknown, id] }));
  await client.dispose();
  expect(answers.flatMap((answer) => refusalOf(answer) ?? [])).toMatchObject([
    { code: 'TASK_NOT_FOUND', id: unknown },
  ]);
  expect(answers.flatMap(({ data }) => (data ? [data] : [])).at(-1)).toMatchObject({
    tasksUpdates: { id, state: 'SUCCEEDED' },
  });
});

/** The only task with a label, once it has ended. */
async function ofLabel(label: string) {
  const { edges } = await eventually(
    () => list({ filter: { label } }, 1),
    ({ edges: [edge] }) => edge?.node.state === 'SUCCEEDED',
  );
  const [edge, ...others] = edges;
  if (edge === undefined || others.length > 0) throw new Error(`one task was expected, got ${edges.length}`);
  return edge;
}
