/**
 * The values of inputs and predictions. docs/protocol.md, "Values", tells the form of each type of the manifest.
 */
import { custom, type Passing, recordOf } from './schema.ts';

/**
 * The largest float32. Larger values are not compared: their squared errors, and sums of them, would soon be infinite.
 */
export const LARGEST_COMPARED = 3.4028234663852886e38;

const VALUE_KEYWORDS = { type: ['number', 'string', 'boolean', 'array'], items: { type: 'number' } };

/** Of an input or output. */
export type Value = number | string | boolean | readonly number[];

const VALUE = custom<Value>('a number, a text, true, false or a list of numbers', VALUE_KEYWORDS);

/** A value of a column: null where its row failed. */
export const CELL = custom<Value | null>(`${VALUE.expected}, or null`, {
  ...VALUE_KEYWORDS,
  type: [...VALUE_KEYWORDS.type, 'null'],
});

export const VALUES = recordOf('values by name', VALUE, { minProperties: 1 });
/** One value per input or output of the manifest, by its GraphQL name. */
export type Values = Passing<typeof VALUES>;

const COMPARED = { minimum: -LARGEST_COMPARED, maximum: LARGEST_COMPARED };
const NUMERIC_VALUE = custom<number | readonly number[]>(
  'a number that float32 can hold, or a list of such',
  {
    ...{ type: ['number', 'array'], minItems: 1, ...COMPARED },
    items: { type: 'number', ...COMPARED },
  },
);

export const NUMERIC_VALUES = recordOf('numbers by name', NUMERIC_VALUE, { minProperties: 1 });
/** The values that errors can be computed of: numbers and vectors. */
export type NumericValues = Passing<typeof NUMERIC_VALUES>;

/** A list per input of the manifest, by GraphQL name, in the manifest's order; place i of each belongs to row i. */
export type InputColumns = Readonly<Record<string, readonly Value[]>>;

/** The same in a message: a column of one value throughout, such as that of a default, is this value alone. */
export type PackedColumns = Readonly<Record<string, readonly Value[] | { readonly all: Value }>>;

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
