/**
 * Holds owners to their quotas: rates, which refuse with `RATE_LIMITED`, and amounts, which refuse with `OWNER_QUOTA`.
 * An owner without quotas costs a look into a map.
 */
import { LRUCache } from 'lru-cache';
import type { Broker } from '../broker/broker.ts';
import {
  RETRY_IN_A_MOMENT_MS,
  RETRY_LATER_MS,
  type RequestError,
  RequestErrorCode,
  refusedForNow,
} from '../contract/errors.ts';
import { ANONYMOUS, type Owner } from '../contract/owner.ts';
import { NO_QUOTAS, QUOTA_NAMES, QuotaName, type QuotasOf } from '../contract/quotas.ts';
import type { KeptBytes } from './keptBytes.ts';
import type { OwnerCounts } from './ownerCounts.ts';
import { TaskUse } from './taskUse.ts';
import { TokenBucket } from './tokenBucket.ts';

export interface OwnerQuotasOptions {
  readonly broker: Pick<Broker, 'now'>;
  readonly quotasOf: QuotasOf;
  readonly counts: OwnerCounts;
  readonly results: Pick<KeptBytes, 'add'>;
  readonly blobs: Pick<KeptBytes, 'add'>;
}

/** A quota as its owner sees it. */
export interface QuotaReport {
  readonly name: QuotaName;
  readonly limit: number;
  readonly used: number;
  /** Of a rate, in milliseconds since the epoch (broker time): when nothing counts as used, if nothing more is. */
  readonly resetsAt: number | undefined;
}

/** What a task needs of its owner's quotas. */
export interface TaskNeed {
  readonly rows: number;
  /** The bytes of its jobs. Called only for owners with a quota of bytes. */
  readonly bytes: () => number;
  readonly resultBytes: number;
}

const WINDOWS_MS = { [QuotaName.TasksPerSecond]: 1_000, [QuotaName.CostPerMinute]: 60_000 } as const;
type RateName = keyof typeof WINDOWS_MS;

/** The rates that are remembered. Those of the owners that were idle for longest are forgotten first. */
const BUCKETS = 20_000;

export class OwnerQuotas {
  readonly #options: OwnerQuotasOptions;
  readonly #buckets = new LRUCache<string, TokenBucket>({ max: BUCKETS });

  constructor(options: OwnerQuotasOptions) {
    this.#options = options;
  }

  /**
   * Takes one task from the rate of an owner.
   *
   * @returns what the task is to be counted with; undefined if nothing of the owner is counted.
   * @throws {RequestError} `RATE_LIMITED`.
   */
  begin(owner: Owner): TaskUse | undefined {
    const { quotasOf, counts } = this.#options;
    const quotas = quotasOf(owner);
    this.#takeRate(owner, QuotaName.TasksPerSecond, quotas.tasksPerSecond, 1);
    const isCounted = owner !== ANONYMOUS || quotas !== NO_QUOTAS;
    return isCounted ? new TaskUse({ owner, counts }) : undefined;
  }

  /** Takes the points of an operation from the rate of an owner. @throws {RequestError} `RATE_LIMITED`. */
  charge(owner: Owner, points: number): void {
    this.#takeRate(owner, QuotaName.CostPerMinute, this.#options.quotasOf(owner).costPerMinute, points);
  }

  /** Counts what a task needs, if its owner has so much left. @throws {RequestError} `OWNER_QUOTA`. */
  admit(use: TaskUse, { rows, bytes, resultBytes }: TaskNeed): void {
    const { quotasOf, results } = this.#options;
    const { owner } = use;
    const quotas = quotasOf(owner);
    if (quotas === NO_QUOTAS) return;
    const needs = [
      [QuotaName.TasksUnfinished, 1],
      [QuotaName.RowsQueued, rows],
      [QuotaName.BytesQueued, quotas.bytesQueued === undefined ? 0 : bytes()],
    ] as const;
    for (const [name, need] of needs) this.#require(owner, name, need);
    this.#require(owner, QuotaName.ResultBytes, resultBytes);
    for (const [name, need] of needs) if (quotas[name] !== undefined) use.add(name, need);
    if (quotas.resultBytes !== undefined) use.whenKept(() => results.add(owner, resultBytes));
  }

