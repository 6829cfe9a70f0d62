/**
 * `training` in the manifest: how versions of a model are trained and judged. `models/manifest.schema.json` explains each
 * member. Training, scoring and the reports of datasets read columns of data files by it.
 */

/** A parameter of the recipe, which a client may set. */
export type TrainingParam = NumberParam | BooleanParam | ChoiceParam;

interface Param {
  /** As the recipe calls it, and the GraphQL field. */
  readonly name: string;
  readonly description: string;
}

interface NumberParam extends Param {
  readonly type: 'int32' | 'float64';
  readonly unit: string;
  /** Both are included. */
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number;
}

interface BooleanParam extends Param {
  readonly type: 'boolean';
  readonly default: boolean;
}

interface ChoiceParam extends Param {
  readonly type: 'choice';
  readonly values: readonly string[];
  readonly default: string;
}

/** A figure that a new version must reach, over the hold-out rows. */
export interface MetricGate {
  readonly output: string;
  readonly metric: 'rmse' | 'mae' | 'bias' | 'r2' | 'auc' | 'logLoss' | 'accuracy';
  /** Limits of the figure itself; of `bias`, of its absolute value. */
  readonly most?: number;
  readonly least?: number;
  /** The limit of the figure, divided by that of the live version. */
  readonly mostRatioToLive?: number;
  readonly leastRatioToLive?: number;
}

/** The same figures over a part of the hold-out rows. */
export interface SliceGate {
  readonly name: string;
  /** An SQL condition over the columns of the data. */
  readonly where: string;
  readonly mostRatioToLive?: number;
  readonly leastRatioToLive?: number;
  /** With fewer rows the slice is not judged. */
  readonly leastRows: number;
}

export interface Gate {
  readonly metrics: readonly MetricGate[];
  readonly slices: readonly SliceGate[];
  /** Of the 95th percentile of runs of `maxBatchSize` rows, in milliseconds. */
  readonly mostRunMs?: number;
  /** Of the version's files. */
  readonly mostBytes?: number;
}

export interface ManifestTraining {
  /** A file of the model's folder, which `npm run train` runs, too. Absent where there is a `command`. */
  readonly recipe?: string;
  /** A program in another language, and its arguments; it speaks frames, see docs/training.md. */
  readonly command?: readonly string[];
  /** Trainers take the steps of the classes that they have. */
  readonly class: string;
  /** From submission until an unfinished training expires, in milliseconds. */
  readonly timeoutMs: number;
  /** A try without any progress for so long is ended. */
  readonly stallMs: number;
  /** Tries of a step whose process dies. */
  readonly maxAttempts: number;
  /** The column of each input in the data; of an input that is left out, the column of its name or its tensor. */
  readonly columns: Readonly<Record<string, string>>;
  /** For each output the SQL expression of its true value. */
  readonly targets: Readonly<Record<string, string>>;
  /** An SQL condition: other rows are left out of training and judgement. */
  readonly rows?: string;
  readonly params: readonly TrainingParam[];
  readonly gate: Gate;
}
