/** Shares of the tasks, by version, in percent. They sum to 100. */

export type Shares = ReadonlyMap<string, number>;

/** What is needed of a model. */
interface Answering {
  readonly rollout: readonly { readonly version: string; readonly percent: number }[] | null;
  readonly live: readonly { readonly version: string }[];
  readonly versions: readonly {
    readonly version: string;
    readonly state: string;
    readonly shadowPercent: number;
  }[];
}

/** As they are now, of the versions that may have one. Without a rollout, the version that answers has all. */
export function sharesNow({ rollout, live, versions }: Answering): Shares {
  const staying = versions.filter(({ state }) => state !== 'LEAVING');
  const shares = new Map(staying.map(({ version }) => [version, 0]));
  for (const { version, percent } of rollout ?? []) shares.set(version, percent);
  const [only] = live;
  if (rollout === null && only !== undefined) shares.set(only.version, 100);
  return shares;
}

/** The chances of tasks to be tried on a version. They need not sum to anything. */
export function trialsNow({ versions }: Answering): Shares {
  return new Map(versions.map(({ version, shadowPercent }) => [version, shadowPercent]));
}

/**
 * Gives a version another share. The others keep their proportions, so that the sum stays 100. The first version that gets
 * one has all.
 */
export function withShare(shares: Shares, version: string, percent: number): Shares {
  const others = [...shares].filter(([name]) => name !== version);
  if (others.length === 0 || sumOf(shares) === 0) return onlyOf(shares, version);
  const held = sumOf(new Map(others));
  const rest = hundredths(100 - percent);
  let left = rest;
  const changed = new Map([[version, hundredths(percent)]]);
  for (const [name, share] of others.toSorted(([, a], [, b]) => a - b).slice(0, -1)) {
    const given = held === 0 ? 0 : hundredths((share / held) * rest);
    changed.set(name, given);
    left = hundredths(left - given);
  }
  // The one with the most takes what rounding leaves over.
  const most = others.toSorted(([, a], [, b]) => a - b).at(-1);
  if (most !== undefined) changed.set(most[0], left);
  return new Map([...shares.keys()].map((name) => [name, changed.get(name) ?? 0]));
}

/** One version has all. */
export function onlyOf(shares: Shares, version: string): Shares {
  return new Map([...shares.keys()].map((name) => [name, name === version ? 100 : 0]));
}

/** 0 while no version answers, else 100. */
export function sumOf(shares: Shares): number {
  return [...shares.values()].reduce((sum, share) => sum + share, 0);
}

/** The part of the tasks, in percent, that another version answers then. */
export function movedPercent(now: Shares, then: Shares): number {
  let moved = 0;
  for (const [version, share] of now) moved += Math.max(0, share - (then.get(version) ?? 0));
  return hundredths(moved);
}

export function areEqual(some: Shares, others: Shares): boolean {
  return [...some.keys(), ...others.keys()].every(
    (version) => (some.get(version) ?? 0) === (others.get(version) ?? 0),
  );
}

function hundredths(percent: number): number {
  return Math.round(percent * 100) / 100;
}
