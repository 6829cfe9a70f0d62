/**
 * Keeps the memory of a worker's sessions within a budget. A session counts with the peak of its process since it was
 * loaded, as reported last (at most a second ago), because a later run may take as much again. Memory that processes
 * share counts for each.
 *
 *  eager  a loaded session stays loaded. A session that would exceed the budget is refused.
 *  lazy   a session is unloaded after its check, and loaded again when it is needed. To stay within the budget,
 *         sessions that are not in use are unloaded, the least recently used first. Runs are never interrupted: if all
 *         sessions are in use, the budget is exceeded until one is not.
 */
import type { Config } from '../src/process/config.ts';
import { SerialQueue } from '../src/process/serialQueue.ts';

const MIB = 1024 * 1024;

export interface SessionMemoryOptions {
  readonly loading: Config['sessionLoading'];
  /** 0: no limit. */
  readonly limitMib: number;
}

/** The two steps of opening a session: its process loads the model, then proves that it predicts right. */
interface Opening {
  readonly load: () => Promise<void>;
  readonly check: () => Promise<void>;
}

/** A session as its memory is concerned. */
export interface Tenant {
  /** The peak of its process since it was loaded, in bytes; 0 while it is not loaded. */
  readonly peakBytes: number;
  /** When it was used last, by `performance.now()`; undefined while it is in use, or not loaded. */
  readonly idleSince: number | undefined;
  /** Ends its process. */
  unload(): Promise<void>;
}

/** The session does not fit into the budget now. */
export class OutOfBudget extends Error {}

export class SessionMemory {
  readonly #lazy: boolean;
  readonly #limitBytes: number;
  readonly #tenants = new Set<Tenant>();
  /** With a budget, sessions are loaded one after another: how much two take together is known only afterwards. */
  readonly #admissions = new SerialQueue();
  /** A session in its check takes no more memory, so others are loaded again meanwhile, however long the check is. */
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
   * @throws {OutOfBudget} naming the sum, if it does not fit. Errors of `load` and `check` pass through.
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

  /** Loads a session again, after it has unloaded others if necessary. @param bytes its peak of last time. */
  reload(bytes: number, load: () => Promise<void>): Promise<void> {
    return this.#inTurn(this.#loads, async () => {
      await this.#makeRoom(bytes);
      await load();
    });
  }

  /** Tells that a session is not in use any more. */
  released(): void {
    if (this.#lazy && this.#sum() > this.#limitBytes) void this.#inTurn(this.#loads, () => this.#makeRoom(0));
  }

  /** Tells that a session is closed. */
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
