/** The bytes that one request holds of its connection's share. */
import { RequestErrorCode } from '../contract/errors.ts';
import { RequestRefused } from './answers.ts';
import { type ByteBudget, noRoomIn } from './byteBudget.ts';

const RETRY_AFTER_MS = 1_000;

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
      if (full !== undefined) throw busy(full);
    } else {
      this.#share.giveBack(this.#bytes - bytes);
    }
    this.#bytes = bytes;
  }

  [Symbol.dispose](): void {
    this.change(0);
  }
}

function busy(full: ByteBudget): RequestRefused {
  return new RequestRefused({
    status: 503,
    code: RequestErrorCode.GatewayBusy,
    message: `${noRoomIn(full)} Try again in a moment.`,
    details: { retryAfterMs: RETRY_AFTER_MS, limit: full.limit },
    headers: { 'retry-after': String(RETRY_AFTER_MS / 1_000) },
  });
}
