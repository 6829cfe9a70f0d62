/** The elements of a tensor and their bytes, little-endian. */
import { ELEMENT_BYTES, type ElementType } from '../contract/tensor.ts';

/** Elements in memory; a bool is 1 or 0. */
export type Elements =
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | Float16Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

const ARRAYS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float16: Float16Array,
  float32: Float32Array,
  float64: Float64Array,
  bool: Uint8Array,
} as const satisfies Readonly<Record<ElementType, unknown>>;

interface IntegerRange {
  readonly minimum: bigint;
  readonly maximum: bigint;
}

function signed(bits: number): IntegerRange {
  return { minimum: -(2n ** BigInt(bits - 1)), maximum: 2n ** BigInt(bits - 1) - 1n };
}

function unsigned(bits: number): IntegerRange {
  return { minimum: 0n, maximum: 2n ** BigInt(bits) - 1n };
}

/** What the types of whole numbers hold, both ends included. A bool is 0 or 1. */
export const INTEGER_RANGES: Readonly<Partial<Record<ElementType | 'string', IntegerRange>>> = {
  int8: signed(8),
  uint8: unsigned(8),
  int16: signed(16),
  uint16: unsigned(16),
  int32: signed(32),
  uint32: unsigned(32),
  int64: signed(64),
  uint64: unsigned(64),
  bool: unsigned(1),
};

/** @returns zeros. */
export function newElements(type: ElementType, count: number): Elements {
  return new ARRAYS[type](count);
}

/** The elements in bytes; the bytes are copied only where they are not aligned. */
export function elementsIn(type: ElementType, bytes: Uint8Array<ArrayBuffer>): Elements {
  const size = ELEMENT_BYTES[type];
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new ARRAYS[type](aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}

export function bytesIn({ buffer, byteOffset, byteLength }: Elements): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** @returns the bytes of a list of elements, or the index of the first that the type cannot have. */
export function encodeElements(
  type: ElementType,
  list: readonly unknown[],
): Uint8Array<ArrayBuffer> | number {
  const elements = newElements(type, list.length);
  for (let i = 0; i < list.length; i++) {
    const element = readElement(type, list[i]);
    if (element === undefined) return i;
    elements[i] = element;
  }
  return bytesIn(elements);
}

/** An element that a client gave: a number, true or false, or the digits of a whole number of 64 bits. */
function readElement(type: ElementType, item: unknown): number | bigint | undefined {
  if (type === 'bool') return item === true || item === 1 ? 1 : item === false || item === 0 ? 0 : undefined;
  const range = INTEGER_RANGES[type];
  if (range === undefined) return typeof item === 'number' ? item : undefined;
  const whole = wholeNumber(item);
  if (whole === undefined || whole < range.minimum || whole > range.maximum) return undefined;
  return ELEMENT_BYTES[type] === 8 ? whole : Number(whole);
}

/** @returns undefined unless the value is a whole number that is exact: as a number, a bigint or a text of digits. */
export function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

/** @returns a number; a text of digits where a number would not be exact. */
export function exactNumber(whole: bigint): number | string {
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : String(whole);
}

interface ElementLimits {
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly allowNaN: boolean;
}

/** @returns the first element that is not allowed; undefined if all are. */
export function findElement(
  type: ElementType,
  bytes: Uint8Array<ArrayBuffer>,
  { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY, allowNaN }: ElementLimits,
): { readonly element: number | bigint; readonly index: number } | undefined {
  const elements = elementsIn(type, bytes);
  const most = type === 'bool' ? Math.min(1, maximum) : maximum;
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index] ?? 0;
    const isAllowed =
      typeof element === 'number' && !Number.isFinite(element)
        ? allowNaN && Number.isNaN(element)
        : element >= minimum && element <= most;
    if (!isAllowed) return { element, index };
  }
  return undefined;
}
