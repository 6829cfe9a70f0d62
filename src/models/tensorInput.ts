/**
 * Reads the tensor of a row from what a client sent: numbers or texts in row-major order, or the bytes of the elements,
 * little-endian, as base64 or as a blob. `shape` stands beside them where it varies:
 *
 *     [0.5, 1.5]    { "values": [0.5, 1.5] }    { "shape": [1, 2], "base64": "AAAAPwAAwD8=" }
 *     { "fill": 0 }    { "shape": [1, 2], "data": { "values": [0.5, 1.5] } }
 */
import { isDigest } from '../contract/blob.ts';
import { shownValue } from '../contract/shownValue.ts';
import {
  ELEMENT_BYTES,
  type ElementType,
  elementsOf,
  type TensorBytes,
  type TensorTexts,
  type TensorValue,
} from '../contract/tensor.ts';
import { encodeElements, findElement, INTEGER_RANGES } from './elements.ts';
import { type Shape, type TensorInput, type TensorType, tensorTypeOf } from './manifest.ts';

/**
 * The most elements of a list, and of the tensors that one request has filled: more than a picture of 3 × 256 × 256 has.
 * Measured: a list of 150,000 numbers blocks a gateway for 20 ms, base64 of the same for 2 ms.
 */
export const MAX_LISTED = 262_144;
const MAX_RANK = 16;
const FORMS = ['values', 'integers', 'booleans', 'texts', 'base64', 'blob', 'fill'] as const;
type Form = (typeof FORMS)[number];

/** What is wrong with a value. */
export class TensorFault {
  /** To be read after "must be". */
  readonly expected: string;
  /** To be read after "got". */
  readonly got: string;

  constructor(expected: string, got: string) {
    this.expected = expected;
    this.got = got;
  }
}

/** @returns the value in the form of messages, or its fault. Sizes of named dimensions are not compared here. */
export function readTensor(field: TensorInput, given: unknown): TensorValue | TensorFault {
  const parts = partsOf(given);
  if (parts === undefined) return new TensorFault(expectedTensor(field), shownValue(given));
  const { form, data } = parts;
  const forms = formsOf(tensorTypeOf(field));
  if (!forms.includes(form)) return new TensorFault(`${expectedTensor(field)}, as ${forms.join(', ')}`, form);
  const shape = parts.shape ?? fixedShape(field.shape);
  if (shape === undefined)
    return new TensorFault(`${expectedTensor(field)}, with its shape`, 'one without a shape');
  if (isShape(shape) && !Number.isSafeInteger(elementsOf(shape)))
    return new TensorFault('of a shape with fewer than 2^53 elements', `the shape ${shownValue(shape)}`);
  if (!isShape(shape) || !fits(shape, field.shape))
    return new TensorFault(`of the shape [${field.shape.join(', ')}]`, `the shape ${shownValue(shape)}`);
  switch (form) {
    case 'blob':
      return readBlob(field, shape, data, parts.bytes);
    case 'base64':
      return readBase64(field, shape, data);
    case 'fill':
      // One more than a list may have is refused as well as all would be.
      return readList(field, shape, new Array(Math.min(elementsOf(shape), MAX_LISTED + 1)).fill(data));
    default:
      return readList(field, shape, data);
  }
}

/** What the field takes, to be read after "must be". */
export function expectedTensor(field: TensorInput): string {
  return `a tensor of ${tensorTypeOf(field)} of the shape [${field.shape.join(', ')}]`;
}

/** How many elements the gateway makes of a tensor that is given as `fill`; 0 for all other forms. */
export function filledElements({ shape }: TensorInput, given: unknown): number {
  const parts = partsOf(given);
  if (parts?.form !== 'fill') return 0;
  const filled = parts.shape ?? fixedShape(shape);
  return isShape(filled) ? elementsOf(filled) : 0;
}

/** The forms in which the elements of a type may come; `values` stands for a plain list, too. */
function formsOf(type: TensorType): readonly Form[] {
  if (type === 'string') return ['values', 'texts', 'fill'];
  return ['values', type === 'bool' ? 'booleans' : 'integers', 'base64', 'blob', 'fill'];
}

interface Parts {
  readonly shape: unknown;
  readonly form: Form;
  readonly data: unknown;
  /** Of a blob. */
  readonly bytes: unknown;
}

function partsOf(given: unknown): Parts | undefined {
  if (Array.isArray(given)) return { shape: undefined, form: 'values', data: given, bytes: undefined };
  if (typeof given !== 'object' || given === null) return undefined;
  const { shape, data = given } = given as { shape?: unknown; data?: unknown };
  if (typeof data !== 'object' || data === null) return undefined;
  const parts = data as Partial<Record<Form | 'bytes', unknown>>;
  const [form, ...others] = FORMS.filter((name) => parts[name] != null);
  if (form === undefined || others.length > 0) return undefined;
  return { shape: shape ?? undefined, form, data: parts[form], bytes: parts.bytes };
}

function fixedShape(shape: Shape): readonly number[] | undefined {
  const sizes = shape.filter((size) => typeof size === 'number');
  return sizes.length === shape.length ? sizes : undefined;
}

