/** Calculations with measured numbers. */
import type { Random } from '../support/random.ts';

/** The smallest value that at least `share` of all do not exceed. NaN if there is none. @param sorted ascending. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** The middle value, or the mean of the two in the middle. NaN if there is none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** Endless instants of a Poisson process, in ms from its start: the gaps are independent and exponential. */
export function* poissonInstants(perSecond: number, random: Random): Generator<number, never, void> {
  const meanGapMs = 1_000 / perSecond;
  for (let instantMs = 0; ; ) {
    // 1 - u is above 0. The logarithm of 0 would be infinite.
    instantMs -= Math.log(1 - random.number(2 ** 32) / 2 ** 32) * meanGapMs;
    yield instantMs;
  }
}

/** Each of our values divided by the other revision's next value. A disturbance of both cancels out. */
export function pairedRatios(ours: readonly number[], theirs: readonly number[]): readonly number[] {
  return ours.map((value, i) => value / (theirs[i] ?? Number.NaN));
}
