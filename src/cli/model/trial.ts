/** Runs rows in a process of their own, to try a model that is not served yet. */
import { decodeBatch, encodeBatch } from '../../../workers/runtimes/onnx/encoder.ts';
import type { Inspection } from '../../../workers/runtimes/onnx/inspection.ts';
import type { Value, Values } from '../../contract/values.ts';
import type { Manifest } from '../../models/manifest.ts';

export interface Trial {
  /** One prediction per row, in order. A text is the fault of a wrong answer. */
  readonly predictions: readonly (Values | string)[];
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
  const { outputs, media, computeMs } = await inspection.run(
    encodeBatch(manifest, rows),
    manifest.limits.runTimeoutMs,
  );
  return { predictions: decodeBatch(manifest, outputs, rows.length, media), computeMs };
}

/** The largest absolute difference between the wanted and the predicted numbers of an output. */
export function largestDeviation(
  output: string,
  wanted: readonly Values[],
  predictions: readonly (Values | string)[],
): number {
  let largest = 0;
  for (const [row, values] of wanted.entries()) {
    const prediction = predictions[row];
    const numbers = typeof prediction === 'object' ? numbersIn(prediction[output]) : [];
    for (const [i, number] of numbersIn(values[output]).entries())
      largest = Math.max(largest, Math.abs(number - (numbers[i] ?? number)));
  }
  return largest;
}

/** The number, or the numbers of a vector. Other values have none. */
export function numbersIn(value: Value | undefined): readonly number[] {
  return [value].flat().filter((item) => typeof item === 'number');
}
