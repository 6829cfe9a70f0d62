/** Moves of one queue at the same time: every task stays there at least once. */
import { expect, test } from 'vitest';
import {
  addressIn,
  type Bundle,
  decodeBundle,
  type QueuedBundle,
} from '../../src/contract/messages/bundle.ts';
import { encodeMessage } from '../../src/contract/messages/decoder.ts';
import type { MovedNotice } from '../../src/contract/messages/notices.ts';
import { QueueMove, type QueueMoveOptions } from '../../src/rollout/queueMove.ts';
import { eventually } from '../support/eventually.ts';
import { type Broker, HOME, openTestBroker, tripBundle, tripJob } from '../support/jobs.ts';
import { startNats } from '../support/natsServer.ts';
import { inspectStreams } from '../support/streams.ts';

const MODEL = 'trip-duration';
const JOBS = `JOBS_${MODEL}`;
const BUNDLES = 40;
const ROWS = 3;
const AT_ONCE = 32;

type MoveBroker = QueueMoveOptions['broker'];

/** Queues bundles of which each has a task in each of the first buckets. */
async function queueBundles(broker: Broker, count: number): Promise<readonly Bundle[]> {
  const bundles = Array.from({ length: count }, () => tripBundle(broker, [...new Array(ROWS).keys()]));
  for (const bundle of bundles) expect(await broker.storeBundle(bundle)).toEqual({ type: 'stored' });
  return bundles;
}

function idsOf(bundles: readonly QueuedBundle[]): readonly string[] {
  return bundles.flatMap((bundle) => bundle.rows.map((_, i) => addressIn(bundle, i).id));
}

/** The bundles that wait for a version. */
async function queuedFor(broker: Broker, version: string): Promise<readonly QueuedBundle[]> {
  const bundles: QueuedBundle[] = [];
  for (let from = 1; ; ) {
    const stored = await broker.nextJobOf(MODEL, version, from);
    if (stored === undefined) return bundles;
    bundles.push(decodeBundle(stored.data, stored.subject));
    from = stored.sequence + 1;
  }
}

/** A move of the tasks of all other versions to the version of each bucket. */
function moveOf(broker: MoveBroker, versionAt: (bucket: number) => string, stays: readonly string[] = []) {
  return new QueueMove({ broker, model: MODEL, stays: new Set(stays), versionAt });
}

test('the tasks of a bundle go to the versions of their buckets, and their home hears of it', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  for (const version of ['2', '3']) await broker.ensureVersion(MODEL, version);
  const notices: MovedNotice[] = [];
  using _listening = broker.notices.listenMoved(HOME, (notice) => notices.push(notice));
  const bundles = await queueBundles(broker, 2);

  const move = moveOf(broker, (bucket) => String(bucket + 1));
  await move.run();
  expect(move).toMatchObject({ moved: 4, held: 0, stoppedBy: undefined });
  const ids = idsOf(bundles);
  // A move stores several copies at a time, so they may change places.
  for (const [row, version] of ['1', '2', '3'].entries()) {
    const moved = await queuedFor(broker, version);
    const queued = bundles.flatMap(({ address: { bundle } }) =>
      moved.filter(({ address }) => address.bundle === bundle),
    );
    expect(queued.map(({ rows }) => rows)).toEqual([[row], [row]]);
    expect(idsOf(queued)).toEqual(ids.filter((_, i) => i % ROWS === row));
    expect(queued.map(({ columns }) => columns.pickupLocationId)).toEqual(
      bundles.map(({ columns }) => [Reflect.get(columns.pickupLocationId ?? [], row)]),
    );
  }
  await eventually(
    async () => notices,
    ({ length }) => length === 2,
  );
  const told = notices.map(({ version, taskIds }) => ({ version, taskIds: new Set(taskIds) }));
  expect(told.toSorted((a, b) => Number(a.version) - Number(b.version))).toEqual([
    { version: '2', taskIds: new Set(ids.filter((_, i) => i % ROWS === 1)) },
    { version: '3', taskIds: new Set(ids.filter((_, i) => i % ROWS === 2)) },
  ]);
});

