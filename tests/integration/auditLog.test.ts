/** What operators do and are refused stands in the audit log of all gateways, and stays there. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { streams, subjects } from '../../src/contract/subjects.ts';
import { fieldOf, post } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { letterOf, openTestBroker, tripJob } from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';
import { refusalIn, transports } from '../support/transports.ts';

const MODEL = 'trip-duration';
const OPERATOR_TOKEN = 'open-sesame-0123456789';
const AS_OPERATOR = { authorization: `Bearer ${OPERATOR_TOKEN}` };
const LOG = `query ($first: Int! = 100, $after: String) { auditLog(first: $first, after: $after) {
  edges { cursor node { id at action outcome owner address target code asked before after leftOut } }
  pageInfo { hasNextPage endCursor } } }`;
const SET = `mutation ($weights: [VersionWeight!]!, $moveQueued: Boolean! = false) {
  setRollout(model: "${MODEL}", weights: $weights, moveQueued: $moveQueued) { movedTasks } }`;
const REDRIVE = 'mutation ($id: ID!) { redriveDeadLetter(id: $id) { id } }';
const DISCARD = 'mutation ($id: ID!) { discardDeadLetter(id: $id) { id } }';
const WEIGHTS = [{ version: '1', percent: 100 }];

interface Entry {
  readonly id: string;
  readonly action: string;
  readonly outcome: string;
  readonly target: string | null;
  readonly [member: string]: unknown;
}

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: Entry }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

let nats: NatsServer;
let gateway: Gateway;
let worker: Process;

beforeAll(async () => {
  nats = await startNats();
  [worker, gateway] = await Promise.all([startWorker(nats), startGateway(nats, { OPERATOR_TOKEN })]);
});

afterAll(async () => {
  for (const started of [gateway, worker, nats]) await started?.[Symbol.asyncDispose]();
});

async function page({ url }: Gateway, variables: object = {}): Promise<Page> {
  return fieldOf(await post(url, LOG, { ...variables }, AS_OPERATOR));
}

async function entries(of: Gateway): Promise<readonly Entry[]> {
  return (await page(of)).edges.map(({ node }) => node);
}

/** Does something as an operator. @returns the answer's only field. */
async function act<T>(query: string, variables: Record<string, unknown>): Promise<T> {
  return fieldOf(await post(gateway.url, query, variables, AS_OPERATOR));
}

test('an action is in the log of every gateway with its begin and its end, newest first, and in the lines of the log', async () => {
  await act(SET, { weights: WEIGHTS });
  await act(SET, { weights: [] });
  await using other = await startGateway(nats, { OPERATOR_TOKEN });
  const [done, begun] = await entries(other);
  expect(done).toMatchObject({
    action: 'setRollout',
    outcome: 'DONE',
    owner: 'anonymous',
    address: '127.0.0.1',
    target: MODEL,
    code: null,
    leftOut: 0,
  });
  expect(JSON.parse(String(done?.asked))).toEqual({ weights: [], shadow: [], moveQueued: false });
  expect(JSON.parse(String(done?.before))).toEqual({ weights: WEIGHTS, shadow: [] });
  expect(JSON.parse(String(done?.after))).toMatchObject({ weights: [], shadow: [], movedTasks: 0 });
  expect(begun).toMatchObject({ id: done?.id, outcome: 'BEGUN', before: done?.before, after: null });
  const lines = gateway.output().split('\n');
  for (const message of ['an operator acts', 'an operator has acted'])
    expect(lines.filter((line) => line.includes(String(done?.id)) && line.includes(message))).toHaveLength(1);
});

test('a pause tells what was there before', async () => {
  const set = (action: string) => act(`mutation { ${action}(model: "${MODEL}") { name } }`, {});
  await set('pauseModel');
  await set('resumeModel');
  const [resumed, , paused] = await entries(gateway);
  for (const [entry, isPaused] of [
    [paused, true],
    [resumed, false],
  ] as const) {
    expect(JSON.parse(String(entry?.before))).toEqual({ isPaused: !isPaused });
    expect(JSON.parse(String(entry?.after))).toEqual({ isPaused });
  }
});

test('the log of a new broker is empty', async () => {
  await using empty = await startNats();
  await using first = await startGateway(empty, { OPERATOR_TOKEN });
  expect(await page(first)).toEqual({ edges: [], pageInfo: { hasNextPage: false, endCursor: null } });
});

test('a failed action has the code of its failure', async () => {
  const refused = await post(gateway.url, DISCARD, { id: 'nonsense' }, AS_OPERATOR);
  expect(refusalIn(refused).extensions.code).toBe('DEAD_LETTER_NOT_FOUND');
  expect((await entries(gateway)).slice(0, 2)).toMatchObject([
    { action: 'discardDeadLetter', outcome: 'FAILED', target: 'nonsense', code: 'DEAD_LETTER_NOT_FOUND' },
    { action: 'discardDeadLetter', outcome: 'BEGUN' },
  ]);
});

