/** What is loaded within a budget, with sessions of known size. */
import { describe, expect, test } from 'vitest';
import { SessionMemory, type Tenant } from '../../../workers/sessionMemory.ts';

const MIB = 1024 * 1024;

/** A worker without anything but its budget, and sessions of known size that are loaded and used by hand. */
class Budget {
  readonly #fakes: Fake[] = [];
  readonly memory: SessionMemory;

  constructor(loading: 'eager' | 'lazy', limitMib: number) {
    const bytes = () => this.#fakes.reduce((sum, fake) => sum + (fake.isLoaded ? fake.bytes : 0), 0);
    this.memory = new SessionMemory({ loading, limitMib, bytes });
  }

  session(mib: number): Fake {
    const fake = new Fake(this.memory, mib);
    this.#fakes.push(fake);
    return fake;
  }
}

class Fake implements Tenant {
  bytes: number;
  readonly #memory: SessionMemory;
  isLoaded = false;
  idleSince: number | undefined;

  constructor(memory: SessionMemory, mib: number) {
    this.bytes = mib * MIB;
    this.#memory = memory;
  }

  admit(checking: Promise<void> = Promise.resolve()): Promise<void> {
    const check = () => checking.then(() => this.bytes);
    return this.#memory.admit(this, { check, load: () => this.#load() });
  }

  /** Loads it if need be, and uses it until `at`. */
  async use(at: number): Promise<void> {
    if (!this.isLoaded) await this.hold();
    this.idleSince = at;
    this.#memory.review();
  }

  /** Loads it, and goes on using it. */
  async hold(): Promise<void> {
    await this.#memory.reload(this.bytes, () => this.#load());
  }

  async unload(): Promise<void> {
    this.isLoaded = false;
    this.idleSince = undefined;
  }

  async #load(): Promise<void> {
    this.isLoaded = true;
  }
}

const loaded = (tenants: readonly Fake[]) => tenants.map(({ isLoaded }) => isLoaded);

describe('eager', () => {
  test('all sessions stay loaded, and one that does not fit is refused with the sum', async () => {
    const budget = new Budget('eager', 250);
    const [a, b, c] = [budget.session(100), budget.session(150), budget.session(1)];
    await Promise.all([a.admit(), b.admit()]);
    await expect(c.admit()).rejects.toThrow(
      'it takes 1 MiB, all sessions and their processes 251 MiB, where SESSION_MEMORY_MIB allows 250 MiB; with SESSION_LOADING=lazy they take turns',
    );
    for (const left of [c, b]) {
      budget.memory.forget(left);
      await left.unload();
    }
    await budget.session(150).admit();
  });

  test('without a limit everything is loaded at once', async () => {
    const budget = new Budget('eager', 0);
    const all = Array.from({ length: 9 }, () => budget.session(100_000));
    await Promise.all(all.map((tenant) => tenant.admit()));
    expect(loaded(all)).not.toContain(false);
  });
});

describe('lazy', () => {
  test('no session stays loaded after its check, and one larger than the limit is refused', async () => {
    const budget = new Budget('lazy', 100);
    const all = Array.from({ length: 3 }, () => budget.session(100));
    await Promise.all(all.map((tenant) => tenant.admit()));
    expect(loaded(all)).toEqual([false, false, false]);
    await expect(budget.session(101).admit()).rejects.toThrow(
      'it takes 101 MiB, where SESSION_MEMORY_MIB allows 100 MiB',
    );
  });

  test('a checked session can be loaded again while another is checked', async () => {
    const budget = new Budget('lazy', 100);
    const [a, b, c] = [budget.session(40), budget.session(40), budget.session(40)];
    await a.admit();
    const checking = Promise.withResolvers<void>();
    const admitted = b.admit(checking.promise);
    const next = c.admit();
    await a.use(1);
    expect(loaded([a, b, c])).toEqual([true, false, false]);
    checking.resolve();
    await Promise.all([admitted, next]);
  });

  test('the idle session that was used longest ago makes room, and one in use never does', async () => {
    const budget = new Budget('lazy', 250);
    const [a, b, c] = [budget.session(100), budget.session(100), budget.session(100)];
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

  test('a session that turns out to be larger after it was used is unloaded, and one in use is not', async () => {
    const budget = new Budget('lazy', 100);
    const [a, b] = [budget.session(40), budget.session(40)];
    for (const tenant of [a, b]) await tenant.admit();
    await a.hold();
    await b.use(1);
    b.bytes = 70 * MIB;
    budget.memory.review();
    await expect.poll(() => loaded([a, b])).toEqual([true, false]);
  });
});
