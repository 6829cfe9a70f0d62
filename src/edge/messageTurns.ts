/** The turns of the large messages of one WebSocket. Its messages are read in the order in which they came. */
import type { Owner } from '../contract/owner.ts';
import { type ByteBudget, noRoomIn } from './byteBudget.ts';
import { EdgeCloseCode } from './closeCodes.ts';
import type { LargeRequests } from './largeRequests.ts';
import type { BoundedWebSocket } from './slowClients.ts';

export interface MessageTurnsOptions {
  readonly owner: Owner;
  readonly largeRequests: Pick<LargeRequests, 'turn'>;
  readonly socket: Pick<BoundedWebSocket, 'drop'>;
  /** Holds the bytes of messages that wait. */
  readonly budget: ByteBudget;
}

export class MessageTurns {
  readonly #options: MessageTurnsOptions;
  /** Of the last message that waits; undefined while none does. */
  #last: Promise<unknown> | undefined;

  constructor(options: MessageTurnsOptions) {
    this.#options = options;
  }

  /** Reads a message when it is its turn: mostly at once. @param length in bytes. */
  take(length: number, read: () => void): void {
    const { owner, largeRequests, socket, budget } = this.#options;
    const turn = largeRequests.turn(owner, length);
    if (turn === undefined && this.#last === undefined) {
      read();
      return;
    }
    const full = budget.take(length);
    if (full !== undefined) {
      socket.drop(EdgeCloseCode.TryAgainLater, noRoomIn(full));
      return;
    }
    const last = Promise.all([this.#last, turn]).then(() => {
      budget.giveBack(length);
      if (this.#last === last) this.#last = undefined;
      read();
    });
    this.#last = last;
  }
}
