/**
 * Tensors and bytes as values of a task. Small ones travel in messages, as base64. Large ones are blobs, and messages
 * refer to them. docs/protocol.md, "Values", tells the forms.
 */

/** The bytes of an element, by the element type's name in ONNX. A bool is a byte, 0 or 1. */
export const ELEMENT_BYTES = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
  bool: 1,
} as const satisfies Readonly<Record<string, number>>;

/** The element types of a fixed width. */
export type ElementType = keyof typeof ELEMENT_BYTES;

/** Bytes: those of a picture or a sound, for example. */
export type BytesValue = InlineBytes | BlobReference;

export interface InlineBytes {
  readonly base64: string;
}

/** Bytes in the store of blobs, under the owner of the task. */
export interface BlobReference {
  /** Hex SHA-256 of the bytes. */
  readonly blob: string;
  /** Their number. */
  readonly bytes: number;
}

/** The same in a worker, once it has read the bytes. */
export type FetchedBlob = BlobReference & { readonly data: Uint8Array<ArrayBuffer> };

/** The tensor of one row: its elements in row-major order, little-endian. Texts are a list. */
export type TensorValue = TensorBytes | TensorTexts;

export type TensorBytes = { readonly shape: readonly number[] } & BytesValue;

export interface TensorTexts {
  readonly shape: readonly number[];
  readonly texts: readonly string[];
}

/** The bytes that base64 with padding stands for. */
export function base64Bytes(base64: string): number {
  return Math.floor((base64.length * 3) / 4) - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0);
}

/** The number of elements of a shape; 1 for `[]`. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
