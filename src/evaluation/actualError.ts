/** The error of a prediction against its actual value. */

/** The error of one output of one task. For a vector these are the means over its numbers. */
interface OutputError {
  readonly absolute: number;
  readonly squared: number;
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

function listOf(value: number | readonly number[]): readonly number[] {
  return typeof value === 'number' ? [value] : value;
}
