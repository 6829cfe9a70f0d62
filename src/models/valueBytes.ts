/** The size of values in bytes: in a message at most (messages are JSON, and a broker takes 1 MiB), and in memory. */

import {
  type BlobReference,
  type BytesValue,
  base64Bytes,
  ELEMENT_BYTES,
  elementsOf,
  type TensorBytes,
} from '../contract/tensor.ts';
import type { Value, Values } from '../contract/values.ts';
import { DETECTION_BYTES } from './detection.ts';
import {
  MAX_OUTPUT_CHARACTERS,
  type ManifestInput,
  type ManifestOutput,
  sizeOf,
  type TensorInput,
  type TensorOutput,
  tensorTypeOf,
} from './manifest.ts';

/** The longest number, -2.2250738585072014e-308, and a comma. */
export const NUMBER_BYTES = 25;
/** A control character is written as \u0001. Every other character has four bytes at most. */
export const CHARACTER_BYTES = 6;
const QUOTES_BYTES = 3;

/**
 * The most bytes of the tensors and bytes of one task's inputs, or outputs, that travel in messages. Larger ones are
 * blobs. With base64 and what is around it, a message stays below its limit.
 */
const INLINE_BYTES = 256 * 1024;
/** Members such as the shape, and the reference to a blob. */
const TENSOR_MEMBERS_BYTES = 256;

/** Whether a value is bytes, or a tensor of them. */
export function hasBytes(value: Value | null | undefined): value is BytesValue | TensorBytes {
  return typeof value === 'object' && value !== null && ('base64' in value || 'blob' in value);
}

/** Whether a value names a blob. */
export function namesBlob(value: Value | undefined): value is BlobReference {
  return typeof value === 'object' && 'blob' in value;
}

/** Whether bytes are not for a message: they are a blob, or have to become one. @param inlineBytes see `inlineBytesOf`. */
export function isLargeValue(
  value: Value | null | undefined,
  inlineBytes: number,
): value is BytesValue | TensorBytes {
  return hasBytes(value) && ('blob' in value || base64Bytes(value.base64) > inlineBytes);
}

/** The most bytes of each tensor or file among these fields that travel in a message. */
export function inlineBytesOf(fields: readonly (ManifestInput | ManifestOutput)[]): number {
  const large = fields.filter((field) => 'shape' in field || 'kind' in field).length;
  return Math.floor(INLINE_BYTES / Math.max(1, large));
}

/**
 * The most bytes of one value of an input or output.
 *
 * @param inlineBytes as `inlineBytesOf` tells it for all inputs, or outputs.
 */
export function largestBytesOf(field: ManifestInput | ManifestOutput, inlineBytes = INLINE_BYTES): number {
  if ('kind' in field && field.kind === 'detections')
    return TENSOR_MEMBERS_BYTES + Math.ceil((4 / 3) * DETECTION_BYTES * field.maximum);
  if ('kind' in field) return TENSOR_MEMBERS_BYTES + Math.ceil((4 / 3) * inlineBytes);
  if ('shape' in field)
    return TENSOR_MEMBERS_BYTES + Math.ceil((4 / 3) * Math.min(inlineBytes, rowBytesOf(field)));
  if ('maxLength' in field) return CHARACTER_BYTES * field.maxLength + QUOTES_BYTES;
  if (field.type === 'string') return CHARACTER_BYTES * MAX_OUTPUT_CHARACTERS + QUOTES_BYTES;
  if (field.type === 'enum') return Math.max(...field.values.map(({ name }) => name.length)) + QUOTES_BYTES;
  return NUMBER_BYTES * (sizeOf(field) ?? 1);
}

/** The most bytes of all inputs, or all outputs, of one task in a message. */
export function largestBytesOfAll(fields: readonly (ManifestInput | ManifestOutput)[]): number {
  const inlineBytes = inlineBytesOf(fields);
  return fields.reduce((sum, field) => sum + largestBytesOf(field, inlineBytes), 0);
}

/** The bytes of a row's tensor; infinite if its shape varies, or if it has texts. */
function rowBytesOf(field: TensorInput | TensorOutput): number {
  const type = tensorTypeOf(field);
  if (type === 'string' || field.shape.some((size) => typeof size === 'string'))
    return Number.POSITIVE_INFINITY;
  return elementsOf(field.shape.map(Number)) * ELEMENT_BYTES[type];
}

/** An object's member of eight bytes, with its overhead. */
const MEMBER_BYTES = 32;
const NUMBER_IN_MEMORY_BYTES = 8;
export const CHARACTER_IN_MEMORY_BYTES = 2;

function objectBytes(value: Exclude<Value, string | number | boolean>): number {
  if ('length' in value) return NUMBER_IN_MEMORY_BYTES * value.length;
  if ('texts' in value)
    return value.texts.reduce(
      (sum, { length }) => sum + MEMBER_BYTES + CHARACTER_IN_MEMORY_BYTES * length,
      0,
    );
  // Of a blob, and of a large input of which a task keeps the size only, little is there.
  return 'base64' in value ? value.base64.length : MEMBER_BYTES;
}

/** The approximate size of values in memory. */
export function bytesInMemory(values: Values): number {
  let bytes = 0;
  for (const name in values) {
    const value = values[name];
    bytes += MEMBER_BYTES;
    if (typeof value === 'string') bytes += CHARACTER_IN_MEMORY_BYTES * value.length;
    else if (typeof value === 'object') bytes += objectBytes(value);
  }
  return bytes;
}
