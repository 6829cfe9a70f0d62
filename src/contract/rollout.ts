/**
 * A rollout: which of a model's versions gets which share of its tasks. Every task has one of 10,000 buckets, and every
 * bucket belongs to one version; the same affinity key always has the same bucket. A change of the weights moves as few
 * buckets as it can, so a key goes to another version only where the weights demand it. A rollout may have shadows,
 * too: versions that a share of the tasks is also tried on. Clients do not see these runs.
 *
 * All functions here are pure. `src/rollout/` stores rollouts and knows the versions.
 */
import { createHash, randomInt } from 'node:crypto';
import { COUNT, INSTANT, LONGEST_LIST, NAME } from './bounds.ts';
import { custom, integer, listOf, number, object, type Passing } from './schema.ts';

/** One is 0.01 % of the tasks. */
export const BUCKETS = 10_000;
const BUCKETS_PER_PERCENT = BUCKETS / 100;

export const BUCKET = integer(`a bucket from 0 to ${BUCKETS - 1}`, 0, BUCKETS - 1);

const WEIGHT = object(
  'a version and its share',
  {
    version: NAME,
    /** 0 to 100, with 2 decimals at most. */
    percent: number('a percentage from 0 to 100', 0, 100),
  },
  {
    /** Hex SHA-256 of the model that the version was when its share was set; absent in messages of older gateways. */
    digest: NAME,
  },
);
export type Weight = Passing<typeof WEIGHT>;

/** Whether a version still holds the model that was given the share: its folder may hold another one by now. */
export function isMeant({ digest }: Weight, sha256: string): boolean {
  return digest === undefined || digest === sha256;
}

const BUCKET_RANGE = custom<readonly [version: string, from: number, to: number]>(
  'a version, its first bucket and the one after its last',
  { type: 'array', items: [NAME, COUNT, COUNT], minItems: 3, maxItems: 3 },
);
/** The buckets of a version from the first on, up to the second, which is not among them. */
export type BucketRange = Passing<typeof BUCKET_RANGE>;

const SHADOW = object('versions to try and since when', {
  /** Each is the chance of a task to be tried on that version too; they need not sum to anything. */
  weights: listOf('a list of versions', WEIGHT, { minItems: 1, maxItems: LONGEST_LIST }),
  /** Since when these versions are tried with these percents: milliseconds since the epoch, broker time. */
  since: INSTANT,
});
/** The versions that tasks are also tried on. */
export type Shadow = Passing<typeof SHADOW>;

export const ROLLOUT_MEMBERS = {
  /** They sum to 100. Without any, no rollout is set, and `ranges` is empty. */
  weights: listOf('a list of versions', WEIGHT, { maxItems: LONGEST_LIST }),
  /** In order and without gaps: every bucket lies in one. A version may have several. */
  ranges: listOf('a list of ranges', BUCKET_RANGE, { maxItems: BUCKETS }),
};
export const ROLLOUT_OPTIONAL = {
  /** Absent if there are none. */
  shadow: SHADOW,
};
const ROLLOUT = object('a rollout', ROLLOUT_MEMBERS, ROLLOUT_OPTIONAL);
export type Rollout = Passing<typeof ROLLOUT>;

/**
 * The shadow of a rollout that is set.
 *
 * @param before the shadow until now. If the weights are the same, it goes on, together with its comparisons.
 * @param now broker time.
 */
export function nextShadow(
  before: Shadow | undefined,
  weights: readonly Weight[],
  now: number,
): Shadow | undefined {
  if (weights.length === 0) return undefined;
  return before !== undefined && textOf(before.weights) === textOf(weights)
    ? before
    : { weights, since: now };
}

/** The bucket of an affinity key: the same on every gateway, for as long as the model has its name. */
export function bucketOf(model: string, affinityKey: string): number {
  return hashOf(model, affinityKey) % BUCKETS;
}

export function randomBucket(): number {
  return randomInt(BUCKETS);
}

