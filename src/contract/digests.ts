/** Digests that tell requests apart: hex SHA-256, the same in every gateway. */
import { createHash } from 'node:crypto';
import type { InputColumns, Values } from './values.ts';

/** The subject token of a request: the same owner, model and `requestId` meet on the same one. */
export function requestHash(owner: string, model: string, requestId: string): string {
  return digest(JSON.stringify([owner, model, requestId]));
}

/** The subject token of a redrive: gateways that redrive the same dead letter meet on it, and no request does. */
export function redriveHash(taskId: string): string {
  return digest(JSON.stringify(['redrive', taskId]));
}

/**
 * Tells a retry from another question.
 *
 * @param input checked values in the manifest's order, as asked: a time of `now` has not become an instant.
 */
export function inputDigest(input: Values, pinnedVersion: string | undefined): string {
  const replacer = Object.values(input).some(hasBytes) ? withDigests : undefined;
  return digest(JSON.stringify([Object.entries(input), pinnedVersion], replacer));
}

/** The same for a batch, and never that of a single task. */
export function columnsDigest(columns: InputColumns, pinnedVersion: string | undefined): string {
  const replacer = Object.values(columns).some((column) => column.some(hasBytes)) ? withDigests : undefined;
  return digest(JSON.stringify(['batch', Object.entries(columns), pinnedVersion], replacer));
}

/** A replacer is called for each value. Without one, a batch of plain rows is written many times faster. */
function hasBytes(value: unknown): value is { readonly base64: unknown } | { readonly blob: unknown } {
  return typeof value === 'object' && value !== null && ('base64' in value || 'blob' in value);
}

/** The same for work. @param asked what the client asked for, its members in one order. */
export function workDigest(asked: object): string {
  return digest(JSON.stringify(['work', asked]));
}

/**
 * Of a tensor or bytes their digest counts, so that they are the same in a message as in the store of blobs. Their number
 * does not: it follows from the digest, and is not known before a blob is found.
 */
function withDigests(_name: string, value: unknown): unknown {
  if (!hasBytes(value)) return value;
  const blob =
    'blob' in value
      ? value.blob
      : createHash('sha256')
          .update(Buffer.from(String(value.base64), 'base64'))
          .digest('hex');
  return 'shape' in value ? { shape: value.shape, blob } : { blob };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
