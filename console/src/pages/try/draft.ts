/** What the user has entered for an input, and how it becomes the value of a variable. */
import type { ModelField } from '../../api/models.ts';
import { MISSING, type Read, readText } from './readText.ts';
import { type TensorDraft, tensorValue } from './tensorDraft.ts';

/** A text as it was typed, a choice, a file; undefined: left empty. */
export type Draft = string | boolean | Blob | TensorDraft | undefined;

/** What a stored blob becomes: inputs of bytes are sent beside the operation if they are large. */
export type Store = (bytes: Blob) => Promise<string>;

/** Larger files are stored as blobs first. */
const MAX_INLINE_BYTES = 256 * 1024;

/** @returns the value; an empty optional input has the value undefined, so that the default is used. */
export async function readDraft(field: ModelField, draft: Draft, store: Store): Promise<Read> {
  if (isEmpty(draft)) return field.default === null ? MISSING : { value: undefined };
  if (field.kind === 'IMAGE' || field.kind === 'AUDIO')
    return draft instanceof Blob ? { value: await bytesInput(draft, store) } : { value: draft };
  if (field.kind === 'TEXT' || typeof draft === 'boolean') return { value: draft };
  if (typeof draft === 'string') return readText(field, draft);
  if (draft instanceof Blob || draft === undefined) return { problem: 'Must be no file.' };
  return tensorValue(field, draft, (bytes) => bytesInput(bytes, store));
}

function isEmpty(draft: Draft): boolean {
  if (draft === undefined || draft === '') return true;
  if (typeof draft !== 'object' || draft instanceof Blob) return false;
  return 'form' in draft && (draft.form === 'file' ? draft.file === undefined : draft.text.trim() === '');
}

async function bytesInput(bytes: Blob, store: Store): Promise<object> {
  return bytes.size > MAX_INLINE_BYTES ? { blob: await store(bytes) } : { base64: await base64Of(bytes) };
}

function base64Of(bytes: Blob): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const reader = new FileReader();
  reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''));
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(bytes);
  return promise;
}
