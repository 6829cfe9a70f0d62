/**
 * The interface between the training command and a model's recipe (`models/<name>/train.ts`).
 *
 * The recipe reads data and returns a trained version as plain values; it writes no files. The command does not know
 * the model; it handles the arguments, the files of the version and the exit code. For recipes in Python, the interface
 * is `models/recipe.py`.
 */

import type { GoldenRow } from '../../../workers/golden.ts';
import type { Values } from '../../contract/values.ts';

/** Paths of data files, by purpose. Only the files of `train` may influence the model. */
export interface TrainingFiles {
  readonly train: readonly string[];
  readonly validate: readonly string[];
  readonly holdout: readonly string[];
}

/** One figure of an evaluation through ONNX Runtime, in `unit`, on the file `data` (its base name). */
export interface Metric {
  readonly data: string;
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

/** A trained version of a model. How each part is stored: models/README.md, "A version". */
export interface TrainedVersion {
  /** The bytes of `model.onnx`: the same data and recipe give the same bytes. */
  readonly model: Uint8Array;
  readonly metrics: readonly Metric[];
  readonly golden: {
    /** Largest allowed absolute error of a number, in the output's unit. */
    readonly tolerance: number;
    readonly rows: readonly {
      readonly input: Values;
      readonly output: GoldenRow['output'];
    }[];
  };
  /** More files of the version, such as a tokenizer, by name. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

/** The function that `models/<name>/train.ts` exports as `train`. It calls `report` with each finished step. */
export type Recipe = (files: TrainingFiles, report: (step: string) => void) => Promise<TrainedVersion>;

/** The data cannot be used; the message names the file, what was expected and what came. */
export class DataError extends Error {
  override readonly name = 'DataError';
}
