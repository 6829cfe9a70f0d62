/** What goes into a model and comes out of it. */

/** Of an input or output: how each type of the manifest stands here is told in docs/protocol.md, "Values". */
export type Value = number | string | boolean | readonly number[];

/** One value per input or output of the manifest, by its GraphQL name. */
export type Values = Readonly<Record<string, Value>>;

/** The values that errors can be computed of: numbers and vectors. */
export type NumericValues = Readonly<Record<string, number | readonly number[]>>;

/** A list per input of the manifest, by GraphQL name, in the manifest's order; place i of each belongs to row i. */
export type InputColumns = Readonly<Record<string, readonly Value[]>>;

/** The same in a message: a column of one value throughout, such as that of a default, is this value alone. */
export type PackedColumns = Readonly<Record<string, readonly Value[] | { readonly all: Value }>>;

/** A list of values per output, by GraphQL name; null where a row failed. */
export type OutputColumns = Readonly<Record<string, readonly (Value | null)[]>>;

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

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= LARGEST_COMPARED;
}
