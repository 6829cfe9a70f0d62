/**
 * Holds owners to their quotas: rates, which refuse with `RATE_LIMITED`, and amounts, which refuse with `OWNER_QUOTA`. An
 * API key may have quotas of its own beside those of its owner: both hold. What counts in them has the id of the key in
 * its name. An owner without quotas costs a look into a map.
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
import {
  NO_QUOTAS,
  QUOTA_NAMES,
  type QuotaHolder,
  QuotaName,
  type QuotasOf,
  type QuotasOfKey,
} from '../contract/quotas.ts';
import type { KeptBytes } from './keptBytes.ts';
import type { OwnerCounts } from './ownerCounts.ts';
import { TaskUse } from './taskUse.ts';
import { TokenBucket } from './tokenBucket.ts';

export interface OwnerQuotasOptions {
  readonly broker: Pick<Broker, 'now'>;
  readonly quotasOf: QuotasOf;
  readonly quotasOfKey: QuotasOfKey;
  readonly counts: OwnerCounts;
  readonly kept: Pick<KeptBytes, 'add'>;
  /** How many actuals of an owner are kept. */
  readonly actualsOf: (owner: Owner) => number;
}

/** A quota as its client sees it. */
export interface QuotaReport {
  readonly name: QuotaName;
  readonly limit: number;
  readonly used: number;
  /** Of a rate, in milliseconds since the epoch (broker time): when nothing counts as used, if nothing more is. */
  readonly resetsAt: number | undefined;
}

/** What a task needs of the quotas of its client. */
export interface TaskNeed {
  readonly rows: number;
  /** The bytes of its jobs. Called only where there is a quota of bytes. */
  readonly bytes: () => number;
  /** Called only where there is a quota of them. */
  readonly resultBytes: () => number;
  /** What its outputs may take in the store of blobs. Called only where there is a quota of that. */
  readonly blobBytes: () => number;
}

const WINDOWS_MS = { [QuotaName.TasksPerSecond]: 1_000, [QuotaName.CostPerMinute]: 60_000 } as const;
type RateName = keyof typeof WINDOWS_MS;

/** A quota that holds for a client: of its owner, or of its key. */
interface Limit<Name extends QuotaName = QuotaName> {
  readonly owner: Owner;
  readonly name: Name;
  readonly limit: number;
  /** The name of what counts in it, among the counts of the owner. */
  readonly counted: string;
  readonly isOfKey: boolean;
}

/** What counts in these is kept after its task has ended. */
const KEPT_LONG: ReadonlySet<QuotaName> = new Set([
  QuotaName.ResultBytes,
  QuotaName.BlobBytes,
  QuotaName.Actuals,
]);
const NO_LIMITS: readonly never[] = [];

/** The rates that are remembered. Those of the owners that were idle for longest are forgotten first. */
const BUCKETS = 20_000;

export class OwnerQuotas {
  readonly #options: OwnerQuotasOptions;
  readonly #buckets = new LRUCache<string, TokenBucket>({ max: BUCKETS });

  constructor(options: OwnerQuotasOptions) {
    this.#options = options;
  }

  /**
   * Takes one task from the rates of a client.
   *
   * @returns what the task is to be counted with; undefined if nothing of the client is counted.
   * @throws {RequestError} `RATE_LIMITED`.
   */
  begin(holder: QuotaHolder): TaskUse | undefined {
    const { counts } = this.#options;
    const { owner, limitedKey } = holder;
    this.#takeRate(holder, QuotaName.TasksPerSecond, 1);
    const isCounted = owner !== ANONYMOUS || this.#hasQuotas(holder);
    return isCounted ? new TaskUse({ owner, limitedKey, counts }) : undefined;
  }

  /** Takes the points of an operation from the rates of a client. @throws {RequestError} `RATE_LIMITED`. */
  charge(holder: QuotaHolder, points: number): void {
    this.#takeRate(holder, QuotaName.CostPerMinute, points);
  }

