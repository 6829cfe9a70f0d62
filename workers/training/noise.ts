/** How much the difference of two figures depends on which rows happen to be there: a paired bootstrap. */
import type { Figure } from './metrics.ts';

const RESAMPLES = 200;
/** Two-sided, 95 %. */
const TAIL = 0.025;
/** The same rows give the same verdict. */
const SEED = 0x5eed;

/**
 * Whether the difference of two figures over the same rows is within their noise: of 200 resamples of the rows, the middle
 * 95 % contain a difference of 0.
 *
 * @param rows the weight of each row, 1 or 0.
 */
export function isWithinNoise(first: Figure, second: Figure, rows: Float64Array): boolean {
  const picked = [...rows.keys()].filter((row) => rows[row] !== 0);
  const random = randomNumbers(SEED);
  const weights = new Float64Array(rows.length);
  const differences = Array.from({ length: RESAMPLES }, () => {
    weights.fill(0);
    for (let draw = 0; draw < picked.length; draw++) {
      const row = picked[Math.floor(random() * picked.length)] ?? 0;
      weights[row] = (weights[row] ?? 0) + 1;
    }
    return first(weights) - second(weights);
  })
    // A resample without any row of yes has no area under its curve.
    .filter((difference) => !Number.isNaN(difference))
    .toSorted((a, b) => a - b);
  if (differences.length === 0) return true;
  const least = differences[Math.floor(TAIL * differences.length)] ?? 0;
  const most = differences[Math.ceil((1 - TAIL) * differences.length) - 1] ?? 0;
  return least <= 0 && most >= 0;
}

/** Mulberry32: numbers from 0 to 1, always the same for a seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
