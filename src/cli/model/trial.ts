/** Runs rows in a process of their own, to try a model that is not served yet. */
import type { Answers } from '../../../workers/answer.ts';
import { differenceOf, type GoldenRow } from '../../../workers/golden.ts';
import type { Inspection } from '../../../workers/runtimes/inspection.ts';
import { decodeBatch } from '../../../workers/runtimes/onnx/decoder.ts';
import { encodeBatch } from '../../../workers/runtimes/onnx/encoder.ts';
import type { Values } from '../../contract/values.ts';
import type { Manifest } from '../../models/manifest.ts';

export interface Trial {
  /** One prediction per row, in order. A text is the fault of a wrong answer. */
  readonly predictions: readonly (Answers | string)[];
  readonly computeMs: number;
}

/**
 * Runs rows as one batch.
 *
 * @param rows 1 to `maxBatchSize` rows that were checked.
 * @throws {RangeError} if an output has another shape than in the manifest. Errors of `Inspection.run` pass through.
 */
export async function runRows(
  inspection: Inspection,
  manifest: Manifest,
  rows: readonly Values[],
): Promise<Trial> {
  const run = encodeBatch(manifest, rows);
  const answered = await inspection.run(run.columns, manifest.limits.runTimeoutMs);
  return { predictions: decodeBatch(manifest, answered, run), computeMs: answered.computeMs };
}

/** The largest absolute difference between the wanted and the predicted numbers of an output. */
export function largestDeviation(
  output: string,
  wanted: readonly GoldenRow['output'][],
  predictions: readonly (Answers | string)[],
): number {
  let largest = 0;
  for (const [row, values] of wanted.entries()) {
    const [prediction, value] = [predictions[row], values[output]];
    if (typeof prediction === 'object' && value !== undefined)
      largest = Math.max(largest, differenceOf(value, prediction[output]).deviation);
  }
  return largest;
}

/** The number, or the finite numbers of a vector or tensor. Other values have none. */
export function numbersIn(value: GoldenRow['output'][string] | undefined): readonly number[] {
  const values = typeof value === 'object' && 'values' in value && 'shape' in value ? value.values : value;
  return [values].flat().filter((item): item is number => typeof item === 'number');
}
