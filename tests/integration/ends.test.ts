/** The store of ends: several writers of one bundle at the same time, lost answers, a full stream, foreign messages. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EndStore } from '../../src/broker/endStore.ts';
import { Notices } from '../../src/broker/notices.ts';
import { Publisher } from '../../src/broker/publisher.ts';
import { StoredMessages } from '../../src/broker/storedMessages.ts';
import type { EndsPart } from '../../src/contract/messages/ends.ts';
import { tasksIn } from '../../src/contract/messages/ends.ts';
import { subjects } from '../../src/contract/subjects.ts';
import { type FinishedTask, TaskState } from '../../src/contract/task.ts';
import { type BundleAddress, newRowAddress, type TaskAddress } from '../../src/contract/taskId.ts';
import { LimitedLog } from '../../src/process/limitedLog.ts';
import { createLog } from '../../src/process/log.ts';
import { eventually } from '../support/eventually.ts';
import { type Broker, HOME, openTestBroker } from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Random, seededRandom } from '../support/random.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';
import { newBundleAddress } from '../support/taskAddresses.ts';

const MODEL = 'trip-duration';
const SECOND = 1_900_000_000;
const OWNER = 'ada';
const WRITERS = 6;
const BUNDLES = 25;
const ROWS = 16;

interface TestBundle {
  readonly address: BundleAddress;
  readonly tasks: readonly TaskAddress[];
}

let nats: NatsServer;
let broker: Broker;
let streams: StreamInspector;

beforeAll(async () => {
  nats = await startNats();
  broker = await openTestBroker(nats, { LOG_LEVEL: 'silent' });
  streams = await inspectStreams(nats);
});

afterAll(async () => {
  for (const opened of [streams, broker, nats]) await opened?.[Symbol.asyncDispose]();
});

function newBundle(rows = ROWS): TestBundle {
  const address = newBundleAddress(MODEL, HOME, SECOND);
  return { address, tasks: Array.from({ length: rows }, (_, row) => newRowAddress(address, row)) };
}

/** Ends of some tasks, in which the writer can be recognized. */
function partOf(tasks: readonly TaskAddress[], writer: number): EndsPart {
  return {
    rows: tasks.map(({ row }) => row),
    secrets: tasks.map(({ secret }) => secret).join(''),
    submittedAt: tasks.map(({ row }) => row),
    modelVersion: '1',
    state: TaskState.Succeeded,
    finishedAt: 1,
    attempts: 1,
    columns: { durationMinutes: tasks.map(({ row }) => writer * 1_000 + row) },
  };
}

function writerOf({ prediction }: FinishedTask): number {
  return Math.floor(Number(prediction?.durationMinutes) / 1_000);
}

/** The store of a process whose messages, and the answers to them, are sometimes lost. */
async function openLossyStore(random: Random) {
  const connection = await connect({ servers: nats.url });
  const manager = await jetstreamManager(connection);
  const log = createLog({ logLevel: 'silent', logFormat: 'json' }, 'test');
  const isConnected = () => true;
  const publisher = new Publisher({
    inboxPrefix: '_INBOX',
    connection,
    ackTimeoutMs: 10_000,
    onNoStream: () => {},
    onUnconfirmed: () => {},
    onWrite: () => {},
  });
  const lossy: Pick<Publisher, 'publish'> = {
    async publish(...message) {
      const loss = random.number(10);
      const lost = { type: 'unanswered', reason: 'lost' } as const;
      if (loss === 0) return lost;
      const outcome = await publisher.publish(...message);
      return loss <= 3 ? lost : outcome;
    },
  };
  const store = new EndStore({
    publisher: lossy as Publisher,
    stored: new StoredMessages({ manager: () => manager, isConnected, log, onFailure: () => {} }),
    notices: new Notices({ connection, isConnected, log: new LimitedLog(log) }),
    former: { isThere: async () => false, makeRoom: async () => {} },
  });
  return { store, [Symbol.asyncDispose]: () => connection.close() };
}

