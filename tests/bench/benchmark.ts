/** What all benchmarks have in common. */

export interface Benchmark {
  readonly name: string;
  /** What it does, for the table's head. */
  readonly about: string;
  /** How often it is measured at most, where once takes long. @default as often as is asked for */
  readonly repetitions?: number;
  /** Starts a system of its own from a revision, ready to be measured again and again. */
  prepare(revision: Revision, settings: Settings): Promise<Prepared>;
}

export interface Prepared extends AsyncDisposable {
  /**
   * One repetition; nothing loads the machine between two.
   *
   * @returns the same figures each time.
   * @throws if an answer was wrong, or none came.
   */
  measure(): Promise<readonly Figure[]>;
}

/** A checkout of Tidings, with what its processes need to run. */
export interface Revision {
  readonly name: string;
  /** Absolute path. */
  readonly root: string;
}

export interface Settings {
  /** How long each load lasts that has no other end. */
  readonly seconds: number;
  /** How many WebSockets the clients of a closed loop share. */
  readonly connections: number;
  /** Jobs that wait in `backlog`. */
  readonly jobs: number;
  /** How long `soak` lasts. */
  readonly minutes: number;
}

export interface Figure {
  /** With the unit, where it is not a share. */
  readonly name: string;
  readonly value: number;
  /** Behind the point, when it is shown. */
  readonly digits: number;
  readonly budget?: Budget;
}

export type Budget = { readonly atLeast: number } | { readonly atMost: number };

export function figure(name: string, digits: number, value: number, budget?: Budget): Figure {
  return { name, digits, value, ...(budget !== undefined && { budget }) };
}

/** Waits on the clock: load has no other end. */
export function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
