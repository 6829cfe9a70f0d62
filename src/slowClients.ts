/**
 * Clients that do not take what they are sent. What may wait for one is bounded; beyond the bound its connection is
 * closed. No final state is lost with a connection: the client connects again and subscribes with the same id.
 *
 * A WebSocket may have `MAX_BUFFERED_BYTES` waiting. Over SSE the next event is made only when the one before has been
 * handed on, so one event is all that can wait; what has to be bounded there is the time.
 */
import type { ServerResponse } from 'node:http';
import { WebSocket } from 'ws';
import type { Logger } from './log.ts';

/** Close code of a WebSocket whose client did not read. On it `graphql-ws` connects again. */
export const TOO_SLOW = 4013;
/** How long a close frame may take to leave: it waits behind all that the client has not taken. */
const CLOSE_WITHIN_MS = 1_000;
/** An SSE stream of which nothing is taken for so long is ended. */
export const STALLED_AFTER_MS = 20_000;
const CHECK_STREAMS_MS = 1_000;

type Data = Parameters<WebSocket['send']>[0];
type Options = Parameters<WebSocket['send']>[1];
type Sent = (error?: Error) => void;

/** The class of the gateway's WebSockets. */
export function boundedWebSocket({ maxBufferedBytes, log }: { maxBufferedBytes: number; log: Logger }) {
  return class BoundedWebSocket extends WebSocket {
    /** A message that cannot be sent is no failure of the sender: its socket is closed, and with it the operation. */
    override send(data: Data, options?: Options | Sent, sent?: Sent): void {
      const [settings, done] = typeof options === 'function' ? [{}, options] : [options ?? {}, sent];
      if (this.readyState === WebSocket.OPEN && this.bufferedAmount > maxBufferedBytes) this.#drop();
      super.send(data, settings, () => done?.());
    }

    #drop(): void {
      log.warn({ bufferedBytes: this.bufferedAmount }, 'dropped a WebSocket whose client does not read');
      const impatience = setTimeout(() => this.terminate(), CLOSE_WITHIN_MS);
      this.once('close', () => clearTimeout(impatience));
      this.close(TOO_SLOW, 'Too slow: connect again');
    }
  };
}

/** The SSE streams that are open. */
export class EventStreams implements Disposable {
  readonly #log: Logger;
  /** When each was last seen with nothing waiting, on the clock of `performance.now()`. */
  readonly #takenAt = new Map<ServerResponse, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(log: Logger) {
    this.#log = log;
    this.#timer = setInterval(() => this.#endStalled(), CHECK_STREAMS_MS).unref();
  }

  add(response: ServerResponse): void {
    this.#takenAt.set(response, performance.now());
    response.once('close', () => this.#takenAt.delete(response));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #endStalled(): void {
    const now = performance.now();
    for (const [response, takenAt] of this.#takenAt) {
      if (response.writableLength === 0) {
        this.#takenAt.set(response, now);
      } else if (now - takenAt > STALLED_AFTER_MS) {
        this.#log.warn(
          { bufferedBytes: response.writableLength },
          'dropped an SSE stream whose client does not read',
        );
        response.destroy();
      }
    }
  }
}
