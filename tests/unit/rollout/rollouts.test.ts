/** What a gateway takes for the rollout of a model while the broker's answers change. */
import { expect, test, vi } from 'vitest';
import type { StoredRollout } from '../../../src/broker/broker.ts';
import type { RolloutRecord } from '../../../src/contract/messages/rolloutRecord.ts';
import { BUCKETS } from '../../../src/contract/rollout.ts';
import type { Model } from '../../../src/models/models.ts';
import { Rollouts } from '../../../src/rollout/rollouts.ts';
import { SILENT } from '../../support/models.ts';

const MODELS = [{ manifest: { name: 'm' }, versions: [] }] as unknown as readonly Model[];

function allOn(version: string, setAt: number): RolloutRecord {
  return { v: 1, weights: [{ version, percent: 100 }], ranges: [[version, 0, BUCKETS]], setAt };
}

/** A broker that answers with what it is given, once it is let. */
function scriptedBroker(first: StoredRollout) {
  let heard: (model: string) => void = () => {};
  const broker = {
    stored: first,
    reads: 0,
    answer: Promise.resolve(),
    /** Tells that there is something new, and resolves once it was read. */
    async tell(stored: StoredRollout): Promise<void> {
      broker.stored = stored;
      heard('m');
      await new Promise(setImmediate);
    },
    now: () => 0,
    onConnectionChange: () => ({ [Symbol.dispose]: () => {} }),
    rollouts: {
      listen: (hear: (model: string) => void) => {
        heard = hear;
        return { [Symbol.dispose]: () => {} };
      },
      read: async () => {
        broker.reads++;
        const { stored } = broker;
        await broker.answer;
        return stored;
      },
      store: async () => ({ type: 'stored' as const }),
    },
  };
  return broker;
}

async function openRollouts(broker: ReturnType<typeof scriptedBroker>): Promise<Rollouts> {
  const options = { broker: broker as never, models: MODELS, log: SILENT };
  return Rollouts.open(options, new AbortController().signal);
}

test('a rollout that cannot be read leaves the known one in force, and is none for a gateway that begins', async () => {
  const broker = scriptedBroker({ revision: 1, record: allOn('1', 10) });
  using rollouts = await openRollouts(broker);
  await broker.tell({ revision: 2, record: undefined, problem: 'v 2 is newer' });
  expect(rollouts.of('m')?.weights).toEqual([{ version: '1', percent: 100 }]);
  using late = await openRollouts(broker);
  expect(late.of('m')).toBeUndefined();
  await broker.tell({ revision: 3, record: allOn('2', 20) });
  expect(late.of('m')?.ranges).toEqual([['2', 0, BUCKETS]]);
});

test('the answer of a broker that lost its data and counts anew is taken', async () => {
  const broker = scriptedBroker({ revision: 1, record: allOn('1', 10) });
  using rollouts = await openRollouts(broker);
  await broker.tell({ revision: 1, record: allOn('2', 20) });
  expect(rollouts.of('m')?.ranges).toEqual([['2', 0, BUCKETS]]);
  await broker.tell({ revision: 0, record: undefined });
  expect(rollouts.of('m')).toBeUndefined();
});

test('a rollout that changes while it is read is read once more, after any number of changes', async () => {
  const broker = scriptedBroker({ revision: 1, record: allOn('1', 10) });
  using rollouts = await openRollouts(broker);
  const answer = Promise.withResolvers<void>();
  broker.answer = answer.promise;
  await broker.tell({ revision: 2, record: allOn('2', 20) });
  for (const setAt of [30, 40, 50]) await broker.tell({ revision: setAt, record: allOn('3', setAt) });
  expect(broker.reads).toBe(2);
  answer.resolve();
  await new Promise(setImmediate);
  expect(broker.reads).toBe(3);
  expect(rollouts.of('m')?.ranges).toEqual([['3', 0, BUCKETS]]);
});

test('a stored rollout without weights means that there is none', async () => {
  using rollouts = await openRollouts(
    scriptedBroker({ revision: 4, record: { v: 1, weights: [], ranges: [], setAt: 1 } }),
  );
  expect(rollouts.of('m')).toBeUndefined();
});

test('a rollout is read again once it is used five seconds after the last read', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const broker = scriptedBroker({ revision: 1, record: allOn('1', 10) });
    using rollouts = await openRollouts(broker);
    broker.stored = { revision: 2, record: allOn('2', 20) };
    vi.advanceTimersByTime(4_900);
    rollouts.of('m');
    await new Promise(setImmediate);
    expect(rollouts.of('m')?.weights).toEqual([{ version: '1', percent: 100 }]);
    vi.advanceTimersByTime(200);
    rollouts.of('m');
    await new Promise(setImmediate);
    expect(rollouts.of('m')?.weights).toEqual([{ version: '2', percent: 100 }]);
    expect(broker.reads).toBe(2);
  } finally {
    vi.useRealTimers();
  }
});
