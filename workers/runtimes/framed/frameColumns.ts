/**
 * The columns of a batch in a frame: the header has their names, types and shapes, the body has their elements, one
 * column after the other. Numbers are little-endian, a bool is one byte. Texts are their lengths in bytes, as u32, and
 * then their bytes in UTF-8.
 */
import { ELEMENT_BYTES, elementsOf } from '../../../src/contract/tensor.ts';
import { bytesIn, elementsIn } from '../../../src/models/elements.ts';
import type { TensorType } from '../../../src/models/manifest.ts';
import { isObject } from '../../../src/process/jsonFile.ts';
import type { TensorData } from '../../tensorLayout.ts';
import type { OutputTensors } from '../onnx/decoder.ts';
import type { Columns } from '../onnx/encoder.ts';
import { FrameFault } from './frames.ts';

/** A column as a header describes it. */
export interface FramedColumn {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  /** Its part of the body. */
  readonly bytes: number;
}

/** A column with its elements. */
export interface ShapedColumn {
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface FramedColumns {
  readonly columns: readonly FramedColumn[];
  readonly parts: readonly Uint8Array[];
}

const LENGTH_BYTES = 4;
const MAX_RANK = 16;

export function frameColumns(columns: Readonly<Record<string, ShapedColumn>>): FramedColumns {
  const framed: FramedColumn[] = [];
  const parts: Uint8Array[] = [];
  for (const [name, { type, shape, data }] of Object.entries(columns)) {
    const own = 'byteLength' in data ? [bytesIn(data)] : textParts(data);
    const bytes = own.reduce((sum, { length }) => sum + length, 0);
    framed.push({ name, type, shape, bytes });
    parts.push(...own);
  }
  return { columns: framed, parts };
}

/**
 * Reads the columns of a frame. Each gets memory of its own, aligned for its type.
 *
 * @throws {FrameFault} if header and body do not fit each other.
 */
export function readColumns(described: unknown, body: Buffer): Readonly<Record<string, ShapedColumn>> {
  if (!Array.isArray(described)) throw new FrameFault('columns must be a list');
  const columns: [name: string, column: ShapedColumn][] = [];
  let at = 0;
  for (const entry of described) {
    const { name, type, shape, bytes } = checked(entry);
    const part = body.subarray(at, at + bytes);
    if (part.length < bytes)
      throw new FrameFault(`the columns need ${at + bytes} bytes up to ${name}, the body has ${body.length}`);
    at += bytes;
    const count = elementsOf(shape);
    const data = type === 'string' ? readTexts(name, part, count) : readNumbers(name, type, part, count);
    columns.push([name, { type, shape, data }]);
  }
  if (at !== body.length) throw new FrameFault(`the columns have ${at} bytes, the body has ${body.length}`);
  return Object.fromEntries(columns);
}

/** The inputs of a run in the form of frames. */
export function shapedColumnsOf(columns: Columns): Readonly<Record<string, ShapedColumn>> {
  return Object.fromEntries(
    Object.entries(columns).map(([name, { type, data, dims }]) => [name, { type, data, shape: dims }]),
  );
}

/** The outputs in the form in which ONNX Runtime gives them. */
export function outputTensorsOf(columns: Readonly<Record<string, ShapedColumn>>): OutputTensors {
  return Object.fromEntries(
    Object.entries(columns).map(([name, { data, shape }]) => [name, { data, dims: shape }]),
  );
}

function checked(entry: unknown): FramedColumn {
  const { name, type, shape, bytes } = isObject(entry) ? entry : {};
  if (typeof name !== 'string') throw new FrameFault('a column must have a name');
  if (!isType(type))
    throw new FrameFault(
      `the type of ${name} must be one of ${Object.keys(ELEMENT_BYTES).join(', ')}, string; got ${JSON.stringify(type)}`,
    );
  if (!Array.isArray(shape) || shape.length > MAX_RANK || !shape.every(isSize))
    throw new FrameFault(
      `the shape of ${name} must be a list of at most ${MAX_RANK} whole numbers from 0 on`,
    );
  if (!isSize(bytes)) throw new FrameFault(`bytes of ${name} must be a whole number from 0 on`);
  return { name, type, shape, bytes };
}

function isType(type: unknown): type is TensorType {
  return type === 'string' || (typeof type === 'string' && Object.hasOwn(ELEMENT_BYTES, type));
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function readNumbers(
  name: string,
  type: Exclude<TensorType, 'string'>,
  part: Buffer,
  count: number,
): TensorData {
  const expected = count * ELEMENT_BYTES[type];
  if (part.length !== expected)
    throw new FrameFault(`${name} of ${count} ${type} must have ${expected} bytes, got ${part.length}`);
  return elementsIn(type, new Uint8Array(part));
}

function readTexts(name: string, part: Buffer, count: number): readonly string[] {
  if (part.length < count * LENGTH_BYTES)
    throw new FrameFault(
      `${name} of ${count} texts must begin with ${count} lengths, got ${part.length} bytes`,
    );
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const texts: string[] = [];
  let at = count * LENGTH_BYTES;
  for (let i = 0; i < count; i++) {
    const length = part.readUInt32LE(i * LENGTH_BYTES);
    if (at + length > part.length)
      throw new FrameFault(`text ${i} of ${name} reaches beyond the ${part.length} bytes of its column`);
    texts.push(decoded(decoder, part.subarray(at, at + length), `text ${i} of ${name}`));
    at += length;
  }
  if (at !== part.length)
    throw new FrameFault(`the texts of ${name} have ${at} bytes with their lengths, got ${part.length}`);
  return texts;
}

function decoded(decoder: TextDecoder, bytes: Buffer, what: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new FrameFault(`${what} must be UTF-8`);
  }
}

function textParts(texts: readonly string[]): readonly Uint8Array[] {
  const encoded = texts.map((text) => Buffer.from(text));
  const lengths = Uint32Array.from(encoded, ({ length }) => length);
  return [bytesIn(lengths), Buffer.concat(encoded)];
}
