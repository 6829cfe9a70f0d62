/** What gateways tell each other of trying a shadow: sums, which can be added up. */

/** Durations as gateways tell them to each other: how many lay in each bucket of the histogram, by its number. */
export interface DurationSums {
  readonly sumMs: number;
  readonly histogram: Readonly<Record<string, number>>;
}

/** Differences of one output, shadow minus counted answer, in its unit. */
export interface DifferenceSums {
  readonly count: number;
  /** Tasks whose two values are not the same. */
  readonly different: number;
  /** Tasks whose values are numbers, or lists of them: of a list, the mean over its numbers is what is summed up. */
  readonly measured: number;
  readonly sum: number;
  readonly absoluteSum: number;
  /** Without its sign; of lists, over all their numbers. */
  readonly largest: number;
}

/** The figures of one version and one shadow of it, as gateways tell them to each other. */
export interface ComparisonSums {
  readonly version: string;
  readonly shadowVersion: string;
  /** Tasks that were sent to the shadow. */
  readonly sent: number;
  /** Tasks that both have answered. */
  readonly compared: number;
  /** Tasks that the version has answered, and the shadow failed on. */
  readonly failed: number;
  readonly latency: DurationSums;
  readonly compute: DurationSums;
  readonly shadowLatency: DurationSums;
  readonly shadowCompute: DurationSums;
  readonly outputs: Readonly<Record<string, DifferenceSums>>;
}
