/**
 * Keeps the memory of a worker's sessions within a budget. What counts is what the host processes take, as measured last
 * (at most a second ago), with the peak of their runs, because a later run may take as much again. Of memory that n
 * processes share, each has an n-th. A session takes what its host grew by while it was loaded and checked; in a host of
 * its own, the whole process. Trial hosts do not count.
 *
 *  eager  a loaded session stays loaded. A session that would exceed the budget is refused.
 *  lazy   a session is unloaded after its check, and loaded again when it is needed. To stay within the budget,
 *         sessions that are not in use are unloaded, the least recently used first. A shared host keeps some of the
 *         memory for its next session, and gives it back when its last one goes. Runs are never interrupted: if all
 *         sessions are in use, the budget is exceeded until one is not.
 */
import type { Config } from '../src/process/config.ts';
import { SerialQueue } from '../src/process/serialQueue.ts';

const MIB = 1024 * 1024;

export interface SessionMemoryOptions {
  readonly loading: Config['sessionLoading'];
  /** 0: no limit. */
  readonly limitMib: number;
  /** The memory of all hosts, in bytes. */
  readonly bytes: () => number;
}

/** The two steps of opening a session. */
interface Opening {
  /** Proves that it predicts right. @returns the bytes that it takes. */
  readonly check: () => Promise<number>;
  /** Loads it where it serves. */
  readonly load: () => Promise<void>;
}

/** A session as its memory is concerned. */
export interface Tenant {
  /** When it was used last, by `performance.now()`; undefined while it is in use, or not loaded. */
  readonly idleSince: number | undefined;
  /** Closes it if it is loaded. */
  unload(): Promise<void>;
}

/** The session does not fit into the budget now. */
export class OutOfBudget extends Error {}

export class SessionMemory {
  readonly #lazy: boolean;
  readonly #limitBytes: number;
  readonly #bytes: () => number;
  readonly #tenants = new Set<Tenant>();
  /** With a budget, sessions are loaded one after another: how much two take together is known only afterwards. */
  readonly #admissions = new SerialQueue();
  /** Separate, because others are loaded again meanwhile, however long a first check is. */
  readonly #loads = new SerialQueue();

  constructor({ loading, limitMib, bytes }: SessionMemoryOptions) {
    this.#lazy = loading === 'lazy';
    this.#limitBytes = limitMib === 0 ? Number.POSITIVE_INFINITY : limitMib * MIB;
    this.#bytes = bytes;
  }

  get isLimited(): boolean {
    return Number.isFinite(this.#limitBytes);
  }

  /** Whether sessions are loaded when they are needed. */
  get lazy(): boolean {
    return this.#lazy;
  }

  /**
   * Checks a session for the first time, and loads it if it stays loaded.
   *
   * @throws {OutOfBudget} naming the sum, if it does not fit. Errors of `load` and `check` pass through.
   */
  admit(tenant: Tenant, { check, load }: Opening): Promise<void> {
    return this.#inTurn(this.#admissions, async () => {
      this.#tenants.add(tenant);
      const own = await check();
      if (this.#lazy) {
        await tenant.unload();
        if (own > this.#limitBytes) throw this.#outOfBudget(`it takes ${mib(own)}`);
        return;
      }
      await this.#inTurn(this.#loads, load);
      const all = this.#bytes();
      if (all <= this.#limitBytes) return;
      const beside = all > own ? `, all sessions and their processes ${mib(all)}` : '';
      const lazy = own <= this.#limitBytes ? '; with SESSION_LOADING=lazy they take turns' : '';
      throw this.#outOfBudget(`it takes ${mib(own)}${beside}`, lazy);
    });
  }

  /** Loads a session again, after it has unloaded others if necessary. @param bytes what it took last time. */
  reload(bytes: number, load: () => Promise<void>): Promise<void> {
    return this.#inTurn(this.#loads, async () => {
      await this.#makeRoom(bytes);
      await load();
    });
  }

  /**
   * Unloads idle sessions if the budget is exceeded. Both ways to that call it: a session is not in use any more, or a
   * host was measured, which is up to a second after the run that took the memory.
   */
  review(): void {
    if (this.#lazy && this.#bytes() > this.#limitBytes)
      void this.#inTurn(this.#loads, () => this.#makeRoom(0));
  }

  /** Tells that a session is closed. */
  forget(tenant: Tenant): void {
    this.#tenants.delete(tenant);
  }

  /** Without a limit nothing has to wait. */
  #inTurn(queue: SerialQueue, work: () => Promise<void>): Promise<void> {
    return this.isLimited ? queue.run(work) : work();
  }

  async #makeRoom(bytes: number): Promise<void> {
    while (this.#bytes() + bytes > this.#limitBytes) {
      const idle = [...this.#tenants].filter(({ idleSince }) => idleSince !== undefined);
      const [oldest] = idle.toSorted((a, b) => Number(a.idleSince) - Number(b.idleSince));
      if (oldest === undefined) return;
      await oldest.unload();
    }
  }

  #outOfBudget(takes: string, advice = ''): OutOfBudget {
    return new OutOfBudget(`${takes}, where SESSION_MEMORY_MIB allows ${mib(this.#limitBytes)}${advice}`);
  }
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / MIB)} MiB`;
}
