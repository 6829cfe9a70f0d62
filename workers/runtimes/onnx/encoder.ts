/** Turns rows of values into the columns that ONNX takes, and back. It knows the manifest, not ONNX Runtime. */

import { ELEMENT_BYTES, elementsOf, type TensorValue } from '../../../src/contract/tensor.ts';
import type { Value, Values } from '../../../src/contract/values.ts';
import { bytesIn, type Elements, exactNumber, newElements } from '../../../src/models/elements.ts';
import { secondsOf } from '../../../src/models/localTime.ts';
import {
  type EnumInput,
  isFloat,
  isMediaInput,
  isMediaOutput,
  isPlainOutput,
  isTensorInput,
  isTensorOutput,
  MAX_OUTPUT_CHARACTERS,
  type Manifest,
  type ManifestOutput,
  type NumberOutput,
  type NumberType,
  type PlainInput,
  type PlainOutput,
  rowShapeOf,
  type TensorOutput,
  type TensorType,
  tensorTypeOf,
} from '../../../src/models/manifest.ts';

/** The elements of a tensor in row-major order. Texts are a plain list. A bool is 1 (true) or 0 (false). */
export type TensorData = Elements | readonly string[];

/** One column of a batch: the elements of n rows, row after row. */
export interface Column {
  readonly type: TensorType;
  readonly data: TensorData;
  /** The dimensions of one row, of the manifest's tensors. */
  readonly rowShape?: readonly number[];
}

/** Files or texts, one for each row. The process with the session makes the column of them. */
export interface MediaColumn {
  readonly files: readonly (Uint8Array | string)[];
}

/** Columns by tensor name. */
export type Columns = Readonly<Record<string, Column | MediaColumn>>;

/** Output tensors as they came, by tensor name. */
export type OutputTensors = Readonly<
  Record<string, { readonly data: TensorData; readonly dims: readonly number[] }>
>;

/** The decoded output tensors: a value for each row and output, except for rows without a prediction. */
export interface DecodedColumns {
  /** The columns by GraphQL name. */
  readonly columns: ReadonlyMap<string, readonly Value[]>;
  /** By index: why a row has no prediction (a number that is not finite, or a text that is too long). */
  readonly problems: ReadonlyMap<number, string>;
  /** By index: why a row could not be run (a file that cannot be decoded). */
  readonly faults: ReadonlyMap<number, string>;
}

/**
 * Encodes rows as columns, one for each input of the manifest.
 *
 * @param rows n validated inputs, n ≥ 1.
 * @returns a column for each tensor name; its part i belongs to `rows[i]`.
 */
export function encodeBatch(manifest: Manifest, rows: readonly Values[]): Columns {
  return encodeColumns(manifest, (name) => rows.map((row) => row[name]));
}

/** The same, for rows that are given input by input. */
export function encodeColumns(
  { inputs }: Manifest,
  valuesOf: (name: string) => readonly (Value | undefined)[],
): Columns {
  return Object.fromEntries(
    inputs.map((input) => {
      const values = valuesOf(input.name);
      if (isMediaInput(input)) return [input.tensor, { files: values.map(fileIn) }];
      return [
        input.tensor,
        isTensorInput(input)
          ? encodeTensors(tensorTypeOf(input), values as readonly TensorValue[])
          : { type: tensorTypeOf(input), data: encodeColumn(input, values) },
      ];
    }),
  );
}

/** The bytes of a file, or a text. */
function fileIn(value: Value | undefined): Uint8Array | string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && 'base64' in value
    ? Uint8Array.fromBase64(value.base64)
    : new Uint8Array();
}

/**
 * Reads one prediction per row from the output tensors.
 *
 * @param rowCount n.
 * @param media what the process with the session has made of pictures, sounds and texts.
 * @returns n predictions by GraphQL name, in the order of the rows. If a number is not finite, or a text is too long,
 *   it is a sentence that says so instead.
 * @throws {RangeError} if a tensor is missing, or if its shape is neither [n] nor [n, 1] ([n, size] for a vector).
 */
export function decodeBatch(
  manifest: Manifest,
  outputs: OutputTensors,
  rowCount: number,
  media?: DecodedColumns,
): (Values | string)[] {
  const { columns, problems, faults } = decodeColumns(manifest, outputs, rowCount, media);
  return Array.from({ length: rowCount }, (_, row) => {
    const problem = faults.get(row) ?? problems.get(row);
    if (problem !== undefined) return problem;
    const values: Record<string, Value> = {};
    for (const [name, column] of columns) values[name] = column[row] as Value;
    return values;
  });
}

/** The same, output by output, with the same errors. */
export function decodeColumns(
  { outputs }: Manifest,
  tensors: OutputTensors,
  rowCount: number,
  media?: DecodedColumns,
): DecodedColumns {
  const columns = new Map<string, readonly Value[]>(media?.columns);
  const problems = new Map<number, string>(media?.problems);
  const faults = media?.faults ?? new Map<number, string>();
  // Then nothing was run.
  if (faults.size === rowCount) return { columns, problems, faults };
  for (const output of outputs) {
    if (isMediaOutput(output)) continue;
    const data = dataOf(output, tensors, rowCount);
    const column: Value[] = [];
    for (let row = 0; row < rowCount; row++) {
      const value = isPlainOutput(output)
        ? decodeValue(output, data, row)
        : decodeTensor(output, tensors[output.tensor], row);
      const problem = outputProblem(value);
      if (problem !== undefined && !problems.has(row)) problems.set(row, `${output.name} must be ${problem}`);
      column.push(value);
    }
    columns.set(output.name, column);
  }
  return { columns, problems, faults };
}

