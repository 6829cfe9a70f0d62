/**
 * What a recipe in TypeScript (`models/<name>/train.ts`) gets and returns. It reads data, and returns a trained version
 * as plain values. For recipes in Python this is `models/recipe.py`; docs/training.md explains both.
 */
import type { Values } from '../../src/contract/values.ts';
import type { GoldenRow } from '../golden.ts';

/** Paths of data files, by purpose. Only the files of `train` may influence the model. */
export interface TrainingFiles {
  readonly train: readonly string[];
  readonly validate: readonly string[];
  /** Empty in a training that `trainModel` began: the finished version is judged by Tidings, not by its recipe. */
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
  /** The bytes of `model.onnx`: the same data, parameters and recipe give the same bytes. */
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

/** How far a recipe is: `done` units of `of`, if it knows how many there will be. */
export interface RecipeProgress {
  readonly done: number;
  readonly of?: number;
  /** Such as epochs. */
  readonly unit: string;
  /** Figures by name, such as a loss. Those that are not finite are not shown. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** One try to train. */
export interface RecipeRun {
  /** By name, as the manifest has them in `training.params`. */
  readonly params: Readonly<Record<string, number | string | boolean>>;
  readonly seed: number;
  /** A folder for files of its own, such as checkpoints. It is removed afterwards. */
  readonly scratch: string;
  /** The file that an earlier try has given to `checkpoint`; undefined: it begins from scratch. */
  readonly resumesFrom: string | undefined;
  /** Whether the training is to end. A recipe that does not look is killed half a second later. */
  readonly cancelled: boolean;
  progress(progress: RecipeProgress): void;
  /** Keeps a file from which a later try can go on. It may be changed once this has resolved. */
  checkpoint(file: string): Promise<void>;
}

/** The function that a recipe exports as `train`. It calls `report` with each finished step, in words. */
export type Recipe = (
  files: TrainingFiles,
  report: (step: string) => void,
  run: RecipeRun,
) => Promise<TrainedVersion>;

/** The data cannot be used; the message names the file, what was expected and what came. */
export class DataError extends Error {
  override readonly name = 'DataError';
}
