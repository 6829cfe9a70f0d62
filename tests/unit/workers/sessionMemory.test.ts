/** What is loaded within a budget, with sessions of known size. */
import { describe, expect, test } from 'vitest';
import { SessionMemory, type Tenant } from '../../../workers/sessionMemory.ts';

const MIB = 1024 * 1024;

/** A session that is loaded, used and unloaded by hand. */
class Fake implements Tenant {
  readonly #bytes: number;
  readonly #memory: SessionMemory;
  peakBytes = 0;
  idleSince: number | undefined;

  constructor(memory: SessionMemory, mib: number) {
    this.#memory = memory;
    this.#bytes = mib * MIB;
  }

  admit(check = () => Promise.resolve()): Promise<void> {
    return this.#memory.admit(this, { load: () => this.#load(), check });
  }

  /** Loads it if need be, and uses it until `at`. */
  async use(at: number): Promise<void> {
    if (this.peakBytes === 0) await this.#memory.reload(this.#bytes, () => this.#load());
    this.idleSince = at;
    this.#memory.released();
  }

  /** Loads it, and goes on using it. */
  async hold(): Promise<void> {
    await this.#memory.reload(this.#bytes, () => this.#load());
  }

  async unload(): Promise<void> {
    this.peakBytes = 0;
    this.idleSince = undefined;
  }

  async #load(): Promise<void> {
    this.peakBytes = this.#bytes;
  }
}

const loaded = (tenants: readonly Fake[]) => tenants.map(({ peakBytes }) => peakBytes > 0);

describe('eager', () => {
  test('all sessions stay loaded, and one that does not fit is refused with the sum', async () => {
    const memory = new SessionMemory({ loading: 'eager', limitMib: 250 });
    const [a, b, c] = [new Fake(memory, 100), new Fake(memory, 150), new Fake(memory, 1)];
    await Promise.all([a.admit(), b.admit()]);
    await expect(c.admit()).rejects.toThrow(
      'it takes 1 MiB, with the 250 MiB of others 251 MiB, where SESSION_MEMORY_MIB allows 250 MiB; with SESSION_LOADING=lazy they take turns',
    );
    memory.forget(c);
    memory.forget(b);
    await new Fake(memory, 150).admit();
  });

  test('without a limit everything is loaded at once', async () => {
    const memory = new SessionMemory({ loading: 'eager', limitMib: 0 });
    const all = Array.from({ length: 9 }, () => new Fake(memory, 100_000));
    await Promise.all(all.map((tenant) => tenant.admit()));
    expect(loaded(all)).not.toContain(false);
  });
});

describe('lazy', () => {
  test('no session stays loaded after its check, and one larger than the limit is refused', async () => {
    const memory = new SessionMemory({ loading: 'lazy', limitMib: 100 });
    const all = Array.from({ length: 3 }, () => new Fake(memory, 100));
    await Promise.all(all.map((tenant) => tenant.admit()));
    expect(loaded(all)).toEqual([false, false, false]);
    await expect(new Fake(memory, 101).admit()).rejects.toThrow(
      'it takes 101 MiB, where SESSION_MEMORY_MIB allows 100 MiB',
    );
  });

  test('a checked session can be loaded again while another is checked', async () => {
    const memory = new SessionMemory({ loading: 'lazy', limitMib: 100 });
    const [a, b, c] = [new Fake(memory, 40), new Fake(memory, 40), new Fake(memory, 40)];
    await a.admit();
    const checking = Promise.withResolvers<void>();
    const admitted = b.admit(() => checking.promise);
    const next = c.admit();
    await a.use(1);
    expect(loaded([a, b, c])).toEqual([true, true, false]);
    checking.resolve();
    await Promise.all([admitted, next]);
    expect(loaded([a, b, c])).toEqual([true, false, false]);
  });

  test('the idle session that was used longest ago makes room, and one in use never does', async () => {
    const memory = new SessionMemory({ loading: 'lazy', limitMib: 250 });
    const [a, b, c] = [new Fake(memory, 100), new Fake(memory, 100), new Fake(memory, 100)];
    for (const tenant of [a, b, c]) await tenant.admit();
    await a.use(1);
    await b.use(2);
    await a.use(3);
    await c.use(4);
    expect(loaded([a, b, c])).toEqual([true, false, true]);

    await b.hold();
    expect(loaded([a, b, c])).toEqual([false, true, true]);
    await a.hold();
    expect(loaded([a, b, c])).toEqual([true, true, false]);
    // All that is loaded is in use: the budget is exceeded until something is not.
    await c.use(5);
    await a.use(6);
    await expect.poll(() => loaded([a, b, c])).toEqual([true, true, false]);
  });
});
