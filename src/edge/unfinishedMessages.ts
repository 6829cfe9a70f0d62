/** Limits the incomplete message on a WebSocket, in bytes and in time. */
import type { Duplex } from 'node:stream';
import { type ByteBudget, noRoomIn } from './byteBudget.ts';
import { EdgeCloseCode } from './closeCodes.ts';
import { FrameMeter } from './frameMeter.ts';
import type { BoundedWebSocket } from './slowClients.ts';

interface UnfinishedOptions {
  readonly socket: BoundedWebSocket;
  readonly connection: Duplex;
  readonly budget: ByteBudget;
  /** The time in which a message must be complete. */
  readonly requestTimeoutMs: number;
}

/** Drops a WebSocket whose message exceeds the budget, or takes too long. */
export function limitUnfinished({ socket, connection, budget, requestTimeoutMs }: UnfinishedOptions): void {
  const meter = new FrameMeter();
  let held = 0;
  let slowness: NodeJS.Timeout | undefined;
  // Before `ws` gets the chunk. A message that `ws` completes counts for its operation, no longer as incomplete.
  connection.prependListener('data', (chunk: Buffer) => {
    const now = meter.hear(chunk);
    const full = now > held ? budget.take(now - held) : undefined;
    if (full !== undefined) {
      socket.drop(EdgeCloseCode.TryAgainLater, noRoomIn(full));
      return;
    }
    if (now < held) budget.giveBack(held - now);
    held = now;
    if (held === 0) {
      clearTimeout(slowness);
      slowness = undefined;
    } else {
      slowness ??= setTimeout(
        () => socket.drop(EdgeCloseCode.TooSlowToSend, 'A message took longer than REQUEST_TIMEOUT_MS'),
        requestTimeoutMs,
      );
    }
  });
  socket.once('close', () => {
    clearTimeout(slowness);
    budget.giveBack(held);
    held = 0;
  });
}
