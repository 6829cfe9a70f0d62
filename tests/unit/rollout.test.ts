/** Which bucket goes to which version, and what a change of the weights moves. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRolloutRecord } from '../../src/contract/messages/rolloutRecord.ts';
import {
  BUCKETS,
  type BucketRange,
  bucketOf,
  bucketsOf,
  movedRanges,
  nextShadow,
  randomBucket,
  versionAt,
  type Weight,
} from '../../src/contract/rollout.ts';
import { bytesOf } from '../support/brokenMessages.ts';

const KEYS = Array.from({ length: 100_000 }, (_, i) => `user-${i}`);
const ALL_ON_1: readonly BucketRange[] = [['1', 0, BUCKETS]];

function weights(shares: Readonly<Record<string, number>>): readonly Weight[] {
  return Object.entries(shares).map(([version, percent]) => ({ version, percent }));
}

/** The owner of every bucket. */
function ownersOf(ranges: readonly BucketRange[]): readonly string[] {
  return ranges.flatMap(([version, from, to]) => Array<string>(to - from).fill(version));
}

function countOf(owners: readonly string[], version: string): number {
  return owners.filter((owner) => owner === version).length;
}

/** Weights that sum to 100, of some of the versions 1 to 6 in any order. */
const anyWeights: fc.Arbitrary<readonly Weight[]> = fc
  .tuple(
    fc.shuffledSubarray(['1', '2', '3', '4', '5', '6'], { minLength: 1 }),
    fc.array(fc.nat({ max: BUCKETS }), { minLength: 5, maxLength: 5 }),
  )
  .map(([versions, cuts]) => {
    const edges = [0, ...cuts.slice(0, versions.length - 1).toSorted((a, b) => a - b), BUCKETS];
    return versions.map((version, i) => ({
      version,
      percent: ((edges[i + 1] ?? 0) - (edges[i] ?? 0)) / 100,
    }));
  });

describe('new weights', () => {
  test('give every version its share and move only as many buckets as versions gain, however often', () => {
    fc.assert(
      fc.property(fc.array(anyWeights, { minLength: 1, maxLength: 8 }), (changes) => {
        let before = ALL_ON_1;
        for (const change of changes) {
          const after = movedRanges(before, change);
          decodeRolloutRecord(bytesOf({ v: 1, weights: change, ranges: after, setAt: 0 }));
          const [old, owners] = [ownersOf(before), ownersOf(after)];
          let gained = 0;
          for (const weight of change) {
            expect(countOf(owners, weight.version)).toBe(bucketsOf(weight));
            gained += Math.max(0, countOf(owners, weight.version) - countOf(old, weight.version));
          }
          expect(owners.filter((owner, bucket) => owner !== old[bucket])).toHaveLength(gained);
          before = after;
        }
      }),
    );
  });

  test('that are the same as before change nothing', () => {
    const ranges = movedRanges(ALL_ON_1, weights({ 1: 33.33, 2: 66.67 }));
    expect(movedRanges(ranges, weights({ 2: 66.67, 1: 33.33 }))).toEqual(ranges);
  });

  test.each([
    [0.01, 1],
    [0.07, 7],
    [99.99, 9_999],
    [33.333, undefined],
    [0.001, undefined],
    [1e-10, undefined],
    [99.9999999999, undefined],
  ])('of %d %% are %s buckets', (percent, buckets) => {
    expect(bucketsOf({ version: '1', percent })).toBe(buckets);
  });
});

describe('100,000 affinity keys', () => {
  const nine = movedRanges(ALL_ON_1, weights({ 1: 90, 2: 10 }));
  const eight = movedRanges(nine, weights({ 1: 80, 2: 20 }));
  const both = new Set(['1', '2']);
  const buckets = KEYS.map((key) => bucketOf('trip-duration', key));
  const at = (ranges: readonly BucketRange[]) => buckets.map((bucket) => versionAt(ranges, bucket, both));

  test('are shared out as the weights say, within 1 %', () => {
    expect(Math.abs(at(nine).filter((version) => version === '2').length / 1_000 - 10)).toBeLessThan(1);
    expect(Math.abs(at(eight).filter((version) => version === '2').length / 1_000 - 20)).toBeLessThan(1);
  });

  test('stay where they are when 90/10 becomes 80/20, but for those that 1 gives to 2', () => {
    const [before, after] = [at(nine), at(eight)];
    const moves = before.flatMap((version, i) => (version === after[i] ? [] : [`${version} to ${after[i]}`]));
    expect(new Set(moves)).toEqual(new Set(['1 to 2']));
    expect(Math.abs(moves.length / 1_000 - 10)).toBeLessThan(1);
  });

  test('fall otherwise in another model', () => {
    const others = KEYS.map((key) => bucketOf('churn', key));
    expect(others.filter((bucket, i) => bucket === buckets[i]).length).toBeLessThan(100);
  });
});

describe('a version that cannot be had', () => {
  const ranges = movedRanges(ALL_ON_1, weights({ 1: 50, 2: 30, 3: 20 }));
  const every = Array.from({ length: BUCKETS }, (_, bucket) => bucket);

  test('gives its buckets to the others in proportion, and nobody else moves', () => {
    const owners = ownersOf(ranges);
    const without = every.map((bucket) => versionAt(ranges, bucket, new Set(['2', '3'])) ?? '');
    for (const bucket of every) if (owners[bucket] !== '1') expect(without[bucket]).toBe(owners[bucket]);
    expect(Math.abs(countOf(without, '2') / BUCKETS - 0.6)).toBeLessThan(0.02);
    expect(Math.abs(countOf(without, '3') / BUCKETS - 0.4)).toBeLessThan(0.02);
  });

  test('that is joined by another one moves only the buckets of that one', () => {
    const without1 = every.map((bucket) => versionAt(ranges, bucket, new Set(['2', '3'])));
    const only3 = every.map((bucket) => versionAt(ranges, bucket, new Set(['3'])));
    for (const bucket of every) if (without1[bucket] === '3') expect(only3[bucket]).toBe('3');
  });

  test('leaves nothing to choose if it is the only one', () => {
    expect(versionAt(ranges, 17, new Set(['4']))).toBeUndefined();
    expect(versionAt([], 17, new Set(['1']))).toBeUndefined();
  });
});

test('a random bucket is one of them', () => {
  for (let i = 0; i < 1_000; i++) expect(ownersOf(ALL_ON_1)[randomBucket()]).toBe('1');
});

describe('a shadow', () => {
  const before = { weights: weights({ 2: 50, 3: 5 }), since: 1 };

  test('that is set again, in any order, goes on', () => {
    expect(nextShadow(before, before.weights.toReversed(), 2)).toBe(before);
  });

  test('of other versions or percents begins anew', () => {
    for (const change of [{ 2: 50 }, { 2: 50, 3: 6 }, { 2: 50, 4: 5 }])
      expect(nextShadow(before, weights(change), 2)).toEqual({ weights: weights(change), since: 2 });
  });

  test('without versions is none', () => {
    expect(nextShadow(before, [], 2)).toBeUndefined();
  });
});
