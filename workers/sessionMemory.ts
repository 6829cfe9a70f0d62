/**
 * What the sessions of a worker take together, kept within a budget. A session counts with the most that its process has
 * taken up since it was loaded, as it was reported last, a second ago at most: what one run took, the next may take. What
 * is shared between processes counts for each.
 *
 *  eager  a loaded session stays loaded. One that would go beyond the budget is refused.
 *  lazy   a session is unloaded after its check, and loaded again when it is needed. Room is made by unloading those
 *         that nobody uses, the least recently used first. What runs goes on: where all are in use, the budget is
 *         exceeded until the first is not.
 */
import type { Config } from '../src/process/config.ts';
import { SerialQueue } from '../src/process/serialQueue.ts';

const MIB = 1024 * 1024;

export interface SessionMemoryOptions {
  readonly loading: Config['sessionLoading'];
  /** 0: no limit. */
  readonly limitMib: number;
}

/** How a session comes to be: its process has the model, and then has shown that it predicts right. */
export interface Opening {
  readonly load: () => Promise<void>;
  readonly check: () => Promise<void>;
}

/** A session, as far as its memory goes. */
export interface Tenant {
  /** The most that its process has taken up since it was loaded; 0 while it is not. */
  readonly peakBytes: number;
  /** Since when nobody uses it, by `performance.now()`; undefined while somebody does, or it is not loaded. */
  readonly idleSince: number | undefined;
  /** Ends its process. */
  unload(): Promise<void>;
}

/** The session does not fit into the budget, as things are. */
export class OutOfBudget extends Error {}

export class SessionMemory {
  readonly #lazy: boolean;
  readonly #limitBytes: number;
  readonly #tenants = new Set<Tenant>();
  /** Within a budget one is admitted after the other: what two take together is not known before they have it. */
  readonly #admissions = new SerialQueue();
  /** What is checked takes no more than it has: others are loaded again meanwhile, however long the check is. */
  readonly #loads = new SerialQueue();

  constructor({ loading, limitMib }: SessionMemoryOptions) {
    this.#lazy = loading === 'lazy';
    this.#limitBytes = limitMib === 0 ? Number.POSITIVE_INFINITY : limitMib * MIB;
  }

  /** Whether sessions are loaded when they are needed. */
  get lazy(): boolean {
    return this.#lazy;
  }

  /**
   * Loads and checks a session for the first time.
   *
   * @throws {OutOfBudget} naming the sum, if it does not fit; whatever `load` and `check` throw.
   */
  admit(tenant: Tenant, { load, check }: Opening): Promise<void> {
    return this.#inTurn(this.#admissions, async () => {
      this.#tenants.add(tenant);
      await this.#inTurn(this.#loads, load);
      await check();
      const own = tenant.peakBytes;
      const others = this.#lazy ? 0 : this.#sum() - own;
      if (own + others > this.#limitBytes) {
        const beside = others > 0 ? `, with the ${mib(others)} of others ${mib(own + others)}` : '';
        const lazy = own <= this.#limitBytes ? '; with SESSION_LOADING=lazy they take turns' : '';
        throw new OutOfBudget(
          `it takes ${mib(own)}${beside}, where SESSION_MEMORY_MIB allows ${mib(this.#limitBytes)}${lazy}`,
        );
      }
      if (this.#lazy) await tenant.unload();
    });
  }

  /** Loads a session again, after making room for it. @param bytes what it took last time. */
  reload(bytes: number, load: () => Promise<void>): Promise<void> {
    return this.#inTurn(this.#loads, async () => {
      await this.#makeRoom(bytes);
      await load();
    });
  }

  /** A session is not in use any more. */
  released(): void {
    if (this.#lazy && this.#sum() > this.#limitBytes) void this.#inTurn(this.#loads, () => this.#makeRoom(0));
  }

  /** A session is closed. */
  forget(tenant: Tenant): void {
    this.#tenants.delete(tenant);
  }

  /** Without a limit nothing has to wait. */
  #inTurn(queue: SerialQueue, work: () => Promise<void>): Promise<void> {
    return Number.isFinite(this.#limitBytes) ? queue.run(work) : work();
  }

  async #makeRoom(bytes: number): Promise<void> {
    while (this.#sum() + bytes > this.#limitBytes) {
      const idle = [...this.#tenants].filter(({ idleSince }) => idleSince !== undefined);
      const [oldest] = idle.toSorted((a, b) => Number(a.idleSince) - Number(b.idleSince));
      if (oldest === undefined) return;
      await oldest.unload();
    }
  }

  #sum(): number {
    return [...this.#tenants].reduce((sum, { peakBytes }) => sum + peakBytes, 0);
  }
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / MIB)} MiB`;
}