test('a move back loses no task, also while the first move has stored copies and not yet deleted the originals', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  await broker.ensureVersion(MODEL, '2');
  const bundles = await queueBundles(broker, BUNDLES);

  const stopped = stopBeforeDeleting(broker);
  const there = moveOf(stopped.broker, () => '2', ['2']).run();
  await stopped.reached;
  await moveOf(broker, () => '1', ['1']).run();
  stopped.goOn();
  await there;

  const left = [...(await queuedFor(broker, '1')), ...(await queuedFor(broker, '2'))];
  expect(new Set(idsOf(left))).toEqual(new Set(idsOf(bundles)));
});

test('a move that stopped after it stored some of its copies is completed by the next move', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  await using streams = await inspectStreams(nats);
  await broker.ensureVersion(MODEL, '2');
  const bundles = await queueBundles(broker, AT_ONCE);
  // The copies of a gateway that was killed before it deleted the originals. It had moved two of the buckets.
  const killed = stopBeforeDeleting(broker);
  void moveOf(killed.broker, (bucket) => (bucket === 0 ? '1' : '2')).run();
  await killed.reached;

  await moveOf(broker, () => '2', ['2']).run();
  expect(await queuedFor(broker, '1')).toEqual([]);
  const queued = await queuedFor(broker, '2');
  expect(idsOf(queued)).toHaveLength(AT_ONCE * ROWS);
  expect(new Set(idsOf(queued))).toEqual(new Set(idsOf(bundles)));
  expect((await streams.state(JOBS)).messages).toBe(2 * AT_ONCE);
});

test('a job of 0.2 moves as 0.2 wrote it; pinned, overdue and unreadable ones stay', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  await using streams = await inspectStreams(nats);
  await broker.ensureVersion(MODEL, '2');
  const queue = async (changes: object, version = '1') => {
    const deadline = Math.floor(broker.now()) + 60_000;
    const second = Math.ceil(deadline / 1000);
    const taskId = `trip_duration_${HOME}_${second}_${'0123456789abcdef01234567'}`;
    const job = { ...tripJob(broker, 1), taskId, deadline, submittedAt: deadline - 60_000, ...changes };
    await streams.publish(`jobs.${MODEL}.${version}.interactive.${second}.${taskId}`, encodeMessage(job));
    return job;
  };
  const moved = await queue({ bucket: 7, trace: '00-1-2-00' });
  const pinned = { ...tripBundle(broker, [1]), buckets: undefined };
  const overdue = tripBundle({ now: () => broker.now() - 400_000 }, [1]);
  for (const bundle of [pinned, overdue])
    expect(await broker.storeBundle(bundle)).toEqual({ type: 'stored' });
  await streams.publish(`jobs.${MODEL}.1.interactive.9999999999.x`, 'no job');
  expect((await streams.state(JOBS)).messages).toBe(4);

  const move = moveOf(broker, () => '2');
  await move.run();
  expect(move).toMatchObject({ moved: 1, held: 0, stoppedBy: undefined });
  expect((await streams.state(JOBS)).messages).toBe(4);
  const stored = await streams.last(JOBS, `jobs.${MODEL}.2.interactive.*.*`);
  expect(stored).toEqual({ ...moved, version: '2' });
});

/** The same broker, but deletions wait. `reached` resolves once those of one full step have started. */
function stopBeforeDeleting(broker: MoveBroker) {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  const stopping: MoveBroker = {
    queuedVersions: (model) => broker.queuedVersions(model),
    nextJobOf: (model, version, from) => broker.nextJobOf(model, version, from),
    queuedAt: (bundle) => broker.queuedAt(bundle),
    handedOutUntil: (model, version, lane) => broker.handedOutUntil(model, version, lane),
    storeBundle: (bundle, expected) => broker.storeBundle(bundle, expected),
    async deleteJob(model, sequence) {
      asked++;
      if (asked === AT_ONCE) reached.resolve();
      await gate.promise;
      await broker.deleteJob(model, sequence);
    },
    now: () => broker.now(),
    notices: broker.notices,
  };
  return { broker: stopping, reached: reached.promise, goOn: () => gate.resolve() };
}
