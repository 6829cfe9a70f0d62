/**
 * What each owner uses, in all gateways. Each gateway counts its own part, and tells the others once a second. So what
 * another gateway has accepted meanwhile is not known here, and a quota can be exceeded by that: by what the other
 * gateways accept of the owner within a second.
 *
 * Amounts have names: those of quotas, and those that `FairShare` gives them. An owner of whom nothing is counted costs
 * nothing. Amounts of a gateway that is gone do not count.
 */
import type { Broker } from '../broker/broker.ts';
import { LONGEST_LIST } from '../contract/bounds.ts';
import type { OwnerUse } from '../contract/messages/notices.ts';
import type { Owner } from '../contract/owner.ts';

export interface OwnerCountsOptions {
  readonly broker: Pick<Broker, 'notices'>;
  readonly home: string;
  /** Called with what an owner has taken at another gateway. */
  readonly onTaken: (owner: Owner, name: string, amount: number) => void;
}

const TELL_INTERVAL_MS = 1_000;
const FORGET_AFTER_MS = 3_500;

type Amounts = Map<string, number>;

interface Told {
  readonly present: Readonly<Record<string, number>>;
  /** On the clock of `performance.now()`. */
  readonly forgetAt: number;
}

export class OwnerCounts implements Disposable {
  readonly #options: OwnerCountsOptions;
  readonly #present = new Map<Owner, Amounts>();
  #taken = new Map<Owner, Amounts>();
  /** By home of another gateway. */
  readonly #others = new Map<string, Map<Owner, Told>>();
  /** The owners of the last notices: each is told once more when nothing is left. */
  #lastTold: ReadonlySet<Owner> = new Set();
  readonly #listening = new DisposableStack();

  constructor(options: OwnerCountsOptions) {
    const { broker, home } = options;
    this.#options = options;
    this.#listening.use(
      broker.notices.listenUsed((notice) => {
        if (notice.home !== home) this.#hear(notice.home, notice.uses);
      }),
    );
    const timer = setInterval(() => this.#tell(), TELL_INTERVAL_MS).unref();
    this.#listening.defer(() => clearInterval(timer));
  }

  /** Changes what an owner has at present. @param by negative when something is given back. */
  add(owner: Owner, name: string, by: number): void {
    const amounts = this.#present.get(owner) ?? new Map();
    const amount = (amounts.get(name) ?? 0) + by;
    if (amount > 0) amounts.set(name, amount);
    else amounts.delete(name);
    if (amounts.size > 0) this.#present.set(owner, amounts);
    else this.#present.delete(owner);
  }

  /** Counts what an owner takes, for the other gateways. */
  take(owner: Owner, name: string, amount: number): void {
    const amounts = this.#taken.get(owner) ?? new Map();
    amounts.set(name, (amounts.get(name) ?? 0) + amount);
    this.#taken.set(owner, amounts);
  }

  /** What an owner has at present, in all gateways. */
  of(owner: Owner, name: string): number {
    let amount = this.#present.get(owner)?.get(name) ?? 0;
    for (const told of this.#others.values()) amount += told.get(owner)?.present[name] ?? 0;
    return amount;
  }

  /** The owners that have so much at present. */
  ownersWith(name: string, least: number): readonly Owner[] {
    const owners = new Set(this.#present.keys());
    for (const told of this.#others.values()) for (const owner of told.keys()) owners.add(owner);
    return [...owners].filter((owner) => this.of(owner, name) >= least);
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  #hear(home: string, uses: readonly OwnerUse[]): void {
    const forgetAt = performance.now() + FORGET_AFTER_MS;
    const told = this.#others.get(home) ?? new Map<Owner, Told>();
    this.#others.set(home, told);
    for (const { owner, present, taken } of uses) {
      told.set(owner, { present, forgetAt });
      for (const [name, amount] of Object.entries(taken)) this.#options.onTaken(owner, name, amount);
    }
  }

  #tell(): void {
    this.#forgetGone();
    const { broker, home } = this.#options;
    const owners = new Set([...this.#present.keys(), ...this.#taken.keys()]);
    const uses = [...owners.union(this.#lastTold)].map((owner) => ({
      owner,
      present: Object.fromEntries(this.#present.get(owner) ?? []),
      taken: Object.fromEntries(this.#taken.get(owner) ?? []),
    }));
    this.#lastTold = owners;
    this.#taken = new Map();
    for (let from = 0; from < uses.length; from += LONGEST_LIST)
      broker.notices.announceUsed({ home, uses: uses.slice(from, from + LONGEST_LIST) });
  }

  #forgetGone(): void {
    const now = performance.now();
    for (const [home, told] of this.#others) {
      for (const [owner, { forgetAt }] of told) if (forgetAt <= now) told.delete(owner);
      if (told.size === 0) this.#others.delete(home);
    }
  }
}
