/** Counts what graphql-ws keeps of one WebSocket's messages: all of each `subscribe` message while its operation is open. */
import { gatewayBusy } from '../contract/errors.ts';
import { type ByteBudget, noRoomIn } from './byteBudget.ts';

export class OpenMessages {
  readonly #budget: ByteBudget;
  /** Of the message that is handed on just now, in characters. */
  #length = 0;
  #taken = 0;

  /** @param budget the connection's share. */
  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /**
   * Hands a message on. graphql-ws promises to have heard a `subscribe` message to its end only when the operation has
   * ended, whatever ended it; only then the message is let go of.
   */
  async handOn(text: string, hear: (text: string) => Promise<void>): Promise<void> {
    this.#length = text.length;
    this.#taken = 0;
    const heard = hear(text);
    // `take` was called by now if the message asks for an operation, and may be called for another message from here on.
    const taken = this.#taken;
    try {
      await heard;
    } finally {
      this.#budget.giveBack(taken);
    }
  }

  /** Takes the room of the message that is handed on just now. @throws {RequestError} `GATEWAY_BUSY` if there is none. */
  take(): void {
    const full = this.#budget.take(this.#length);
    if (full !== undefined) throw gatewayBusy(noRoomIn(full), full.limit);
    this.#taken = this.#length;
  }
}
