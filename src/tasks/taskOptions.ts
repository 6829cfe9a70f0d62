/** The options that each mutation takes, and their limits. */
import { badValue } from '../contract/errors.ts';
import { MAX_LABEL_LENGTH, MAX_LABELS, MAX_TIMEOUT_MS } from '../contract/task.ts';
import type { VersionOptions } from '../rollout/offering.ts';

export const MIN_TIMEOUT_MS = 100;
export const MAX_REQUEST_ID_LENGTH = 128;
export const MAX_AFFINITY_KEY_LENGTH = 256;
export const MAX_WAIT_MS = 30_000;

export const TaskPriority = { Interactive: 'INTERACTIVE', Bulk: 'BULK' } as const;
export type TaskPriority = (typeof TaskPriority)[keyof typeof TaskPriority];

export interface TaskOptions extends VersionOptions {
  readonly requestId?: string | null | undefined;
  readonly priority?: TaskPriority | null | undefined;
  readonly labels?: readonly string[] | null | undefined;
  /** Milliseconds. */
  readonly timeoutMs?: number | null | undefined;
  /** Milliseconds. */
  readonly waitMs?: number | null | undefined;
}

/** @throws {RequestError} `BAD_USER_INPUT`. */
export function checkOptions({ requestId, timeoutMs, waitMs, affinityKey, labels }: TaskOptions): void {
  checkLength('requestId', requestId, MAX_REQUEST_ID_LENGTH);
  checkLength('affinityKey', affinityKey, MAX_AFFINITY_KEY_LENGTH);
  if (timeoutMs != null && (timeoutMs < MIN_TIMEOUT_MS || timeoutMs > MAX_TIMEOUT_MS)) {
    throw badValue('timeoutMs', `from ${MIN_TIMEOUT_MS} to ${MAX_TIMEOUT_MS} (ms)`, String(timeoutMs));
  }
  if (waitMs != null && (waitMs < 0 || waitMs > MAX_WAIT_MS))
    throw badValue('waitMs', `from 0 to ${MAX_WAIT_MS} (ms)`, String(waitMs));
  if (labels == null) return;
  if (labels.length > MAX_LABELS)
    throw badValue('labels', `a list of ${MAX_LABELS} labels at most`, `${labels.length} labels`);
  for (const label of labels) checkLength('labels', label, MAX_LABEL_LENGTH);
}

/** The labels that a task keeps, each once; undefined if it has none. */
export function labelsOf({ labels }: TaskOptions): readonly string[] | undefined {
  return labels == null || labels.length === 0 ? undefined : [...new Set(labels)];
}

function checkLength(field: string, text: string | null | undefined, maxLength: number): void {
  if (text != null && (text.length === 0 || text.length > maxLength))
    throw badValue(field, `a text of 1 to ${maxLength} characters`, `${text.length} characters`);
}