function isShape(shape: unknown): shape is readonly number[] {
  return (
    Array.isArray(shape) &&
    shape.length <= MAX_RANK &&
    shape.every((size) => Number.isSafeInteger(size) && size >= 0)
  );
}

function fits(shape: readonly number[], wanted: Shape): boolean {
  return (
    shape.length === wanted.length && wanted.every((size, i) => typeof size === 'string' || size === shape[i])
  );
}

function readBlob(
  field: TensorInput,
  shape: readonly number[],
  blob: unknown,
  bytes: unknown,
): TensorBytes | TensorFault {
  const type = tensorTypeOf(field) as ElementType;
  const size = elementsOf(shape) * ELEMENT_BYTES[type];
  if (typeof blob !== 'string' || !isDigest(blob))
    return new TensorFault('the id of a blob, 64 hex digits', shownValue(blob));
  if (bytes !== undefined && bytes !== size)
    return new TensorFault(
      `a blob of ${size} bytes (${type}, shape [${shape.join(', ')}])`,
      `${bytes} bytes`,
    );
  return { shape, blob, bytes: size };
}

function readBase64(
  field: TensorInput,
  shape: readonly number[],
  base64: unknown,
): TensorBytes | TensorFault {
  const type = tensorTypeOf(field) as ElementType;
  const bytes = typeof base64 === 'string' ? bytesOf(base64) : undefined;
  if (bytes === undefined) return new TensorFault('base64 (RFC 4648, with padding)', shownValue(base64));
  const size = elementsOf(shape) * ELEMENT_BYTES[type];
  if (bytes.length !== size)
    return new TensorFault(`${size} bytes (${type}, shape [${shape.join(', ')}])`, `${bytes.length} bytes`);
  const text = base64 as string;
  // White space is left out, so that equal tensors are equal texts.
  const isPlain = text.length === 4 * Math.ceil(size / 3);
  return elementFault(field, type, bytes) ?? { shape, base64: isPlain ? text : bytes.toBase64() };
}

/** @returns undefined if the text is no base64. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(base64, { lastChunkHandling: 'strict' });
  } catch {
    return undefined;
  }
}

function readList(field: TensorInput, shape: readonly number[], list: unknown): TensorValue | TensorFault {
  const type = tensorTypeOf(field);
  const size = elementsOf(shape);
  if (!Array.isArray(list)) return new TensorFault(`a list of ${size} elements`, shownValue(list));
  if (size > MAX_LISTED)
    return new TensorFault(
      `given as base64 or as a blob, since a list may have ${MAX_LISTED} elements at most`,
      `${size} elements (shape [${shape.join(', ')}])`,
    );
  if (list.length !== size)
    return new TensorFault(
      `a list of ${size} elements (shape [${shape.join(', ')}])`,
      `a list of ${list.length}`,
    );
  if (type === 'string') return readTexts(field, shape, list);
  const bytes = encodeElements(type, list);
  if (typeof bytes === 'number')
    return new TensorFault(`elements of ${type}`, `${shownValue(list[bytes])} at index ${bytes}`);
  return elementFault(field, type, bytes) ?? { shape, base64: bytes.toBase64() };
}

function readTexts(
  { maxLength = Number.POSITIVE_INFINITY }: TensorInput,
  shape: readonly number[],
  texts: readonly unknown[],
): TensorTexts | TensorFault {
  const wrong = texts.findIndex((text) => typeof text !== 'string' || !isTensorText(text, maxLength));
  if (wrong === -1) return { shape, texts: texts as readonly string[] };
  const limit = Number.isFinite(maxLength) ? ` of at most ${maxLength} characters` : '';
  return new TensorFault(`texts${limit}, without NUL`, `${shownValue(texts[wrong])} at index ${wrong}`);
}

/** ONNX Runtime's texts are UTF-8: they have no lone surrogates, and they end at the first NUL. */
export function isTensorText(text: string, maxLength: number): boolean {
  if (!text.isWellFormed() || text.includes('\0')) return false;
  // A character has one or two UTF-16 units, so characters are counted only if the number of units does not decide.
  return text.length <= maxLength || (text.length <= 2 * maxLength && [...text].length <= maxLength);
}

/** What is wrong with an element of a tensor that came as bytes; undefined if all may be there. */
export function elementFault(
  field: TensorInput,
  type: ElementType,
  bytes: Uint8Array<ArrayBuffer>,
): TensorFault | undefined {
  const { minimum, maximum, allowNaN = false } = field;
  const limits = { minimum, maximum, allowNaN };
  const wrong = findElement(type, bytes, limits);
  if (wrong === undefined) return undefined;
  const range = INTEGER_RANGES[type];
  const least = minimum ?? range?.minimum;
  const most = maximum ?? range?.maximum;
  const kind = range === undefined ? 'finite numbers' : 'whole numbers';
  const expected =
    least === undefined && most === undefined ? kind : `${kind} from ${least ?? '−∞'} to ${most ?? '∞'}`;
  return new TensorFault(expected, `${wrong.element} at index ${wrong.index}`);
}
