/** The mean absolute error of an output of a version, now and at an earlier time, in the unit of the output. */
export interface LiveErrorChange {
  readonly model: string;
  readonly version: string;
  readonly output: string;
  /** Tasks in it now. */
  readonly count: number;
  readonly mae: number;
  readonly formerMae: number;
}
