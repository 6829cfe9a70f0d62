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
  return digest(JSON.stringify([Object.entries(input), pinnedVersion]));
}

/** The same for a batch, and never that of a single task. */
export function columnsDigest(columns: InputColumns, pinnedVersion: string | undefined): string {
  return digest(JSON.stringify(['batch', Object.entries(columns), pinnedVersion]));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
