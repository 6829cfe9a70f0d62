/** The types that all benchmarks share. */

export interface Benchmark {
  readonly name: string;
  /** A description for the head of the table. */
  readonly about: string;
  /** The most repetitions, for a benchmark that takes long. @default as many as requested */
  readonly repetitions?: number;
  /** Leaves it out of a full run, for one that takes long or needs more than a checkout has. */
  readonly onlyByName?: boolean;
  /** Starts a new system from a revision. It can be measured several times. */
  prepare(revision: Revision, settings: Settings): Promise<Prepared>;
}

export interface Prepared extends AsyncDisposable {
  /**
   * Measures one repetition. There is no load between repetitions.
   *
   * @returns the same figures each time.
   * @throws if an answer was wrong, or none came.
   */
  measure(): Promise<readonly Figure[]>;
}

/** A checkout of Tidings in which its processes can run. */
export interface Revision {
  readonly name: string;
  /** Absolute path. */
  readonly root: string;
}

export interface Settings {
  /** The duration of each load without another end. */
  readonly seconds: number;
  /** The number of WebSockets that the clients of a closed loop share. */
  readonly connections: number;
  /** The number of jobs that wait in `backlog`. */
  readonly jobs: number;
  /** The duration of `soak`. */
  readonly minutes: number;
  /** The folder with the data of `trainings`; undefined: it makes some. */
  readonly data: string | undefined;
}

export interface Figure {
  /** The name includes the unit, except for ratios. */
  readonly name: string;
  readonly value: number;
  /** The number of decimals in the output. */
  readonly digits: number;
  /** The row of the figure in a table with a column for each name. @default the figure has a row of its own */
  readonly row?: string;
  readonly budget?: Budget;
}

export type Budget = { readonly atLeast: number } | { readonly atMost: number };

export function figure(name: string, digits: number, value: number, budget?: Budget): Figure {
  return { name, digits, value, ...(budget !== undefined && { budget }) };
}

/** Waits by the clock, since a load has no other end. */
export function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
