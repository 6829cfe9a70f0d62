/** How much an owner may use. A quota that is absent does not limit the owner. */
import type { Owner } from './owner.ts';

/** The quotas by name, with what each counts. docs/configuration.md explains them. */
export const QuotaName = {
  TasksPerSecond: 'tasksPerSecond',
  CostPerMinute: 'costPerMinute',
  TasksUnfinished: 'tasksUnfinished',
  RowsQueued: 'rowsQueued',
  BytesQueued: 'bytesQueued',
  ResultBytes: 'resultBytes',
  BlobBytes: 'blobBytes',
  Subscriptions: 'subscriptions',
  Actuals: 'actuals',
} as const;
export type QuotaName = (typeof QuotaName)[keyof typeof QuotaName];

export const QUOTA_NAMES: readonly QuotaName[] = Object.values(QuotaName);

export type Quotas = Readonly<Partial<Record<QuotaName, number>>>;

/** Whose quotas something counts in. */
export interface QuotaHolder {
  readonly owner: Owner;
  /** The id of the API key that was used, if it has quotas of its own. They hold beside those of the owner. */
  readonly limitedKey?: string | undefined;
}

/** Gives the quotas of an owner. It is asked for each task and each operation. */
export type QuotasOf = (owner: Owner) => Quotas;

/** Gives the quotas of an API key by its id. It is asked for each task and each operation of such a key. */
export type QuotasOfKey = (id: string) => Quotas;

export const NO_QUOTAS: Quotas = {};

/** @returns what is wrong with quotas that were written by hand; undefined if they can be used. */
export function quotasProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return `must be an object with quotas, got ${shown(value)}`;
  for (const [name, limit] of Object.entries(value)) {
    if (!QUOTA_NAMES.some((known) => known === name))
      return `must have quotas of these names only: ${QUOTA_NAMES.join(', ')}; got ${shown(name)}`;
    if (!Number.isSafeInteger(limit) || limit < 1)
      return `must have whole numbers from 1 up, got ${shown(limit)} for ${name}`;
  }
  return undefined;
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 40);
}
