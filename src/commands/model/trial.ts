/** Rows run in a session's process before anybody is served by it. */
import { decodeBatch, encodeBatch } from '../../../workers/encoder.ts';
import type { Inspection } from '../../../workers/inspection.ts';
import type { Manifest } from '../../manifest.ts';
import type { Value, Values } from '../../task.ts';

export interface Trial {
  /** One a row, in order; a text says what is wrong with what the model gave. */
  readonly predictions: readonly (Values | string)[];
  readonly computeMs: number;
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
  const { outputs, computeMs } = await inspection.run(
    encodeBatch(manifest, rows),
    manifest.limits.runTimeoutMs,
  );
  return { predictions: decodeBatch(manifest, outputs, rows.length), computeMs };
}

/** The largest absolute difference between the numbers of predictions for the same rows; 0 if there are none. */
export function largestDeviation(one: readonly Values[], other: readonly (Values | string)[]): number {
  let largest = 0;
  for (const [i, values] of one.entries()) {
    const counterpart = other[i];
    if (typeof counterpart !== 'object') continue;
    for (const [name, value] of Object.entries(values)) {
      const numbers = numbersIn(counterpart[name]);
      for (const [j, number] of numbersIn(value).entries())
        largest = Math.max(largest, Math.abs(number - (numbers[j] ?? number)));
    }
  }
  return largest;
}

/** The number, or those of a vector; none of anything else. */
export function numbersIn(value: Value | undefined): readonly number[] {
  return [value].flat().filter((item) => typeof item === 'number');
}
