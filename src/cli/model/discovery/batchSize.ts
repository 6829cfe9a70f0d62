/** Proposes the most rows of a run: the largest number that still makes a row cheaper, in a few measured runs. */
import type { Base, GraphTrials } from './graphTrials.ts';

export const USUAL_BATCH = 64;
/** A full batch that takes less needs no search. */
const FAST_MS = 4;
/** A row must become cheaper by so much where a batch has twice the rows. */
const GAIN = 0.95;
/** Other tasks wait for a run. */
const LONGEST_RUN_MS = 1_000;
/** The best of several runs counts: other programs make some of them slow. */
const LEAST_REPEATS = 2;
const MOST_REPEATS = 10;
/** So long runs are repeated more than the least. */
const REPEAT_MS = 100;
const MOST_BYTES = 64 * 2 ** 20;

/** @param runTimeoutMs the longest run that the manifest allows. */
export async function proposeBatchSize(
  trials: GraphTrials,
  base: Base,
  runTimeoutMs: number,
): Promise<number> {
  const row = trials.row(base, 1);
  const bytes = Object.values(row).reduce((sum, { data }) => sum + 8 * data.length, 0);
  const most = Math.max(1, Math.min(USUAL_BATCH, 2 ** Math.floor(Math.log2(MOST_BYTES / bytes))));
  const timeOf = async (rows: number): Promise<number> => {
    let best = Number.POSITIVE_INFINITY;
    const until = performance.now() + REPEAT_MS;
    for (let i = 0; i < LEAST_REPEATS || (i < MOST_REPEATS && performance.now() < until); i++) {
      const run = await trials.runTogether(new Array(rows).fill(row), base.view);
      best = Math.min(best, run?.computeMs ?? Number.POSITIVE_INFINITY);
    }
    return best;
  };
  const longest = Math.min(LONGEST_RUN_MS, runTimeoutMs / 4);
  const one = await timeOf(1);
  if (one * most < longest && (await timeOf(most)) <= FAST_MS) return most;
  let size = 1;
  let perRow = one;
  while (2 * size <= most && 2 * size * perRow <= longest) {
    const time = (await timeOf(2 * size)) / (2 * size);
    if (!(time < GAIN * perRow)) break;
    size *= 2;
    perRow = time;
  }
  return size;
}
