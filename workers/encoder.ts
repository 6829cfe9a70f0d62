/** Between rows as people write them and columns as ONNX takes them. Knows the manifest, not ONNX Runtime. */
import { secondsOf } from '../src/localTime.ts';
import {
  type EnumInput,
  MAX_OUTPUT_CHARACTERS,
  type Manifest,
  type ManifestInput,
  type ManifestOutput,
  type NumberType,
  sizeOf,
  type TensorType,
  tensorTypeOf,
} from '../src/manifest.ts';
import type { Value, Values } from '../src/task.ts';

/** The elements of a tensor in row-major order. Texts are a plain list; of bools, 1 is true and 0 false. */
export type TensorData =
  | BigInt64Array
  | Int32Array
  | Float32Array
  | Float64Array
  | Uint8Array
  | readonly string[];

/** One column of a batch: n elements, or n × `size` for a vector, row after row. */
export interface Column {
  readonly type: TensorType;
  readonly data: TensorData;
}

/** Columns by tensor name. */
export type Columns = Readonly<Record<string, Column>>;

/** Output tensors as they came, by tensor name. */
export type OutputColumns = Readonly<
  Record<string, { readonly data: TensorData; readonly dims: readonly number[] }>
>;

/**
 * Encodes a batch as one column per input of the manifest.
 *
 * @param rows n validated inputs, n ≥ 1.
 * @returns per tensor name a column; its part i belongs to `rows[i]`.
 */
export function encodeBatch({ inputs }: Manifest, rows: readonly Values[]): Columns {
  return Object.fromEntries(
    inputs.map((input) => {
      const values = rows.map((row) => row[input.name]);
      return [input.tensor, { type: tensorTypeOf(input), data: encodeColumn(input, values) }];
    }),
  );
}

/**
 * Reads one prediction per row from the output tensors.
 *
 * @param rowCount n.
 * @returns n predictions by GraphQL name, in the order of the rows; a text that says so where a number is not finite, or a text too long.
 * @throws {RangeError} if a tensor is missing or has not the shape [n] or [n, 1], or [n, size] for a vector.
 */
export function decodeBatch(
  { outputs }: Manifest,
  columns: OutputColumns,
  rowCount: number,
): (Values | string)[] {
  const read = outputs.map((output) => ({ output, data: dataOf(output, columns, rowCount) }));
  return Array.from({ length: rowCount }, (_, row) => {
    const values: Record<string, Value> = {};
    for (const { output, data } of read) {
      const value = decodeValue(output, data, row);
      const problem = outputProblem(value);
      if (problem !== undefined) return `${output.name} must be ${problem}`;
      values[output.name] = value;
    }
    return values;
  });
}

/** The values were checked when they were submitted, and again when the job came: their kinds are those of the input. */
function encodeColumn(input: ManifestInput, values: readonly (Value | undefined)[]): TensorData {
  switch (input.type) {
    case 'string':
      return values as readonly string[];
    case 'enum':
      return encodeNames(input, values as readonly string[]);
    case 'boolean':
      return Uint8Array.from(values, Number);
    case 'dateTime':
      return BigInt64Array.from(values as readonly string[], (reading) => BigInt(secondsOf(reading)));
    default:
      return encodeNumbers(
        input.type,
        (input.size === undefined ? values : values.flat()) as readonly number[],
      );
  }
}

function encodeNames(input: EnumInput, names: readonly string[]): TensorData {
  const values = new Map(input.values.map(({ name, value }) => [name, value]));
  const column = names.map((name) => values.get(name));
  return tensorTypeOf(input) === 'string'
    ? (column as readonly string[])
    : BigInt64Array.from(column as readonly number[], BigInt);
}

function encodeNumbers(type: NumberType, values: readonly number[]): TensorData {
  switch (type) {
    case 'int64':
      return BigInt64Array.from(values, BigInt);
    case 'int32':
      return Int32Array.from(values);
    case 'float32':
      return Float32Array.from(values);
    case 'float64':
      return Float64Array.from(values);
  }
}

function dataOf(output: ManifestOutput, columns: OutputColumns, rowCount: number): TensorData {
  const column = columns[output.tensor];
  const [rows, width, ...more] = column?.dims ?? [];
  const fits =
    rows === rowCount &&
    more.length === 0 &&
    (sizeOf(output) === undefined ? width === undefined || width === 1 : width === sizeOf(output));
  if (column !== undefined && fits) return column.data;
  const expected = [rowCount, sizeOf(output) ?? []].flat().join(', ');
  const got = column === undefined ? 'none' : `[${column.dims.join(', ')}]`;
  throw new RangeError(`output ${output.tensor} must have shape [${expected}], got ${got}`);
}

/** @returns what is wrong with a value that a model gave, to be read after "must be"; undefined if nothing is. */
function outputProblem(value: Value): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : `a finite number, got ${value}`;
    case 'string':
      return value.length <= MAX_OUTPUT_CHARACTERS
        ? undefined
        : `a text of at most ${MAX_OUTPUT_CHARACTERS} characters, got ${value.length}`;
    case 'object': {
      const wrong = value.find((item) => !Number.isFinite(item));
      return wrong === undefined ? undefined : `finite numbers, got ${wrong}`;
    }
    default:
      return undefined;
  }
}

function decodeValue(output: ManifestOutput, data: TensorData, row: number): Value {
  switch (output.type) {
    case 'string':
      return String(data[row]);
    case 'boolean':
      return Boolean(data[row]);
    default:
      if (output.size === undefined) return Number(data[row]);
      return Array.from(data.slice(row * output.size, (row + 1) * output.size), Number);
  }
}
