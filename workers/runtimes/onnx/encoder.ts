/** Turns rows of values into the tensors of a run. It knows the manifest, not ONNX Runtime. */

import { elementsOf, type FetchedBlob, type TensorValue } from '../../../src/contract/tensor.ts';
import type { Value, Values } from '../../../src/contract/values.ts';
import {
  type AxisSizes,
  axisSizes,
  hasVaryingShapes,
  paddedSizes,
  shapeWith,
} from '../../../src/models/axes.ts';
import { bytesIn, type Elements, elementsIn, newElements } from '../../../src/models/elements.ts';
import { secondsOf } from '../../../src/models/localTime.ts';
import {
  type EnumInput,
  isMediaInput,
  isTensorInput,
  type Manifest,
  type Mask,
  type NumberType,
  type PlainInput,
  sizeOf,
  type TensorInput,
  type TensorType,
  tensorTypeOf,
} from '../../../src/models/manifest.ts';
import { copyCorner, dimsOf, filledWith, type TensorData, toBatchAxis } from '../../tensorLayout.ts';

/** An input of a run. */
export interface Column {
  readonly type: TensorType;
  /** In row-major order. */
  readonly data: TensorData;
  /** Of the whole tensor. The rows lie on its batch axis. A column of single values has [n], or [] without batch axis. */
  readonly dims: readonly number[];
}

/** The files or texts of a media input. The process with the session makes the column of them. */
export interface MediaColumn {
  readonly files: readonly (Uint8Array | string)[];
  /** The number of rows in the column, see `RunRows`. */
  readonly runCount: number;
}

/** Columns by tensor name. */
export type Columns = Readonly<Record<string, Column>>;

/** The same before files are decoded. */
export type GivenColumns = Readonly<Record<string, Column | MediaColumn>>;

/** The rows of a run. */
export interface RunRows {
  /** The number of rows that get an answer: the first ones. */
  readonly count: number;
  /** The number of rows in the tensors: with a fixed batch size there may be more of them. */
  readonly runCount: number;
  /** By row, if shapes vary: the sizes of the named dimensions before they are padded. */
  readonly sizes: readonly AxisSizes[] | undefined;
}

export interface EncodedRun extends RunRows {
  readonly columns: GivenColumns;
}

/**
 * Encodes rows that can run together: the sizes of their named dimensions are equal, or padded to equal ones.
 *
 * @param rows n validated inputs.
 * @returns a column for each input of the manifest and each mask.
 */
export function encodeBatch(manifest: Manifest, rows: readonly Values[]): EncodedRun {
  return encodeColumns(manifest, rows.length, (name) => rows.map((row) => row[name]));
}

/** The same, for rows that are given input by input. */
export function encodeColumns(
  manifest: Manifest,
  count: number,
  valuesOf: (name: string) => readonly (Value | undefined)[],
): EncodedRun {
  const { inputs, masks, batching } = manifest;
  const runCount = count === 0 ? 0 : (batching.fixedBatchSize ?? count);
  const columnOf = (name: string) => filledUp(valuesOf(name), runCount);
  const sizes = hasVaryingShapes(manifest) ? sizesByRow(manifest, columnOf, runCount) : undefined;
  const padded = sizes?.[0] && paddedSizes(manifest, sizes[0]);
  const columns: Record<string, Column | MediaColumn> = {};
  for (const input of inputs) {
    if (isMediaInput(input)) {
      columns[input.tensor] = { files: valuesOf(input.name).map(fileIn), runCount };
      continue;
    }
    const values = columnOf(input.name);
    columns[input.tensor] = isTensorInput(input)
      ? encodeTensors(input, values as readonly TensorValue[], shapeWith(input.shape, padded))
      : encodePlain(input, values);
  }
  for (const mask of masks)
    columns[mask.tensor] = encodeMask(mask, runCount, sizes, shapeWith(mask.shape, padded));
  return { columns, count, runCount, sizes };
}

/** @returns the values, and copies of the last one. */
function filledUp<T>(values: readonly T[], count: number): readonly T[] {
  if (values.length >= count) return values;
  return [...values, ...new Array<T>(count - values.length).fill(values.at(-1) as T)];
}

function sizesByRow(
  manifest: Manifest,
  columnOf: (name: string) => readonly (Value | undefined)[],
  count: number,
): readonly AxisSizes[] {
  const given = new Map(manifest.inputs.filter(isTensorInput).map(({ name }) => [name, columnOf(name)]));
  return Array.from({ length: count }, (_, row) => axisSizes(manifest, (name) => given.get(name)?.[row]));
}