  /** Counts what a task needs, if its client has so much left. @throws {RequestError} `OWNER_QUOTA`. */
  admit(use: TaskUse, { rows, bytes, resultBytes, blobBytes }: TaskNeed): void {
    if (!this.#hasQuotas(use)) return;
    const amounts = this.#needs(use, QuotaName.TasksUnfinished, () => 1)
      .concat(this.#needs(use, QuotaName.RowsQueued, () => rows))
      .concat(this.#needs(use, QuotaName.BytesQueued, bytes));
    const kept = this.#needs(use, QuotaName.ResultBytes, resultBytes).concat(
      this.#needs(use, QuotaName.BlobBytes, blobBytes),
    );
    for (const { limit, need } of [...amounts, ...kept]) this.#require(limit, need);
    for (const { limit, need } of amounts) use.add(limit.counted, need);
    for (const { limit, need } of kept) {
      const { owner, counted } = limit;
      use.whenKept(counted, () => this.#options.kept.add(owner, counted, need));
    }
  }

  /** @throws {RequestError} `OWNER_QUOTA` if the client may not store so many bytes of blobs more. */
  requireBlobBytes(holder: QuotaHolder, bytes: number): void {
    for (const limit of this.#limits(holder, QuotaName.BlobBytes)) this.#require(limit, bytes);
  }

  /** Counts a blob. @returns takes it back: it was not stored. @throws {RequestError} `OWNER_QUOTA`. */
  keepBlob(holder: QuotaHolder, bytes: number): () => void {
    this.requireBlobBytes(holder, bytes);
    const taken = this.#limits(holder, QuotaName.BlobBytes).map(({ owner, counted }) =>
      this.#options.kept.add(owner, counted, bytes),
    );
    return () => {
      for (const takeBack of taken) takeBack();
    };
  }

  /** Counts one more open subscription. @throws {RequestError} `OWNER_QUOTA`. */
  openSubscription(holder: QuotaHolder): void {
    const limits = this.#limits(holder, QuotaName.Subscriptions);
    for (const limit of limits) this.#require(limit, 1);
    for (const { owner, counted } of limits) this.#options.counts.add(owner, counted, 1);
  }

  closeSubscription(holder: QuotaHolder): void {
    for (const { owner, counted } of this.#limits(holder, QuotaName.Subscriptions))
      this.#options.counts.add(owner, counted, -1);
  }

  /** Whether an owner may have so many actuals only. */
  limitsActuals(owner: Owner): boolean {
    return this.#limits({ owner }, QuotaName.Actuals).length > 0;
  }

  /** @throws {RequestError} `OWNER_QUOTA` if no further actual of the owner may be kept. */
  requireActual(owner: Owner): void {
    for (const limit of this.#limits({ owner }, QuotaName.Actuals)) this.#require(limit, 1);
  }

  /** Takes what a client has taken at another gateway from the same rate here. @param counted the name of the rate. */
  takenElsewhere(owner: Owner, counted: string, amount: number): void {
    const [name = '', limitedKey] = counted.split(' ');
    if (!isRate(name)) return;
    const limit = this.#limits({ owner, limitedKey }, name).find((each) => each.counted === counted);
    if (limit !== undefined) this.#bucketOf(limit).take(limit.limit, amount);
  }

  /** Of each quota that a client has. If its owner and its key have the same one, that of which less is left. */
  report(holder: QuotaHolder): readonly QuotaReport[] {
    return QUOTA_NAMES.flatMap((name) => {
      const reports = this.#limits(holder, name).map((limit) => this.#reportOf(limit));
      return reports.toSorted((a, b) => a.limit - a.used - (b.limit - b.used)).slice(0, 1);
    });
  }

  #reportOf(limit: Limit): QuotaReport {
    const { broker } = this.#options;
    const { name } = limit;
    if (!isOfRate(limit)) return { name, limit: limit.limit, used: this.#used(limit), resetsAt: undefined };
    const bucket = this.#bucketOf(limit);
    const used = Math.ceil(bucket.taken(limit.limit));
    return { name, limit: limit.limit, used, resetsAt: broker.now() + bucket.fullInMs(limit.limit) };
  }

  #hasQuotas({ owner, limitedKey }: QuotaHolder): boolean {
    return limitedKey !== undefined || this.#options.quotasOf(owner) !== NO_QUOTAS;
  }

  #limits<Name extends QuotaName>({ owner, limitedKey }: QuotaHolder, name: Name): readonly Limit<Name>[] {
    const { quotasOf, quotasOfKey } = this.#options;
    const ofOwner = quotasOf(owner)[name];
    const ofKey = limitedKey === undefined ? undefined : quotasOfKey(limitedKey)[name];
    if (ofOwner === undefined && ofKey === undefined) return NO_LIMITS;
    const limits = [
      { owner, name, limit: ofOwner, counted: name, isOfKey: false },
      { owner, name, limit: ofKey, counted: `${name} ${limitedKey}`, isOfKey: true },
    ];
    return limits.filter((each): each is Limit<Name> => each.limit !== undefined);
  }

  #needs(holder: QuotaHolder, name: QuotaName, need: () => number) {
    return this.#limits(holder, name).map((limit) => ({ limit, need: need() }));
  }

  /** Takes from both rates or from none. */
  #takeRate(holder: QuotaHolder, name: RateName, amount: number): void {
    const limits = this.#limits(holder, name);
    for (const limit of limits) {
      const waitMs = this.#bucketOf(limit).waitMs(limit.limit, amount);
      if (waitMs > 0) throw rateLimited(limit, waitMs);
    }
    for (const limit of limits) {
      this.#bucketOf(limit).take(limit.limit, amount);
      this.#options.counts.take(limit.owner, limit.counted, amount);
    }
  }

  #bucketOf({ owner, name, counted }: Limit<RateName>): TokenBucket {
    const key = `${counted} ${owner}`;
    const bucket = this.#buckets.get(key) ?? new TokenBucket(WINDOWS_MS[name]);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #used({ owner, name, counted }: Limit): number {
    const { counts, actualsOf } = this.#options;
    return name === QuotaName.Actuals ? actualsOf(owner) : counts.of(owner, counted);
  }

  #require(limit: Limit, need: number): void {
    const used = this.#used(limit);
    if (used + need > limit.limit) throw ownerQuota(limit, used, need);
  }
}

function isRate(name: string): name is RateName {
  return Object.hasOwn(WINDOWS_MS, name);
}

function isOfRate(limit: Limit): limit is Limit<RateName> {
  return isRate(limit.name);
}

function rateLimited(limit: Limit, waitMs: number): RequestError {
  return refusedForNow(
    RequestErrorCode.RateLimited,
    `${described(limit)}, and it is used up. Try again in ${waitMs} ms.`,
    { retryAfterMs: waitMs, limit: limit.limit },
  );
}

function ownerQuota(limit: Limit, used: number, need: number): RequestError {
  const retryAfterMs = KEPT_LONG.has(limit.name) ? RETRY_LATER_MS : RETRY_IN_A_MOMENT_MS;
  return refusedForNow(
    RequestErrorCode.OwnerQuota,
    `${described(limit)}: ${used} are used, and ${need} more were asked for. Try again in ${retryAfterMs} ms.`,
    { retryAfterMs, limit: limit.limit },
  );
}

function described({ name, limit, isOfKey }: Limit): string {
  return `Your quota ${name} is ${limit}${isOfKey ? ' for this API key' : ''}`;
}