/** The values have the input's types: they were checked at submission, and again when the job came. */
function encodeColumn(input: PlainInput, values: readonly (Value | undefined)[]): TensorData {
  switch (input.type) {
    case 'string':
      return values as readonly string[];
    case 'enum':
      return encodeNames(input, values as readonly string[]);
    case 'boolean':
      return Uint8Array.from(values, Number);
    case 'dateTime':
      return encodeReadings(values as readonly string[]);
    default:
      return encodeNumbers(
        input.type,
        (input.size === undefined ? values : values.flat()) as readonly number[],
      );
  }
}

/** Rows of a batch often have the same time, so the last answer is kept. */
function encodeReadings(readings: readonly string[]): TensorData {
  const seconds = new Map<string, bigint>();
  return BigInt64Array.from(readings, (reading) => {
    const known = seconds.get(reading) ?? BigInt(secondsOf(reading));
    seconds.set(reading, known);
    return known;
  });
}

function encodeNames(input: EnumInput, names: readonly string[]): TensorData {
  const values = new Map(input.values.map(({ name, value }) => [name, value]));
  const column = names.map((name) => values.get(name));
  return tensorTypeOf(input) === 'string'
    ? (column as readonly string[])
    : BigInt64Array.from(column as readonly number[], BigInt);
}

/** `BigInt64Array.from` calls a function for each element, and takes many times as long. */
function encodeNumbers(type: NumberType, values: readonly (number | string)[]): TensorData {
  const elements = newElements(type, values.length);
  const isWide = ELEMENT_BYTES[type] === 8 && !isFloat(type);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    elements[i] = isWide ? BigInt(value) : Number(value);
  }
  return elements;
}

function dataOf(output: ManifestOutput, columns: OutputTensors, rowCount: number): TensorData {
  const column = columns[output.tensor];
  const [rows, ...row] = column?.dims ?? [];
  if (column !== undefined && rows === rowCount && isRowOf(output, row)) return column.data;
  const expected = [rowCount, ...rowShapeOf(output)].join(', ');
  const got = column === undefined ? 'none' : `[${column.dims.join(', ')}]`;
  throw new RangeError(`output ${output.tensor} must have shape [${expected}], got ${got}`);
}

function isRowOf(output: ManifestOutput, row: readonly number[]): boolean {
  const shape = rowShapeOf(output);
  if (!isTensorOutput(output) && shape.length === 0)
    return row.length === 0 || (row.length === 1 && row[0] === 1);
  return row.length === shape.length && shape.every((size, i) => typeof size === 'string' || size === row[i]);
}

/** @returns the rule that a model's value breaks, to be read after "must be"; undefined if it is right. */
function outputProblem(value: Value): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : `a finite number, got ${value}`;
    case 'string':
      return value.length <= MAX_OUTPUT_CHARACTERS
        ? undefined
        : `a text of at most ${MAX_OUTPUT_CHARACTERS} characters, got ${value.length}`;
    case 'object': {
      if (!('length' in value)) return undefined;
      const wrong = value.find((item) => !Number.isFinite(item));
      return wrong === undefined ? undefined : `finite numbers, got ${wrong}`;
    }
    default:
      return undefined;
  }
}

function decodeValue(output: NumberOutput | PlainOutput, data: TensorData, row: number): Value {
  switch (output.type) {
    case 'string':
      return String(data[row]);
    case 'boolean':
      return Boolean(data[row]);
    default:
      if (output.exact) return exactNumber(BigInt(data[row] ?? 0));
      if (output.size === undefined) return Number(data[row]);
      return Array.from(data.slice(row * output.size, (row + 1) * output.size), Number);
  }
}

function encodeTensors(type: TensorType, values: readonly TensorValue[]): Column {
  const rowShape = values[0]?.shape ?? [];
  if (type === 'string')
    return { type, data: values.flatMap((value) => ('texts' in value ? value.texts : [])), rowShape };
  const data = newElements(type, values.length * elementsOf(rowShape));
  const bytes = bytesIn(data);
  let at = 0;
  for (const value of values) {
    const row = 'base64' in value ? Uint8Array.fromBase64(value.base64) : new Uint8Array();
    bytes.set(row, at);
    at += row.length;
  }
  return { type, data, rowShape };
}

function decodeTensor(
  output: TensorOutput,
  tensor: OutputTensors[string] | undefined,
  row: number,
): TensorValue {
  const [, ...shape] = tensor?.dims ?? [];
  const size = elementsOf(shape);
  const data = tensor?.data ?? [];
  const elements = data.slice(row * size, (row + 1) * size);
  if (output.type === 'string') return { shape, texts: Array.from(elements, String) };
  return { shape, base64: bytesIn(elements as Elements).toBase64() };
}