/** The bytes of a file, or a text. */
function fileIn(value: Value | undefined): Uint8Array | string {
  return typeof value === 'string' ? value : bytesOf(value as TensorValue);
}

function encodePlain(input: PlainInput, values: readonly (Value | undefined)[]): Column {
  const { batchAxis = 0 } = input;
  const type = tensorTypeOf(input);
  const data = encodeValues(input, values);
  const size = sizeOf(input);
  if (size === undefined) return { type, data, dims: dimsOf([], batchAxis, values.length) };
  return {
    type,
    data: toBatchAxis(type, data, [size], batchAxis),
    dims: dimsOf([size], batchAxis, values.length),
  };
}

/** The values have the input's types: they were checked at submission, and again when the job came. */
function encodeValues(input: PlainInput, values: readonly (Value | undefined)[]): TensorData {
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
  if (elements instanceof BigInt64Array || elements instanceof BigUint64Array)
    for (let i = 0; i < values.length; i++) elements[i] = BigInt(values[i] ?? 0);
  else elements.set(values as readonly number[]);
  return elements;
}

/** @param shape of each row in the run. A row that is smaller is padded. */
function encodeTensors(input: TensorInput, values: readonly TensorValue[], shape: readonly number[]): Column {
  const { batchAxis = 0 } = input;
  const type = tensorTypeOf(input);
  const rowsFirst =
    type === 'string' ? joinTexts(input, values, shape) : joinNumbers(input, type, values, shape);
  return {
    type,
    data: toBatchAxis(type, rowsFirst, shape, batchAxis),
    dims: dimsOf(shape, batchAxis, values.length),
  };
}

function joinTexts(
  { pad }: TensorInput,
  values: readonly TensorValue[],
  shape: readonly number[],
): readonly string[] {
  return values.flatMap((value) => {
    if (!('texts' in value)) throw new Error('a tensor of texts has a list of texts');
    if (isOfShape(value, shape)) return value.texts;
    const row = filledWith('string', elementsOf(shape), pad);
    copyCorner('string', { data: value.texts, shape: value.shape }, { data: row, shape });
    return row as string[];
  });
}

function joinNumbers(
  { pad }: TensorInput,
  type: Exclude<TensorType, 'string'>,
  values: readonly TensorValue[],
  shape: readonly number[],
): Elements {
  const [only] = values;
  if (values.length === 1 && only !== undefined && isOfShape(only, shape))
    return elementsIn(type, bytesOf(only));
  const size = elementsOf(shape);
  const isPadded = !values.every((value) => isOfShape(value, shape));
  const elements = filledWith(type, values.length * size, isPadded ? pad : undefined) as Elements;
  const bytes = bytesIn(elements);
  const rowBytes = values.length === 0 ? 0 : bytes.length / values.length;
  for (const [i, value] of values.entries()) {
    const place = bytes.subarray(i * rowBytes, (i + 1) * rowBytes);
    if (!isOfShape(value, shape)) {
      const row = elementsIn(type, bytesOf(value));
      const data = elements.subarray(i * size, (i + 1) * size);
      copyCorner(type, { data: row, shape: value.shape }, { data, shape });
    } else if ('base64' in value) place.setFromBase64(value.base64);
    else place.set(bytesOf(value));
  }
  return elements;
}

function isOfShape(value: TensorValue, shape: readonly number[]): boolean {
  return value.shape.every((size, i) => size === shape[i]);
}

function bytesOf(value: TensorValue | FetchedBlob): Uint8Array<ArrayBuffer> {
  if ('data' in value) return value.data;
  if ('base64' in value) return Uint8Array.fromBase64(value.base64);
  throw new Error('the bytes of a blob are fetched before it is encoded');
}

/** 1 at each place that is real in all its dimensions, else 0. */
function encodeMask(
  mask: Mask,
  count: number,
  sizes: readonly AxisSizes[] | undefined,
  shape: readonly number[],
): Column {
  const { batchAxis = 0 } = mask;
  const type = tensorTypeOf(mask);
  const size = elementsOf(shape);
  const data = filledWith(type, count * size) as Elements;
  for (let row = 0; row < count; row++) {
    const real = shapeWith(mask.shape, sizes?.[row]);
    const ones = { data: filledWith(type, elementsOf(real), 1), shape: real };
    copyCorner(type, ones, { data: data.subarray(row * size, (row + 1) * size), shape });
  }
  return { type, data: toBatchAxis(type, data, shape, batchAxis), dims: dimsOf(shape, batchAxis, count) };
}
