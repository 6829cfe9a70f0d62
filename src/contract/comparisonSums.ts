/** The comparison of a shadow as gateways exchange it: sums, which can be added up. */
import { COUNT, LONGEST_LIST, NAME } from './bounds.ts';
import { number, object, type Passing, recordOf, text } from './schema.ts';

/** Sums of many gateways stay finite when they are added up. */
const LARGEST_SUM = 1e300;
const SUM = number(`a number within ${LARGEST_SUM}`, -LARGEST_SUM, LARGEST_SUM);

/** Of durations up to some years; see `Durations`. */
const HISTOGRAM_BUCKET = text('the number of a bucket', { pattern: '^-?[0-9]{1,3}$' });

const DURATION_SUMS = object('sums of durations', {
  sumMs: SUM,
  /** How many durations lie in each bucket, by its number. */
  histogram: recordOf('counts by bucket', COUNT, {
    maxProperties: LONGEST_LIST,
    propertyNames: HISTOGRAM_BUCKET,
  }),
});
export type DurationSums = Passing<typeof DURATION_SUMS>;

const DIFFERENCE_SUMS = object('sums of differences', {
  count: COUNT,
  /** Tasks whose two values are not the same. */
  different: COUNT,
  /** Tasks whose values are numbers, or lists of them: of a list, the mean over its numbers is added. */
  measured: COUNT,
  sum: SUM,
  absoluteSum: SUM,
  /** Without its sign; of lists, over all their numbers. */
  largest: SUM,
});
/** Differences of one output, shadow minus counted answer, in its unit. */
export type DifferenceSums = Passing<typeof DIFFERENCE_SUMS>;

export const COMPARISON_SUMS = object('the figures of a version and a shadow of it', {
  version: NAME,
  shadowVersion: NAME,
  /** Tasks that were sent to the shadow. */
  sent: COUNT,
  /** Tasks that both have answered. */
  compared: COUNT,
  /** Tasks that the version has answered, and the shadow failed on. */
  failed: COUNT,
  latency: DURATION_SUMS,
  compute: DURATION_SUMS,
  shadowLatency: DURATION_SUMS,
  shadowCompute: DURATION_SUMS,
  outputs: recordOf('sums by output', DIFFERENCE_SUMS, { maxProperties: LONGEST_LIST, propertyNames: NAME }),
});
/** The figures of one version and one shadow of it. */
export type ComparisonSums = Passing<typeof COMPARISON_SUMS>;
