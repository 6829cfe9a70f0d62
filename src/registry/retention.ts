/** Which versions of the registry are kept. All functions here are pure. */
import type { RegisteredVersion } from '../broker/broker.ts';
import type { RetiredVersion } from '../contract/messages/versionRecord.ts';
import type { Rollout } from '../contract/rollout.ts';
import { MAX_TIMEOUT_MS } from '../contract/task.ts';

/** A rollout may go back to so many versions that had a share before. */
const FORMER_KEPT = 3;

/** The versions that a rollout names: with a share, even of 0 %, or as shadows. */
export function namedBy(rollout: Pick<Rollout, 'weights' | 'shadow'> | undefined): ReadonlySet<string> {
  const weights = [...(rollout?.weights ?? []), ...(rollout?.shadow?.weights ?? [])];
  return new Set(weights.map(({ version }) => version));
}

/** The versions that had a part of the tasks, the last one first. @param history oldest first. */
export function liveIn(history: readonly Pick<Rollout, 'weights'>[]): readonly string[] {
  const live = history.toReversed().flatMap(({ weights }) => weights.filter(({ percent }) => percent > 0));
  return [...new Set(live.map(({ version }) => version))];
}

/**
 * The versions of a model that are to be retired: all but those that the rollout names, the last three that had a share
 * before, and the newest ones.
 *
 * @param versions of the model, in the order of their numbers. @param history its rollouts, oldest first.
 */
export function outdated(
  versions: readonly RegisteredVersion[],
  history: readonly Rollout[],
  keep: number,
): readonly RegisteredVersion[] {
  const present = versions.filter(({ retired }) => retired === undefined);
  const named = namedBy(history.at(-1));
  const former = liveIn(history).filter((version) => !named.has(version));
  const kept = new Set([...named, ...former.slice(0, FORMER_KEPT)]);
  return present.slice(0, Math.max(0, present.length - keep)).filter(({ version }) => !kept.has(version));
}

/** Whether a version was retired so long ago that no task can wait for it. @param now broker time. */
export function isForgotten(retired: RetiredVersion | undefined, now: number): boolean {
  return retired !== undefined && retired.retiredAt + MAX_TIMEOUT_MS < now;
}
