/**
 * Bounds how much work of one kind a gateway has in hand at once, in units such as chunks of row batches. Other work waits
 * for its turn in the order in which it came. Work that would wait behind too much is refused, since it holds memory
 * while it waits.
 */
import { gatewayBusy } from '../contract/errors.ts';

export interface TurnsOptions {
  /** The units of work, for the refusal: `chunks of batches to be read`, for example. */
  readonly what: string;
  /** Units in hand at once. Work with more units than that has its turn alone. */
  readonly atOnce: number;
  /** Units that may wait. */
  readonly waiting: number;
}

interface Waiter {
  readonly units: number;
  readonly begin: () => void;
}

export class Turns {
  readonly #options: TurnsOptions;
  readonly #waiters: Waiter[] = [];
  #inHand = 0;
  #waiting = 0;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Does work of so many units when it is its turn. @throws {RequestError} `GATEWAY_BUSY`. */
  async take<T>(units: number, work: () => Promise<T>): Promise<T> {
    const counted = Math.min(units, this.#options.atOnce);
    if (this.#waiters.length > 0 || !this.#fits(counted)) await this.#wait(counted);
    else this.#inHand += counted;
    try {
      return await work();
    } finally {
      this.#inHand -= counted;
      setImmediate(() => this.#goOn());
    }
  }

  #wait(units: number): Promise<void> {
    const { what, waiting } = this.#options;
    if (this.#waiting + units > waiting)
      throw gatewayBusy(`More than ${waiting} ${what} would wait for this gateway.`, waiting);
    this.#waiting += units;
    return new Promise((begin) => this.#waiters.push({ units, begin }));
  }

  /** Begins one turn, and the next in a later round of the event loop: the check of many rows is one long step. */
  #goOn(): void {
    const [next] = this.#waiters;
    if (next === undefined || !this.#fits(next.units)) return;
    this.#waiters.shift();
    this.#waiting -= next.units;
    this.#inHand += next.units;
    next.begin();
    setImmediate(() => this.#goOn());
  }

  #fits(units: number): boolean {
    return this.#inHand + units <= this.#options.atOnce;
  }
}
