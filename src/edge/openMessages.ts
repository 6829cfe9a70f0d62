/** Counts the messages of one WebSocket that graphql-ws keeps: each `subscribe` message while its operation is open. */
import { gatewayBusy } from '../contract/errors.ts';
import { type ByteBudget, noRoomIn } from './byteBudget.ts';

export class OpenMessages {
  readonly #budget: ByteBudget;
  /** The length of the message that is passed on at present, in characters. */
  #length = 0;
  #taken = 0;
  #count = 0;

  /** @param budget the connection's share. */
  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /**
   * Passes a message on. For a `subscribe` message, graphql-ws's promise resolves only when the operation has ended,
   * for whatever reason. Only then its bytes are released.
   */
  async handOn(text: string, hear: (text: string) => Promise<void>): Promise<void> {
    this.#length = text.length;
    this.#taken = 0;
    const heard = hear(text);
    // If the message asks for an operation, `take` was called by now. From here on it may be called for another
    // message.
    const taken = this.#taken;
    try {
      await heard;
    } finally {
      if (taken > 0) this.#count--;
      this.#budget.giveBack(taken);
    }
  }

  /**
   * Takes the bytes of the present message from the budget.
   *
   * @throws {RequestError} `GATEWAY_BUSY` if it is exhausted.
   */
  take(): void {
    const full = this.#budget.take(this.#length);
    if (full !== undefined) throw gatewayBusy(noRoomIn(full), full.limit);
    this.#taken = this.#length;
    this.#count++;
  }
}
