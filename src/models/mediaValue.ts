/**
 * Reads the value of a picture, sound or text from what a client sent: a text, or the bytes of a file as base64 or as a
 * blob. What is wrong with a file and can be seen from its first bytes is refused here; whether it can be decoded shows
 * in the worker.
 */
import { isDigest } from '../contract/blob.ts';
import { shownValue } from '../contract/shownValue.ts';
import type { BytesValue } from '../contract/tensor.ts';
import type { MediaInput, TextInput } from './mediaInput.ts';
import { PICTURE_FORMATS, pictureHeader } from './pictureHeader.ts';
import { bytesOf, isTensorText, TensorFault } from './tensorInput.ts';

/** A longer text travels as bytes, which may be a blob. */
const WRITTEN_TEXT_BYTES = 16 * 1024;

/** @returns the value in the form of messages, or its fault. Given its own answer, it returns the same again. */
export function readMedia(field: MediaInput, given: unknown): string | BytesValue | TensorFault {
  if (field.kind === 'text' && typeof given === 'string') return readText(field, given);
  const { base64, blob, bytes, ...others } = membersOf(given);
  const isOne = (base64 == null) !== (blob == null) && Object.keys(others).length === 0;
  if (!isOne) return new TensorFault(expectedMedia(field), shownValue(given));
  return base64 == null ? readBlob(blob, bytes) : readBase64(field, base64);
}

/** What the field takes, to be read after "must be". */
export function expectedMedia(field: MediaInput): string {
  switch (field.kind) {
    case 'image':
      return `a picture (${PICTURE_FORMATS}) as base64 or as a blob`;
    case 'audio':
      return 'a WAV file as base64 or as a blob';
    case 'text':
      return `a text of at most ${field.maxBytes} bytes, without NUL`;
  }
}

function membersOf(given: unknown): Partial<Record<'base64' | 'blob' | 'bytes', unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? given : {};
}

function readText(field: TextInput, text: string): string | BytesValue | TensorFault {
  // A character has up to 3 bytes for each UTF-16 unit.
  if (3 * text.length <= Math.min(WRITTEN_TEXT_BYTES, field.maxBytes))
    return isTensorText(text, Number.POSITIVE_INFINITY) ? text : textFault(field);
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > field.maxBytes) return new TensorFault(expectedMedia(field), `${bytes.length} bytes`);
  if (!isTensorText(text, Number.POSITIVE_INFINITY)) return textFault(field);
  return bytes.length <= WRITTEN_TEXT_BYTES ? text : { base64: bytes.toBase64() };
}

function textFault(field: TextInput): TensorFault {
  return new TensorFault(expectedMedia(field), 'a text with NUL, or with half of a surrogate pair');
}

/** Its size is checked where it is decoded: a client does not know it. */
function readBlob(blob: unknown, bytes: unknown): BytesValue | TensorFault {
  if (typeof blob !== 'string' || !isDigest(blob))
    return new TensorFault('the id of a blob, 64 hex digits', shownValue(blob));
  if (bytes === undefined) return { blob } as BytesValue;
  if (!Number.isSafeInteger(bytes) || Number(bytes) < 0)
    return new TensorFault('the number of bytes of a blob', shownValue(bytes));
  return { blob, bytes: Number(bytes) };
}

function readBase64(field: MediaInput, base64: unknown): BytesValue | TensorFault {
  if (typeof base64 !== 'string')
    return new TensorFault('base64 (RFC 4648, with padding)', shownValue(base64));
  const large = tooLarge(field, Math.floor((base64.length * 3) / 4) - 2);
  if (large !== undefined) return large;
  const bytes = bytesOf(base64);
  if (bytes === undefined) return new TensorFault('base64 (RFC 4648, with padding)', shownValue(base64));
  return fileFault(field, bytes) ?? { base64 };
}

function tooLarge({ maxBytes }: MediaInput, bytes: number): TensorFault | undefined {
  return bytes <= maxBytes ? undefined : new TensorFault(`of at most ${maxBytes} bytes`, `${bytes} bytes`);
}

/** The fault of a file that its size or its first bytes show. */
export function fileFault(field: MediaInput, bytes: Uint8Array): TensorFault | undefined {
  const large = tooLarge(field, bytes.length);
  if (large !== undefined) return large;
  if (field.kind === 'audio')
    return isWav(bytes) ? undefined : new TensorFault('a WAV file', shownBytes(bytes));
  if (field.kind === 'text') return undefined;
  const header = pictureHeader(bytes);
  if (header === undefined) return new TensorFault(`a picture (${PICTURE_FORMATS})`, shownBytes(bytes));
  const { width, height } = header;
  return width * height <= field.maxPixels
    ? undefined
    : new TensorFault(`a picture of at most ${field.maxPixels} pixels`, `${width} × ${height}`);
}

function isWav(bytes: Uint8Array): boolean {
  const text = String.fromCharCode(...bytes.subarray(0, 12));
  return text.startsWith('RIFF') && text.endsWith('WAVE');
}

const SHOWN_BYTES = 8;

/** Bytes that have the wrong format, as messages show them. */
function shownBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'no bytes';
  const first = [...bytes.subarray(0, SHOWN_BYTES)].map((byte) => byte.toString(16).padStart(2, '0'));
  return `${bytes.length} bytes that begin with ${first.join(' ')}`;
}
