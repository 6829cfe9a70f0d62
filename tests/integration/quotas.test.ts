/** The quotas of owners: refused with a reason and a time, on each transport, and counted over all gateways. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { endWork } from '../../src/broker/endWork.ts';
import { submitTrips } from '../support/batches.ts';
import {
  type Answer,
  CANCEL_TASK,
  collect,
  fieldOf,
  openSse,
  overWebSocket,
  PREDICT_TRIP,
  post,
  TASK_RESULT,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { openTestBroker } from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { as, codeIn, startGatewaysWith, submitAs } from '../support/owners.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { startGateway } from '../support/processes.ts';
import { queueTraining } from '../support/work.ts';

const ME = '{ me { owner roles quotas { name limit used resetsAt } } }';
const OWNERS = {
  hasty: { tasksPerSecond: 1 },
  asker: { costPerMinute: 5 },
  webAsker: { costPerMinute: 5 },
  getter: { costPerMinute: 5 },
  busy: { tasksUnfinished: 2 },
  shared: { tasksUnfinished: 2 },
  racer: { tasksUnfinished: 5 },
  rows: { rowsQueued: 4 },
  bytes: { bytesQueued: 100 },
  results: { resultBytes: 4_200 },
  watcher: { subscriptions: 1 },
  logReader: { subscriptions: 1 },
  shown: { tasksPerSecond: 50, tasksUnfinished: 10 },
};

let nats: NatsServer;
let system: Awaited<ReturnType<typeof startGatewaysWith>>;
let url: string;
let otherUrl: string;

beforeAll(async () => {
  nats = await startNats();
  system = await startGatewaysWith(nats, OWNERS, 2);
  [url = '', otherUrl = ''] = system.gateways.map((gateway) => gateway.url);
});

afterAll(async () => {
  for (const started of [system, nats]) await started?.[Symbol.asyncDispose]();
});

interface QuotaView {
  readonly name: string;
  readonly limit: number;
  readonly used: number;
  readonly resetsAt: string | null;
}

async function quotasOf(owner: string, at = url): Promise<readonly QuotaView[]> {
  return fieldOf<{ quotas: readonly QuotaView[] }>(await post(at, ME, {}, as(owner))).quotas;
}

function request(owner: string, query: string, variables: object = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...as(owner) },
    body: JSON.stringify({ query, variables }),
  };
}

test('an owner beyond his rate of tasks is refused with 429 and the time to wait, and is served after it', async () => {
  const predict = () => fetch(url, request('hasty', PREDICT_TRIP, { input: tripNumber(1) }));
  const responses = await Promise.all(Array.from({ length: 10 }, predict));
  const refused = responses.find(({ status }) => status === 429);
  if (refused === undefined) throw new Error('one of ten tasks at once must be refused');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  const { errors } = (await refused.json()) as Answer;
  expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED', limit: 1 } }]);
  expect(errors?.[0]?.message).toMatch(
    /^Your quota tasksPerSecond is 1, and it is used up\. Try again in \d+ ms\.$/,
  );
  expect(errors?.[0]?.extensions.retryAfterMs).toBeGreaterThan(0);
  await eventually(
    () => submitAs('hasty', url),
    (answer) => codeIn(answer) === undefined,
  );
});

test('an owner of whom one of several fields is refused gets 200, because the others may have been accepted', async () => {
  const fields = ['a', 'b', 'c'].map((name) => `${name}: predictTrip(input: $input) { id }`);
  const query = `mutation($input: PredictTripInput!) { ${fields.join(' ')} }`;
  const response = await fetch(url, request('hasty', query, { input: tripNumber(1) }));
  expect(response.status).toBe(200);
  expect(codeIn((await response.json()) as Answer)).toBe('RATE_LIMITED');
});

test('an owner beyond the cost of a minute is refused before the operation is run', async () => {
  const ask = () => fetch(url, request('asker', '{ me { owner } }'));
  expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
  const refused = await ask();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1);
  const { data, errors } = (await refused.json()) as Answer;
  expect(data).toBeUndefined();
  expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED', limit: 5 } }]);
});

test('the cost of a minute holds over GET and WebSocket, too', async () => {
  const get = () =>
    fetch(`${url}?query=${encodeURIComponent('{ me { owner } }')}`, {
      headers: { 'apollo-require-preflight': '1', ...as('getter') },
    });
  expect([(await get()).status, (await get()).status, (await get()).status]).toEqual([200, 200, 429]);

  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: class extends WebSocket {
      constructor(address: string, protocol: string) {
        super(address, protocol, { headers: as('webAsker') });
      }
    },
  });
  const ask = async () => (await collect(overWebSocket(client, '{ me { owner } }', {})))[0] ?? {};
  expect(codeIn(await ask())).toBeUndefined();
  expect(codeIn(await ask())).toBeUndefined();
  expect(codeIn(await ask())).toBe('RATE_LIMITED');
  await client.dispose();
});

test('an owner with too many unfinished tasks is refused until one has ended', async () => {
  const { id } = taskIn(await submitAs('busy', url), 'predictTrip');
  taskIn(await submitAs('busy', url, 1), 'predictTrip');
  const response = await fetch(url, request('busy', PREDICT_TRIP, { input: tripNumber(2) }));
  expect(response.status).toBe(429);
  const refused = (await response.json()) as Answer;
  expect(refused.errors).toMatchObject([{ extensions: { code: 'OWNER_QUOTA', limit: 2 } }]);
  expect(refused.errors?.[0]?.message).toContain(
    'Your quota tasksUnfinished is 2: 2 are used, and 1 more were asked for.',
  );
  taskIn(await post(url, CANCEL_TASK, { id }, as('busy')), 'cancelTask');
  await eventually(
    () => submitAs('busy', url, 3),
    (answer) => codeIn(answer) === undefined,
  );
});

test('a retry with a requestId counts once, and is answered when nothing is left', async () => {
  const options = { requestId: 'once' };
  const owner = 'rows';
  const first = taskIn(await submitAs(owner, url, 1, options), 'predictTrip');
  for (let i = 0; i < 5; i++)
    expect(taskIn(await submitAs(owner, url, 1, options), 'predictTrip').id).toBe(first.id);
  expect(await quotasOf(owner)).toMatchObject([{ name: 'ROWS_QUEUED', used: 1 }]);
});

test('rows, bytes and results of an owner are limited', async () => {
  const inputs = Array.from({ length: 5 }, (_, i) => tripNumber(i));
  await expect(submitTripsAs('rows', inputs)).rejects.toThrow('Your quota rowsQueued is 4');
  expect(codeIn(await submitAs('bytes', url))).toBe('OWNER_QUOTA');
  expect(codeIn(await submitAs('results', url, 1))).toBeUndefined();
  expect(codeIn(await submitAs('results', url, 2))).toBeUndefined();
  expect(codeIn(await submitAs('results', url, 3))).toBe('OWNER_QUOTA');
});

async function submitTripsAs(owner: string, inputs: readonly ReturnType<typeof tripNumber>[]) {
  const query = `mutation($inputs: [PredictTripInput!]!) { predictTrips(inputs: $inputs) { id } }`;
  const { errors } = await post(url, query, { inputs }, as(owner));
  if (errors !== undefined) throw new Error(errors[0]?.message);
}

test('open subscriptions of an owner are limited, and closing one makes room', async () => {
  const { id } = taskIn(await submitAs('watcher', url), 'predictTrip');
  const first = await openSse(url, TASK_RESULT, { id }, as('watcher'));
  const watch = async () => {
    const events = await openSse(url, TASK_RESULT, { id }, as('watcher'));
    return events;
  };
  const [refused] = await collect(await watch());
  expect(codeIn(refused ?? {})).toBe('OWNER_QUOTA');
  taskIn(await post(url, CANCEL_TASK, { id }, as('watcher')), 'cancelTask');
  await collect(first);
  await eventually(
    () => quotasOf('watcher'),
    ([quota]) => quota?.used === 0,
  );
  const [end] = await collect(await watch());
  expect(codeIn(end ?? {})).toBeUndefined();
});

test('an open log of a training is one of the subscriptions of its owner', async () => {
  await using broker = await openTestBroker(nats);
  const { address, job } = await queueTraining(broker, { owner: 'logReader' });
  const { id } = address;
  const follow = () =>
    openSse(
      url,
      'subscription ($id: ID!) { trainingLog(id: $id) { lines { text } } }',
      { id },
      as('logReader'),
    );
  const first = await follow();
  await eventually(
    () => quotasOf('logReader'),
    ([quota]) => quota?.used === 1,
  );
  const [refused] = await collect(await follow());
  expect(codeIn(refused ?? {})).toBe('OWNER_QUOTA');
  await endWork(broker, address, job, { state: 'CANCELED' });
  await collect(first);
  await eventually(
    () => quotasOf('logReader'),
    ([quota]) => quota?.used === 0,
  );
});

test('me shows the owner, the role, and the quotas with what is used of them', async () => {
  taskIn(await submitAs('shown', url), 'predictTrip');
  const { data } = await post(url, ME, {}, as('shown'));
  expect(data?.me).toMatchObject({ owner: 'shown', roles: ['OPERATOR'] });
  const [rate, unfinished] = await quotasOf('shown');
  expect(rate).toMatchObject({ name: 'TASKS_PER_SECOND', limit: 50, resetsAt: expect.any(String) });
  expect(unfinished).toEqual({ name: 'TASKS_UNFINISHED', limit: 10, used: 1, resetsAt: null });
  expect(await quotasOf('nobody')).toEqual([]);
});

test('what an owner uses on one gateway counts on the others', async () => {
  for (const i of [1, 2]) taskIn(await submitAs('shared', url, i), 'predictTrip');
  await eventually(
    () => quotasOf('shared', otherUrl),
    ([quota]) => quota?.used === 2,
  );
  expect(codeIn(await submitAs('shared', otherUrl, 3))).toBe('OWNER_QUOTA');
});

test('a race on two gateways exceeds a quota by what the other one accepts until it hears, and no more', async () => {
  const race = [url, otherUrl].flatMap((at) =>
    Array.from({ length: 20 }, (_, i) => submitAs('racer', at, i)),
  );
  const codes = (await Promise.all(race)).map(codeIn);
  const accepted = codes.filter((code) => code === undefined).length;
  expect(accepted).toBeGreaterThanOrEqual(5);
  expect(accepted).toBeLessThanOrEqual(10);
  await eventually(
    () => quotasOf('racer', otherUrl),
    ([quota]) => quota?.used === accepted,
  );
  for (const at of [url, otherUrl]) expect(codeIn(await submitAs('racer', at))).toBe('OWNER_QUOTA');
});

test('a connection too many from one address is answered with 429 and closed, and others go on', async () => {
  await using gateway = await startGateway(nats, { MAX_CONNECTIONS_PER_ADDRESS: '2' });
  const { port, hostname } = new URL(gateway.url);
  const open = async () => {
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return socket;
  };
  const kept = [await open(), await open()];
  const answer = await text(await open());
  expect(answer).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/);
  expect(answer).toContain('retry-after: 1\r\n');
  expect(answer).toContain('RATE_LIMITED');
  for (const socket of kept) socket.destroy();
  await eventually(
    async () => post(gateway.url, '{ me { owner } }').catch(() => ({})),
    (answered: Answer) => answered.data !== undefined,
  );
});

test('an owner without quotas is not limited, and neither are clients without a login', async () => {
  for (let i = 0; i < 30; i++) expect(codeIn(await submitAs('free', url, i))).toBeUndefined();
  await submitTrips(url, [tripNumber(1)]);
  expect(await quotasOf('free')).toEqual([]);
});