  /** @throws {RequestError} `OWNER_QUOTA` if the owner may not store so many bytes of blobs more. */
  requireBlobBytes(owner: Owner, bytes: number): void {
    this.#require(owner, QuotaName.BlobBytes, bytes);
  }

  /** Counts a blob. @returns takes it back: it was not stored. @throws {RequestError} `OWNER_QUOTA`. */
  keepBlob(owner: Owner, bytes: number): () => void {
    const { quotasOf, blobs } = this.#options;
    this.requireBlobBytes(owner, bytes);
    return quotasOf(owner).blobBytes === undefined ? () => {} : blobs.add(owner, bytes);
  }

  /** Counts one more open subscription. @throws {RequestError} `OWNER_QUOTA`. */
  openSubscription(owner: Owner): void {
    if (this.#options.quotasOf(owner).subscriptions === undefined) return;
    this.#require(owner, QuotaName.Subscriptions, 1);
    this.#options.counts.add(owner, QuotaName.Subscriptions, 1);
  }

  closeSubscription(owner: Owner): void {
    if (this.#options.quotasOf(owner).subscriptions === undefined) return;
    this.#options.counts.add(owner, QuotaName.Subscriptions, -1);
  }

  /** Takes what an owner has taken at another gateway from the same rate here. */
  takenElsewhere(owner: Owner, name: string, amount: number): void {
    const limit = isRate(name) ? this.#options.quotasOf(owner)[name] : undefined;
    if (isRate(name) && limit !== undefined) this.#bucketOf(owner, name).take(limit, amount);
  }

  report(owner: Owner): readonly QuotaReport[] {
    const { quotasOf, counts, broker } = this.#options;
    const quotas = quotasOf(owner);
    return QUOTA_NAMES.flatMap((name) => {
      const limit = quotas[name];
      if (limit === undefined) return [];
      if (!isRate(name)) return { name, limit, used: counts.of(owner, name), resetsAt: undefined };
      const bucket = this.#bucketOf(owner, name);
      const used = Math.ceil(bucket.taken(limit));
      return { name, limit, used, resetsAt: broker.now() + bucket.fullInMs(limit) };
    });
  }

  #takeRate(owner: Owner, name: RateName, limit: number | undefined, amount: number): void {
    if (limit === undefined) return;
    const bucket = this.#bucketOf(owner, name);
    const waitMs = bucket.waitMs(limit, amount);
    if (waitMs > 0) throw rateLimited(name, limit, waitMs);
    bucket.take(limit, amount);
    this.#options.counts.take(owner, name, amount);
  }

  #bucketOf(owner: Owner, name: RateName): TokenBucket {
    const key = `${name} ${owner}`;
    const bucket = this.#buckets.get(key) ?? new TokenBucket(WINDOWS_MS[name]);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #require(owner: Owner, name: QuotaName, need: number): void {
    const limit = this.#options.quotasOf(owner)[name];
    if (limit === undefined) return;
    const used = this.#options.counts.of(owner, name);
    if (used + need > limit) throw ownerQuota(name, { limit, used, need });
  }
}

function isRate(name: string): name is RateName {
  return Object.hasOwn(WINDOWS_MS, name);
}

function rateLimited(name: RateName, limit: number, waitMs: number): RequestError {
  return refusedForNow(
    RequestErrorCode.RateLimited,
    `Your quota ${name} is ${limit}, and it is used up. Try again in ${waitMs} ms.`,
    { retryAfterMs: waitMs, limit },
  );
}

function ownerQuota(
  name: QuotaName,
  { limit, used, need }: { readonly limit: number; readonly used: number; readonly need: number },
): RequestError {
  const isKept = name === QuotaName.ResultBytes || name === QuotaName.BlobBytes;
  const retryAfterMs = isKept ? RETRY_LATER_MS : RETRY_IN_A_MOMENT_MS;
  return refusedForNow(
    RequestErrorCode.OwnerQuota,
    `Your quota ${name} is ${limit}: ${used} are used, and ${need} more were asked for. Try again in ${retryAfterMs} ms.`,
    { retryAfterMs, limit },
  );
}
