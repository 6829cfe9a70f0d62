/** Rows run in a session's process before anybody is served by it. */
import { decodeBatch, encodeBatch } from '../../../workers/runtimes/onnx/encoder.ts';
import type { Inspection } from '../../../workers/runtimes/onnx/inspection.ts';
import type { Value, Values } from '../../contract/values.ts';
import type { Manifest } from '../../models/manifest.ts';

export interface Trial {
  /** One a row, in order; a text says what is wrong with what the model gave. */
  readonly predictions: readonly (Values | string)[];
  readonly computeMs: number;
  /** The most that the process has taken up since it was loaded. */
  readonly peakBytes: number;
}

/**
 * @param rows checked, 1 to `maxBatchSize`; they are run as one batch.
 * @throws what `Inspection.run` throws, and {RangeError} if an output has another shape than the manifest says.
 */
export async function runRows(
  inspection: Inspection,
  manifest: Manifest,
  rows: readonly Values[],
): Promise<Trial> {
  const { outputs, computeMs, peakBytes } = await inspection.run(
    encodeBatch(manifest, rows),
    manifest.limits.runTimeoutMs,
  );
  return { predictions: decodeBatch(manifest, outputs, rows.length), computeMs, peakBytes };
}

/** The largest absolute difference between numbers that are wanted of an output and those that came. */
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

/** The number, or those of a vector; none of anything else. */
export function numbersIn(value: Value | undefined): readonly number[] {
  return [value].flat().filter((item) => typeof item === 'number');
}
