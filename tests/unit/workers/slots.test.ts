/** Who gets the slots of a worker, told by a clock that only runs move on. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Flow, Slots } from '../../../workers/slots.ts';

/** Sessions that always have a next batch, on one slot; each run takes a millisecond unless told otherwise. */
class Line {
  readonly ran: string[] = [];
  readonly slots: Slots;
  #now = 0;

  constructor() {
    this.slots = new Slots(1, { usersTakeTurns: true, clock: () => this.#now });
  }

  share(weight: number): Flow {
    return { weight, virtualTime: 0 };
  }

  async runs(name: string, share: Flow, count: number, lengthMs = 1): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.slots.run(share, async () => {
        await setImmediate();
        this.#now += lengthMs;
        this.ran.push(name);
      });
    }
  }

  /** Of the runs from one index to another. */
  count(name: string, from = 0, to = this.ran.length): number {
    return this.ran.slice(from, to).filter((ran) => ran === name).length;
  }
}

describe('while models compete', () => {
  test('each has the time of its weight', async () => {
    const line = new Line();
    await Promise.all([line.runs('a', line.share(3), 300), line.runs('b', line.share(1), 300)]);
    expect(line.count('a', 0, 200)).toBeGreaterThanOrEqual(149);
    expect(line.count('a', 0, 200)).toBeLessThanOrEqual(151);
  });

  test('each model has the same time, not the same number of runs', async () => {
    const line = new Line();
    await Promise.all([line.runs('short', line.share(1), 500, 1), line.runs('long', line.share(1), 100, 5)]);
    expect(line.count('short', 0, 240)).toBeGreaterThanOrEqual(198);
    expect(line.count('short', 0, 240)).toBeLessThanOrEqual(202);
  });

  test('versions of a model have one share together', async () => {
    const line = new Line();
    const shared = line.share(1);
    await Promise.all([
      line.runs('a1', shared, 100),
      line.runs('a2', shared, 100),
      line.runs('b', line.share(1), 100),
    ]);
    expect(line.count('b', 0, 100)).toBeGreaterThanOrEqual(49);
    expect(line.count('a1', 0, 100)).toBeGreaterThanOrEqual(24);
    expect(line.count('a2', 0, 100)).toBeGreaterThanOrEqual(24);
  });

  test('a model whose lanes take turns has the time of its weight too', async () => {
    const line = new Line();
    const heavy = line.share(3);
    const turns = new Slots(1);
    const lanes = ['interactive', 'bulk'].map(async (name) => {
      const share = line.share(1);
      for (let i = 0; i < 200; i++) await turns.run(share, () => line.runs(name, heavy, 1));
    });
    await Promise.all([...lanes, line.runs('b', line.share(1), 200)]);
    expect(line.count('b', 0, 200)).toBeGreaterThanOrEqual(49);
    expect(line.count('b', 0, 200)).toBeLessThanOrEqual(51);
  });

  test('a model with a small weight gets its time too', async () => {
    const line = new Line();
    const heavy = line.share(100);
    await Promise.all([
      ...['a', 'b', 'c'].map((name) => line.runs(name, heavy, 400)),
      line.runs('small', line.share(1), 5),
    ]);
    expect(line.count('small', 0, 520)).toBeGreaterThanOrEqual(5);
  });
});

test('time that a share does not use goes to the others, and is not saved up', async () => {
  const line = new Line();
  const [late, busy] = [line.share(1), line.share(1)];
  await line.runs('busy', busy, 1_000);
  expect(line.ran).toHaveLength(1_000);
  await Promise.all([line.runs('busy', busy, 50), line.runs('late', late, 50)]);
  expect(line.count('late', 1_000, 1_050)).toBeGreaterThanOrEqual(24);
  expect(line.count('late', 1_000, 1_050)).toBeLessThanOrEqual(26);
});

test('a share of last resort gets a slot only while no other waits', async () => {
  const line = new Line();
  const last: Flow = { weight: 1, virtualTime: 0, lastResort: true };
  await Promise.all([
    line.runs('last', last, 20),
    line.runs('a', line.share(1), 50, 5),
    line.runs('b', line.share(1), 50, 5),
  ]);
  // The first that asked has the free slot.
  expect(line.count('last', 0, 101)).toBe(1);
  expect(line.count('last')).toBe(20);
});

test('slots are calm as soon as no work waits for one', async () => {
  const slots = new Slots(1);
  const share = { weight: 1, virtualTime: 0 };
  const ran: string[] = [];
  await slots.calm();
  const runs = ['a', 'b', 'c'].map((name) =>
    slots.run(share, async () => {
      await setImmediate();
      ran.push(name);
    }),
  );
  await slots.calm();
  // The last of them has its slot by now, and has not ended.
  expect(ran).toEqual(['a', 'b']);
  await Promise.all(runs);
});

test('no more work goes on at once than there are slots, and one that fails leaves its slot', async () => {
  const slots = new Slots(2);
  const share = { weight: 1, virtualTime: 0 };
  let [going, most] = [0, 0];
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) =>
      slots.run(share, async () => {
        most = Math.max(most, ++going);
        await setImmediate();
        going--;
        if (i % 3 === 0) throw new Error(`run ${i}`);
        return i;
      }),
    ),
  );
  expect(most).toBe(2);
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(7);
  await expect(slots.run(share, async () => 'a slot is free')).resolves.toBe('a slot is free');
});

test('runs with the same place go on one after the other, and leave their slots to others meanwhile', async () => {
  const slots = new Slots(2);
  const share = { weight: 1, virtualTime: 0 };
  const place = {};
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const run = (name: string, until?: Promise<void>, where?: object) =>
    slots.run(
      share,
      async () => {
        order.push(name);
        await until;
      },
      where,
    );
  const waiting = [run('first', first.promise, place), run('second', undefined, place)];
  await run('elsewhere', undefined, {});
  await run('anywhere');
  expect(order).toEqual(['first', 'elsewhere', 'anywhere']);
  first.resolve();
  await Promise.all(waiting);
  expect(order).toEqual(['first', 'elsewhere', 'anywhere', 'second']);
});
