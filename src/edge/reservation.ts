/** The bytes that one request holds of its connection's share. */
import { gatewayBusy } from '../contract/errors.ts';
import { RequestRefused, unavailable } from './answers.ts';
import { type ByteBudget, noRoomIn } from './byteBudget.ts';

export class Reservation implements Disposable {
  readonly #share: ByteBudget;
  #bytes = 0;

  constructor(share: ByteBudget) {
    this.#share = share;
  }

  /** @throws {RequestRefused} if the budget has too few bytes left. */
  change(bytes: number): void {
    if (bytes > this.#bytes) {
      const full = this.#share.take(bytes - this.#bytes);
      if (full !== undefined) throw new RequestRefused(unavailable(gatewayBusy(noRoomIn(full), full.limit)));
    } else {
      this.#share.giveBack(this.#bytes - bytes);
    }
    this.#bytes = bytes;
  }

  [Symbol.dispose](): void {
    this.change(0);
  }
}
