/**
 * The population stability index: how far the values of an input have moved between two data. Below 0.1 they are much
 * the same, above 0.25 they are others; so they are commonly read.
 */

/** Takes the place of a smaller share: a bin without rows would make the index infinite. */
const LEAST_SHARE = 1e-4;

/** @param before shares of the bins, which add up to 1. @param after shares of the same bins. */
export function psi(before: readonly number[], after: readonly number[]): number {
  return before.reduce((sum, share, i) => {
    const [then, now] = [Math.max(share, LEAST_SHARE), Math.max(after[i] ?? 0, LEAST_SHARE)];
    return sum + (now - then) * Math.log(now / then);
  }, 0);
}
