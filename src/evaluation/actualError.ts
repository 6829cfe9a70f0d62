/** How far a prediction was from what turned out to be true. */

/** The error of one output of one task; of a vector, the means over its numbers. */
export interface OutputError {
  readonly absolute: number;
  readonly squared: number;
}

/** The largest float32. What lies beyond has no error: the square of one would soon be infinite, and with it any sum. */
export const LARGEST_COMPARED = 3.4028234663852886e38;

/** Whether an error can be computed: both are numbers, or vectors of one length. */
export function isComparable(predicted: unknown, actual: unknown): boolean {
  if (Array.isArray(predicted) && Array.isArray(actual))
    return (
      actual.length > 0 && predicted.length === actual.length && [...predicted, ...actual].every(isNumber)
    );
  return isNumber(predicted) && isNumber(actual);
}

/** @param predicted and `actual` are comparable. */
export function errorOf(
  predicted: number | readonly number[],
  actual: number | readonly number[],
): OutputError {
  const predictions = listOf(predicted);
  const values = listOf(actual);
  let absolute = 0;
  let squared = 0;
  for (const [i, value] of values.entries()) {
    const difference = value - (predictions[i] ?? Number.NaN);
    absolute += Math.abs(difference);
    squared += difference * difference;
  }
  return { absolute: absolute / values.length, squared: squared / values.length };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= LARGEST_COMPARED;
}

function listOf(value: number | readonly number[]): readonly number[] {
  return typeof value === 'number' ? [value] : value;
}
