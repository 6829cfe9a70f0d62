/**
 * Bounds how much work of one kind a gateway has in hand at once, in units such as chunks of row batches. Other work waits
 * for its turn: owners come one after another, and the work of each in its order. Work that would wait beside too much is
 * refused, since it holds memory while it waits.
 */
import { gatewayBusy } from '../contract/errors.ts';
import type { Owner } from '../contract/owner.ts';
import { OwnerTurns } from '../process/ownerTurns.ts';
import { isBeyondShare } from './ownerShare.ts';

export interface TurnsOptions {
  /** The units of work, for the refusal: `chunks of batches to be read`, for example. */
  readonly what: string;
  /** Units in hand at once. Work with more units than that has its turn alone. */
  readonly atOnce: number;
  /** Units that may wait. */
  readonly waiting: number;
}

interface Waiter {
  readonly owner: Owner;
  readonly units: number;
  readonly begin: () => void;
}

export class Turns {
  readonly #options: TurnsOptions;
  readonly #waiters = new OwnerTurns<Waiter>();
  #inHand = 0;
  #waiting = 0;
  readonly #waitingOf = new Map<Owner, number>();

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Does work of so many units when it is its turn. @throws {RequestError} `GATEWAY_BUSY`. */
  async take<T>(owner: Owner, units: number, work: () => Promise<T>): Promise<T> {
    const counted = Math.min(units, this.#options.atOnce);
    if (this.#waiting > 0 || !this.#fits(counted)) await this.#wait(owner, counted);
    else this.#inHand += counted;
    try {
      return await work();
    } finally {
      this.#inHand -= counted;
      setImmediate(() => this.#goOn());
    }
  }

  #wait(owner: Owner, units: number): Promise<void> {
    const { what, waiting } = this.#options;
    const free = waiting - this.#waiting;
    if (units > free || isBeyondShare(owner, (this.#waitingOf.get(owner) ?? 0) + units, free))
      throw gatewayBusy(
        `More than ${waiting} ${what} would wait for this gateway, or more than the share of their owner.`,
        waiting,
      );
    this.#countWaiting(owner, units);
    return new Promise((begin) => this.#waiters.add(owner, { owner, units, begin }));
  }

  #countWaiting(owner: Owner, units: number): void {
    this.#waiting += units;
    const ofOwner = (this.#waitingOf.get(owner) ?? 0) + units;
    if (ofOwner > 0) this.#waitingOf.set(owner, ofOwner);
    else this.#waitingOf.delete(owner);
  }

  /** Begins one turn, and the next in a later round of the event loop: the check of many rows is one long step. */
  #goOn(): void {
    const next = this.#waiters.first;
    if (next === undefined || !this.#fits(next.units)) return;
    this.#waiters.takeFirst();
    this.#countWaiting(next.owner, -next.units);
    this.#inHand += next.units;
    next.begin();
    setImmediate(() => this.#goOn());
  }

  #fits(units: number): boolean {
    return this.#inHand + units <= this.#options.atOnce;
  }
}
