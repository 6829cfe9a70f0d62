/** What a WebSocket has to hold of a message that is coming and is not whole: bounded in bytes and in time. */
import type { Duplex } from 'node:stream';
import { type ByteBudget, noRoomIn } from './byteBudget.ts';
import { EdgeCloseCode } from './closeCodes.ts';
import { FrameMeter } from './frameMeter.ts';
import type { BoundedWebSocket } from './slowClients.ts';

interface UnfinishedOptions {
  readonly socket: BoundedWebSocket;
  readonly connection: Duplex;
  readonly budget: ByteBudget;
  /** Time that a message may take to come. */
  readonly requestTimeoutMs: number;
}

/** Drops a WebSocket whose message finds no room, or takes too long to come. */
export function limitUnfinished({ socket, connection, budget, requestTimeoutMs }: UnfinishedOptions): void {
  const meter = new FrameMeter();
  let held = 0;
  let slowness: NodeJS.Timeout | undefined;
  // Before `ws` hears the chunk: what it makes a message of counts as an operation, and not as held.
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
