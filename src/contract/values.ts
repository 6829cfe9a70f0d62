/**
 * The values of inputs and predictions. docs/protocol.md, "Values", tells the form of each type of the manifest.
 */
import { custom, listOf, type Passing, recordOf } from './schema.ts';
import { type BytesValue, base64Bytes, type TensorValue } from './tensor.ts';

/**
 * The largest float32. Larger values are not compared: their squared errors, and sums of them, would soon be infinite.
 */
export const LARGEST_COMPARED = 3.4028234663852886e38;

const VALUE_KEYWORDS = {
  type: ['number', 'string', 'boolean', 'array', 'object'],
  items: { type: 'number' },
};

/** Of an input or output; its reader checks what is in a tensor. A whole number beyond ±(2^53 − 1) is a text of its digits. */
export type Value = number | string | boolean | readonly number[] | TensorValue | BytesValue;

const VALUE = custom<Value>(
  'a number, a text, true, false, a list of numbers, a tensor or bytes',
  VALUE_KEYWORDS,
);

/** A value of a column: null where its row has none. */
export const CELL = custom<Value | null>(`${VALUE.expected}, or null`, {
  ...VALUE_KEYWORDS,
  type: [...VALUE_KEYWORDS.type, 'null'],
});

export const KEPT_COLUMNS = recordOf('columns by name', listOf('a list of values', CELL), {
  minProperties: 1,
});
/** A list of values per input, by GraphQL name; null where the input is not kept. */
type KeptColumns = Passing<typeof KEPT_COLUMNS>;

export const VALUES = recordOf('values by name', VALUE, { minProperties: 1 });
/** One value per input or output of the manifest, by its GraphQL name. */
export type Values = Passing<typeof VALUES>;

/** The most bytes of an input that a task keeps, about: 8 of a number, one of a character. */
const KEPT_INPUT_BYTES = 1_024;
const NUMBER_BYTES = 8;

/**
 * An input that a task keeps: a small one, of values. Nothing about it is known yet. Of large tensors and bytes it keeps
 * the size.
 */
export function keptInput(input: Readonly<Record<string, unknown>>): Values | undefined {
  const kept = withChanged(input, keptValue);
  let bytes = 0;
  for (const name in kept) bytes += bytesOf(kept[name]);
  return bytes > 0 && bytes <= KEPT_INPUT_BYTES ? (kept as Values) : undefined;
}

/** The same for the inputs of several tasks, by name. A cell is null where the input of its task is not kept. */
export function keptInputs(
  columns: Readonly<Record<string, unknown>>,
  count: number,
): KeptColumns | undefined {
  const bytes = new Array<number>(count).fill(0);
  const small = withChanged(columns, (column) =>
    Array.isArray(column) && column.some(isObject) ? column.map(keptValue) : column,
  );
  for (const name in small) {
    const column = small[name];
    if (!Array.isArray(column) || column.length !== count) return undefined;
    for (let i = 0; i < count; i++) bytes[i] = (bytes[i] ?? 0) + bytesOf(column[i]);
  }
  const isKept = (_: unknown, i: number) => (bytes[i] ?? 0) > 0 && (bytes[i] ?? 0) <= KEPT_INPUT_BYTES;
  if (!bytes.some(isKept)) return undefined;
  if (bytes.every(isKept)) return small as KeptColumns;
  return Object.fromEntries(
    Object.entries(small as KeptColumns).map(([name, cells]) => [
      name,
      cells.map((cell, i) => (isKept(cell, i) ? cell : null)),
    ]),
  );
}

/** @returns the same object if no member changes. */
function withChanged(
  members: Readonly<Record<string, unknown>>,
  change: (member: unknown) => unknown,
): Readonly<Record<string, unknown>> {
  let changed: Record<string, unknown> | undefined;
  for (const name in members) {
    const member = change(members[name]);
    if (member === members[name]) continue;
    changed ??= { ...members };
    changed[name] = member;
  }
  return changed ?? members;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A tensor, or bytes: as they are if they are small, else their size. Other objects are none. The name of a blob is not
 * kept: a result lives longer than the blobs of its input.
 */
function keptValue(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { shape, base64, texts, blob, bytes } = value;
  if (shape !== undefined && !isSmallList(shape)) return undefined;
  const size = shape === undefined ? {} : { shape };
  if (typeof blob === 'string') return { ...size, bytes };
  if (typeof base64 === 'string')
    return base64.length <= KEPT_INPUT_BYTES ? { ...size, base64 } : { ...size, bytes: base64Bytes(base64) };
  if (!Array.isArray(texts) || shape === undefined) return undefined;
  const isSmall = isSmallList(texts) && JSON.stringify(texts).length <= KEPT_INPUT_BYTES;
  return isSmall ? { shape, texts } : { shape };
}

/** The bytes that a base64 text stands for. */
function isSmallList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length <= KEPT_INPUT_BYTES / NUMBER_BYTES;
}

/** What is no value is too large: a reader of ends would refuse it. */
function bytesOf(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? NUMBER_BYTES : Number.POSITIVE_INFINITY;
    case 'boolean':
      return NUMBER_BYTES;
    case 'string':
      return 1 + value.length;
    default:
      if (isObject(value)) return JSON.stringify(value).length;
      if (!isSmallList(value)) return Number.POSITIVE_INFINITY;
      return value.every(Number.isFinite) ? NUMBER_BYTES * (1 + value.length) : Number.POSITIVE_INFINITY;
  }
}

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