/** Percents as whole buckets; undefined where one is finer than a bucket. */
export function bucketsOf({ percent }: Weight): number | undefined {
  // Rounded, as 0.07 * 100 is 7.000000000000001; but 7 / 100 is the very number that 0.07 is read as.
  const buckets = Math.round(percent * BUCKETS_PER_PERCENT);
  return buckets / BUCKETS_PER_PERCENT === percent ? buckets : undefined;
}

/**
 * The ranges of new weights, made from the old ones: only as many buckets change hands as the versions that gain are
 * to gain.
 *
 * @param before covers every bucket.
 * @param weights of different versions, whole buckets each, that sum to 100.
 */
export function movedRanges(
  before: readonly BucketRange[],
  weights: readonly Weight[],
): readonly BucketRange[] {
  const lacking = new Map(weights.map((weight) => [weight.version, bucketsOf(weight) ?? 0]));
  const kept: BucketRange[] = [];
  const free: [from: number, to: number][] = [];
  // Each version keeps the first of its buckets, so a share that shrinks and grows again finds the same ones.
  for (const [version, from, to] of before) {
    const end = Math.min(to, from + (lacking.get(version) ?? 0));
    if (end > from) kept.push([version, from, end]);
    if (end < to) free.push([end, to]);
    lacking.set(version, (lacking.get(version) ?? 0) - (end - from));
  }
  const given: BucketRange[] = [];
  for (const { version } of weights) {
    for (let lack = lacking.get(version) ?? 0; lack > 0; ) {
      const span = free.shift();
      if (span === undefined) throw new Error('weights that sum to 100 need no more buckets than there are');
      const [from, to] = span;
      const end = Math.min(to, from + lack);
      given.push([version, from, end]);
      if (end < to) free.unshift([end, to]);
      lack -= end - from;
    }
  }
  return joined([...kept, ...given]);
}

/**
 * The version that a bucket goes to.
 *
 * @param among the versions that are available. The buckets of any other version go to these in proportion to their
 *   own, each bucket to a fixed one. If a version comes or goes, only its own buckets change hands.
 * @returns undefined if none of the rollout's versions is among them.
 */
export function versionAt(
  ranges: readonly BucketRange[],
  bucket: number,
  among: ReadonlySet<string>,
): string | undefined {
  const owner = ranges.find(([, , to]) => bucket < to)?.[0];
  if (owner !== undefined && among.has(owner)) return owner;
  const sizes = new Map<string, number>();
  for (const [version, from, to] of ranges) {
    if (among.has(version)) sizes.set(version, (sizes.get(version) ?? 0) + to - from);
  }
  // Weighted rendezvous hashing: each version draws a lot for the bucket, and the more it has the shorter they are.
  let best: { readonly version: string; readonly lot: number } | undefined;
  for (const [version, size] of sizes) {
    const lot = -Math.log((hashOf(version, String(bucket)) + 1) / HASHES) / size;
    if (best === undefined || lot < best.lot) best = { version, lot };
  }
  return best?.version;
}

const HASH_BYTES = 6;
const HASHES = 2 ** (8 * HASH_BYTES);

/** A whole number from 0 on, below `HASHES`. */
function hashOf(...texts: readonly string[]): number {
  return createHash('sha256').update(JSON.stringify(texts)).digest().readUIntBE(0, HASH_BYTES);
}

/** The same for the same weights in any order. */
function textOf(weights: readonly Weight[]): string {
  return weights
    .map(({ version, percent }) => `${version}=${percent}`)
    .toSorted()
    .join(' ');
}

/** Ordered, and neighbours of one version as one. */
function joined(ranges: readonly BucketRange[]): readonly BucketRange[] {
  const result: BucketRange[] = [];
  for (const range of ranges.toSorted(([, a], [, b]) => a - b)) {
    const [version, from, to] = range;
    const last = result.at(-1);
    if (last?.[0] === version && last[2] === from) result[result.length - 1] = [version, last[1], to];
    else result.push(range);
  }
  return result;
}