test('a redrive tells the new task, and a discarded letter what it was', async () => {
  await using broker = await openTestBroker(nats);
  const [redriven, discarded] = [1, 2].map((i) => tripJob(broker, i));
  for (const job of [redriven, discarded])
    if (job !== undefined) await broker.deadLetters.store(letterOf(job, broker.now()));
  const task = await act<{ id: string }>(REDRIVE, { id: redriven?.taskId });
  expect((await entries(gateway))[0]).toMatchObject({
    action: 'redriveDeadLetter',
    target: redriven?.taskId,
    after: JSON.stringify({ task: task.id }),
  });
  await act(DISCARD, { id: discarded?.taskId });
  const [done] = await entries(gateway);
  expect(done).toMatchObject({ action: 'discardDeadLetter', target: discarded?.taskId, after: 'null' });
  expect(JSON.parse(String(done?.before))).toMatchObject({ model: MODEL, code: 'WORKER_CRASHED' });
});

describe('a client that is no operator', () => {
  // Of each gateway, one refusal a second is recorded at once. Others follow when the second is over.
  test.each(transports)('is recorded when it is refused over $name', async ({ ask }) => {
    const [before] = await entries(gateway);
    expect(refusalIn(await ask(gateway.url, SET, { weights: WEIGHTS })).extensions.code).toBe('FORBIDDEN');
    const [refused] = await eventually(
      () => entries(gateway),
      ([newest]) => newest?.id !== before?.id,
    );
    expect(refused).toMatchObject({
      action: 'setRollout',
      outcome: 'REFUSED',
      target: MODEL,
      code: 'FORBIDDEN',
      address: '127.0.0.1',
      asked: null,
    });
    const line = gateway
      .output()
      .split('\n')
      .find((each) => each.includes(String(refused?.id)));
    expect(line).toContain('refused a client that is no operator');
  });

  test('cannot fill the log with refusals, and their number is told', async () => {
    await act(SET, { weights: WEIGHTS });
    const before = await entries(gateway);
    const asks = Array.from({ length: 300 }, () => post(gateway.url, SET, { weights: [] }));
    await Promise.all(asks);
    const since = (all: readonly Entry[]) => all.slice(0, all.length - before.length);
    const countIn = (refusals: readonly Entry[]) =>
      refusals.reduce((sum, { leftOut }) => sum + 1 + Number(leftOut), 0);
    const all = await eventually(
      () => entries(gateway),
      (seen) => countIn(since(seen)) === asks.length,
    );
    expect(since(all).length).toBeLessThan(20);
    expect(all.map(({ id }) => id)).toContain(before[0]?.id);
  });

  test('cannot read the log, which is recorded, too', async () => {
    expect(refusalIn(await post(gateway.url, LOG)).extensions.code).toBe('FORBIDDEN');
    await eventually(
      () => entries(gateway),
      ([newest]) => newest?.action === 'auditLog' && newest.outcome === 'REFUSED',
    );
  });
});

test('an action under which its gateway dies has a begin and no end', async () => {
  await using doomed = await startGateway(nats, { OPERATOR_TOKEN });
  // Moving queued tasks takes a second.
  const acting = post(doomed.url, SET, { weights: WEIGHTS, moveQueued: true }, AS_OPERATOR).catch(() => {});
  await eventually(
    () => entries(gateway),
    ([newest]) => newest?.outcome === 'BEGUN',
  );
  doomed.kill('SIGKILL');
  await acting;
  const [begun, ...before] = await entries(gateway);
  expect(begun).toMatchObject({ action: 'setRollout', outcome: 'BEGUN' });
  expect(before.filter(({ id }) => id === begun?.id)).toEqual([]);
});

test('the log comes in pages without a gap, also past messages that cannot be read', async () => {
  await using inspector = await inspectStreams(nats);
  for (let i = 0; i < 4; i++) {
    await act(SET, { weights: WEIGHTS });
    await inspector.publish(subjects.auditActions('0'), 'no entry');
  }
  const whole = (await page(gateway)).edges;
  const seen: string[] = [];
  let after: string | null = null;
  for (;;) {
    const { edges, pageInfo }: Page = await page(gateway, { first: 3, after });
    expect(edges.length).toBeLessThanOrEqual(3);
    seen.push(...edges.map(({ cursor }) => cursor));
    after = pageInfo.endCursor;
    if (!pageInfo.hasNextPage) break;
  }
  expect(seen).toEqual(whole.map(({ cursor }) => cursor));
  for (const [first, cursor] of [
    [0, null],
    [101, null],
    [1, 'x'],
  ]) {
    const answer = await post(gateway.url, LOG, { first, after: cursor }, AS_OPERATOR);
    expect(refusalIn(answer).extensions.code).toBe('BAD_USER_INPUT');
  }
});

test('entries cannot be deleted', async () => {
  await act(SET, { weights: WEIGHTS });
  const connection = await connect({ servers: nats.url });
  const manager = await jetstreamManager(connection);
  const { state } = await manager.streams.info(streams.audit);
  await expect(manager.streams.deleteMessage(streams.audit, state.last_seq)).rejects.toThrow('not permitted');
  await expect(manager.streams.purge(streams.audit)).rejects.toThrow('not permitted');
  await connection.close();
});

test('an operator can act while the broker does not store entries, and the log has them as errors', async () => {
  const connection = await connect({ servers: nats.url });
  const manager = await jetstreamManager(connection);
  await manager.streams.delete(streams.audit);
  await act(SET, { weights: WEIGHTS });
  await gateway.logged('an audit entry was not stored: only this log has it');
  await connection.close();
  // The stream is made again.
  await eventually(
    async () => {
      await act(SET, { weights: WEIGHTS });
      return entries(gateway);
    },
    ([newest]) => newest?.outcome === 'DONE',
  );
});