test('six writers of a bundle, with lost messages and answers, give each task one end, and each reader sees it at once and for ever', async () => {
  const random = seededRandom(7);
  await using stack = new AsyncDisposableStack();
  const writers = await Promise.all(
    Array.from({ length: WRITERS }, async () => stack.use(await openLossyStore(random)).store),
  );
  const heard: FinishedTask[] = [];
  stack.use(broker.ends.listen(HOME, (tasks) => heard.push(...tasks)));
  await broker.ends.listenTask(newRowAddress(newBundleAddress(MODEL, HOME, SECOND), 0), () => {});
  /** What a writer knows of tasks once it has stored their ends. */
  const believed: FinishedTask[] = [];
  const read: FinishedTask[] = [];

  const write = async (writer: number, { address, tasks }: TestBundle) => {
    for (let turn = 0; turn < 3; turn++) {
      const some = turn === 2 && writer === 0 ? tasks : tasks.filter(() => random.number(3) === 0);
      if (some.length === 0) continue;
      for (;;) {
        const outcome = await writers[writer]?.store(address, { owner: OWNER }, partOf(some, writer));
        if (outcome?.type === 'unanswered') continue;
        if (outcome?.type !== 'stored') throw new Error(`the ends were not stored: ${outcome?.type}`);
        const known = tasksIn({ address, ...outcome.ends });
        believed.push(...some.map(({ id }) => known.find((task) => task.id === id) as FinishedTask));
        break;
      }
    }
  };
  const watch = async ({ address }: TestBundle, isDone: () => boolean) => {
    for (let before: readonly string[] = []; !isDone(); ) {
      const tasks = tasksIn({ address, ...(await broker.ends.read(address)) });
      const ids = tasks.map(({ id }) => id);
      expect(ids.slice(0, before.length)).toEqual(before);
      before = ids;
      read.push(...tasks);
    }
  };

  const bundles = Array.from({ length: BUNDLES }, () => newBundle());
  for (const bundle of bundles) {
    let isDone = false;
    const watching = watch(bundle, () => isDone);
    await Promise.all(writers.map((_, writer) => write(writer, bundle)));
    isDone = true;
    await watching;
  }

  const ends = new Map<string, FinishedTask>();
  for (const { address, tasks } of bundles) {
    for (const task of tasksIn({ address, ...(await broker.ends.read(address)) })) {
      expect(ends.has(task.id)).toBe(false);
      ends.set(task.id, task);
    }
    for (const { id } of tasks) expect(ends.get(id)).toMatchObject({ id, owner: OWNER, state: 'SUCCEEDED' });
  }
  expect(ends.size).toBe(BUNDLES * ROWS);
  await eventually(
    async () => new Set(heard.map(({ id }) => id)).size,
    (size) => size === ends.size,
  );
  for (const task of [...believed, ...read, ...heard]) expect(task).toEqual(ends.get(task.id));
  // Each of them was the first somewhere, or this test tries nothing.
  expect(new Set([...ends.values()].map(writerOf)).size).toBe(WRITERS);
});

test('ends of one process for one bundle are stored together', async () => {
  const { address, tasks } = newBundle();
  const before = await streams.state('ENDS');
  const outcomes = await Promise.all(
    tasks.map((task) => broker.ends.store(address, { owner: OWNER }, partOf([task], 0))),
  );
  expect(outcomes.every(({ type }) => type === 'stored')).toBe(true);
  const after = await streams.state('ENDS');
  expect(after.messages - before.messages).toBe(1);
  expect(after.last_seq - before.last_seq).toBe(2);
  expect(tasksIn({ address, ...(await broker.ends.read(address)) })).toHaveLength(ROWS);
});

test('an end is given to the task with the right secret only', async () => {
  const { address, tasks } = newBundle(2);
  const [first, second] = tasks;
  if (first === undefined || second === undefined) throw new Error('the bundle has two tasks');
  await broker.ends.store(address, { owner: OWNER }, partOf([first], 3));
  expect(await broker.ends.readTask(first)).toMatchObject({ id: first.id, owner: OWNER });
  expect(await broker.ends.readTask(second)).toBeUndefined();
  const guessed = { ...first, secret: second.secret };
  for (const read of [broker.ends.readTask(guessed), broker.ends.peekTask(guessed)])
    expect(await read).toBeUndefined();
});

test('a full store takes no first end of a bundle, but more ends of bundles that have some', async () => {
  await using own = await startNats();
  await using there = await openTestBroker(own);
  await using inspector = await inspectStreams(own);
  const [known, other] = [newBundle(), newBundle()];
  const store = ({ address, tasks }: TestBundle, from: number, to: number) =>
    there.ends.store(address, { owner: OWNER }, partOf(tasks.slice(from, to), 0));
  expect(await store(known, 0, 3)).toMatchObject({ type: 'stored' });
  await inspector.limit('ENDS', 1);
  expect(await store(other, 0, 3)).toMatchObject({ type: 'full' });
  expect(await store(known, 2, 6)).toMatchObject({ type: 'stored' });
  expect(await there.ends.read(known.address)).toMatchObject({
    parts: [{ rows: [0, 1, 2] }, { rows: [3, 4, 5] }],
  });
  expect(await there.ends.read(other.address)).toEqual({ owner: '', parts: [] });
});

test.each([
  ['no JSON', 'garbage'],
  ['no ends', '{"v":2}'],
  ['a result of 0.2', '{"v":1,"id":"x"}'],
])('%s in the place of ends is replaced by ends', async (_what, text) => {
  const { address, tasks } = newBundle(2);
  await streams.publish(subjects.ends(address, OWNER), text);
  expect(await broker.ends.store(address, { owner: OWNER }, partOf(tasks, 1))).toMatchObject({
    type: 'stored',
  });
  expect(tasksIn({ address, ...(await broker.ends.read(address)) })).toHaveLength(2);
});

test('ends of a newer Tidings are left as they are', async () => {
  const { address, tasks } = newBundle(1);
  await streams.publish(subjects.ends(address, OWNER), '{"v":3}');
  await expect(broker.ends.store(address, { owner: OWNER }, partOf(tasks, 1))).rejects.toThrow(
    'ask a newer gateway',
  );
  expect(await streams.last('ENDS', subjects.ends(address, OWNER))).toEqual({ v: 3 });
});
