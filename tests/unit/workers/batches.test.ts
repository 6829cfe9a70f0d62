/** How a worker makes batches of the rows that have arrived. */
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../../src/models/manifest.ts';
import { type Batch, Batches } from '../../../workers/batches.ts';
import { BundleAssignment } from '../../../workers/bundleAssignment.ts';
import { bundleOfJobs, jobFor, together } from '../../support/jobs.ts';
import { bundleOf, deliveryOf, HandFed, MadeBroker, manifest as numbers } from '../../support/madeWork.ts';

interface OpenOptions {
  readonly maxRows: number;
  readonly maxWaitMs?: number;
  readonly manifest?: Manifest;
}

function open({ maxRows, maxWaitMs = 0, manifest = numbers }: OpenOptions) {
  const source = new HandFed();
  const broker = new MadeBroker();
  const options = { ...broker.options, source, manifest };
  const read = (delivery: ReturnType<typeof deliveryOf>) => new BundleAssignment(delivery, options);
  const batches = new Batches({ ...options, maxRows, maxWaitMs, read: read as never });
  let x = 0;
  /** Rows with the values 0, 1, 2, …, over all deliveries. */
  const feed = (...sizes: readonly number[]) => {
    const deliveries = sizes.map((size) => deliveryOf(bundleOf(Array.from({ length: size }, () => x++))));
    source.feed(...deliveries);
    return deliveries;
  };
  const next = async () => ((await batches.arrival()) ? valuesIn(batches.take()) : undefined);
  return { source, broker, batches, feed, next };
}

function valuesIn({ picks }: Batch) {
  return picks.flatMap(({ assignment, rows }) => rows.map((row) => assignment.columns.x?.[row]));
}

describe('a batch', () => {
  test('has what has arrived, in whole bundles: one that does not fit waits for the next batch', async () => {
    const { feed, next } = open({ maxRows: 4 });
    feed(1, 2, 2, 4);
    expect(await next()).toEqual([0, 1, 2]);
    expect(await next()).toEqual([3, 4]);
    expect(await next()).toEqual([5, 6, 7, 8]);
  });

  test('has a part of a bundle that is larger than a batch', async () => {
    const { feed, next } = open({ maxRows: 4 });
    feed(9);
    expect([await next(), await next(), await next()]).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], [8]]);
  });

  test('gathers while the one before is in work', async () => {
    const { feed, next } = open({ maxRows: 64 });
    feed(1);
    expect(await next()).toEqual([0]);
    for (let i = 0; i < 5; i++) feed(1);
    expect(await next()).toEqual([1, 2, 3, 4, 5]);
  });

  test('waits to be fuller only if the model asks for it, and not once it is full', async () => {
    const { feed, next } = open({ maxRows: 3, maxWaitMs: 1_000_000 });
    const batch = next();
    feed(1);
    feed(1);
    feed(1);
    expect(await batch).toEqual([0, 1, 2]);
  });

  test('is full before a run is over once so many rows have arrived, or not at all', async () => {
    const { batches, feed, next } = open({ maxRows: 2 });
    feed(1);
    await next();
    const [short, long] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const answers = [batches.isFullBefore(short.promise), batches.isFullBefore(long.promise)];
    feed(1);
    short.resolve();
    expect(await answers[0]).toBe(false);
    feed(1);
    expect(await answers[1]).toBe(true);
    long.resolve();
  });

  test('is closed when the wait is over, and rows that come later are in the next', async () => {
    const { feed, next } = open({ maxRows: 3, maxWaitMs: 1 });
    feed(1);
    expect(await next()).toEqual([0]);
    feed(2);
    expect(await next()).toEqual([1, 2]);
  });

  test('has no row that is overdue when it is formed: the row expires', async () => {
    const { broker, batches, feed } = open({ maxRows: 4 });
    const [delivery] = feed(2);
    await batches.arrival();
    broker.time += 1_000;
    expect(valuesIn(batches.take())).toEqual([]);
    await batches.settled();
    expect(broker.log).toEqual(['end EXPIRED of 0,1', 'finished 2']);
    expect(delivery?.verdicts).toEqual(['ack']);
  });
});

test('a worker that stops hands back the bundles that do not run, also those of a batch that was formed ahead', async () => {
  const { source, batches, feed, next } = open({ maxRows: 2 });
  const deliveries = feed(2, 2, 1);
  expect(await next()).toEqual([0, 1]);
  await new Promise(setImmediate);
  source.end();
  await new Promise(setImmediate);
  expect(await batches.arrival()).toBe(false);
  expect(deliveries.map(({ verdicts }) => verdicts)).toEqual([[], ['handed back'], ['handed back']]);
});

describe('where shapes vary', () => {
  const varying = (axis: object) => {
    const tensor = { name: 'x', tensor: 'x', type: 'float32', shape: ['length'], pad: 0 };
    const outputs = [{ ...tensor, name: 'y' }];
    return { ...numbers, inputs: [tensor], outputs, axes: { length: axis } } as unknown as Manifest;
  };
  /** A bundle of tensors of these lengths. */
  const tensors = (...lengths: readonly number[]) => {
    const now = new MadeBroker().time;
    const jobs = lengths.map((length) => {
      const x = { shape: [length], base64: new Uint8Array(4 * length).toBase64() };
      return jobFor({ now: () => now }, { model: 'price', input: { x }, timeoutMs: 1_000 });
    });
    return deliveryOf(bundleOfJobs(together(jobs)));
  };
  const lengthsIn = (values: readonly unknown[] | undefined) =>
    values?.map((value) => (value as { readonly shape: readonly number[] }).shape[0]);

  test('a batch has rows of one shape, that of the row that has waited for longest', async () => {
    const { source, next } = open({ maxRows: 3, manifest: varying({ minimum: 1, maximum: 9 }) });
    source.feed(tensors(1), tensors(2, 1, 2), tensors(2), tensors(1, 3), tensors(1));
    const batches = [];
    for (let i = 0; i < 4; i++) batches.push(lengthsIn(await next()));
    expect(batches).toEqual([[1, 1, 1], [2, 2, 2], [3], [1]]);
  });

  test('rows that are padded to the same bucket run together', async () => {
    const { source, next } = open({
      maxRows: 8,
      manifest: varying({ minimum: 1, maximum: 9, buckets: [2, 9] }),
    });
    source.feed(tensors(1, 3, 2, 9));
    expect(lengthsIn(await next())).toEqual([1, 2]);
    expect(lengthsIn(await next())).toEqual([3, 9]);
  });

  test('a batch is full once rows of its shape fill it', async () => {
    const { source, batches, next } = open({ maxRows: 2, manifest: varying({ minimum: 1, maximum: 9 }) });
    source.feed(tensors(1));
    await next();
    const [other, same] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const isFull = [batches.isFullBefore(other.promise), batches.isFullBefore(same.promise)];
    source.feed(tensors(1, 2), tensors(3, 3));
    await batches.arrival();
    other.resolve();
    expect(await isFull[0]).toBe(false);
    source.feed(tensors(1));
    expect(await isFull[1]).toBe(true);
    same.resolve();
    expect(lengthsIn(await next())).toEqual([1, 1]);
  });
});
