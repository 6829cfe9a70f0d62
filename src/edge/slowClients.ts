/**
 * Clients that do not take what they are sent. What may wait for one is bounded; beyond the bound its connection is
 * closed. No final state is lost with a connection: the client connects again and subscribes with the same id.
 *
 * A WebSocket may have `MAX_BUFFERED_BYTES` waiting. Over HTTP answers wait whole, several where a client asks on without
 * reading (pipelining), until Node reads no more of its requests; of a stream one event waits, since the next is made only
 * when the one before has been handed on. What has to be bounded there is the time.
 * All of them together may have `MAX_PENDING_BYTES` waiting; beyond it those go first for which most waits.
 */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Logger } from '../log.ts';
import { EdgeCloseCode } from './closeCodes.ts';

/** Of a close frame, in bytes. */
export const LONGEST_REASON = 123;
const STALLED_AFTER_MS = 10_000;
export const CHECK_CLIENTS_MS = 1_000;
/** What may wait in a socket before an operation waits with its next event. */
const UNHURRIED_BYTES = 64 * 1024;

/** The class of the gateway's WebSockets. */
export function boundedWebSocket({ maxBufferedBytes, log }: { maxBufferedBytes: number; log: Logger }) {
  return class extends WebSocket {
    /** The connection below, once known: what one turn of the event loop has to say leaves in one write. */
    connection: Duplex | undefined;
    #corked = false;
    /** The payload of the last ping, until its pong has left. */
    #pinged: Buffer | undefined;

    /**
     * Sends a text, unless the socket is closed: then the operation ends with it, and that is no failure of the sender.
     *
     * @returns once it has left, where much waits before it; a client that takes what comes is not waited for.
     */
    deliver(text: string): Promise<void> | undefined {
      if (this.readyState !== WebSocket.OPEN) return undefined;
      if (this.bufferedAmount > maxBufferedBytes) {
        this.drop(EdgeCloseCode.TooSlowToRead, 'Too slow: connect again');
        return undefined;
      }
      this.#cork();
      if (this.bufferedAmount <= UNHURRIED_BYTES) {
        this.send(text);
        return undefined;
      }
      return new Promise((resolve) => this.send(text, () => resolve()));
    }

    #cork(): void {
      if (this.#corked || this.connection === undefined) return;
      this.#corked = true;
      this.connection.cork();
      setImmediate(() => {
        this.#corked = false;
        this.connection?.uncork();
      });
    }

    /** Closes, and reads no more: what a client goes on sending would be kept until it answers. */
    drop(code: number, reason: string): void {
      if (this.readyState !== WebSocket.OPEN) return;
      log.warn({ code, reason, bufferedBytes: this.bufferedAmount }, 'dropped a WebSocket');
      this.close(code, reason.slice(0, LONGEST_REASON));
      this.pause();
    }

    /** Only the last of several pings has to be answered, so that clients that do not read pile up no pongs. */
    answerPing(payload: Buffer): void {
      const isAnswering = this.#pinged !== undefined;
      this.#pinged = payload;
      if (isAnswering || this.readyState !== WebSocket.OPEN) return;
      this.pong(payload, false, () => {
        const last = this.#pinged;
        this.#pinged = undefined;
        if (last !== undefined && last !== payload) this.answerPing(last);
      });
    }
  };
}

export type BoundedWebSocket = InstanceType<ReturnType<typeof boundedWebSocket>>;

/** A client for which something waits. */
interface Behind {
  readonly waitingBytes: number;
  readonly drop: () => void;
}

/** Drops those for which most waits, until what waits for the others is within the limit. */
export function dropMostBehind(clients: readonly Behind[], limit: number): void {
  let total = clients.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0);
  for (const { waitingBytes, drop } of clients.toSorted((a, b) => b.waitingBytes - a.waitingBytes)) {
    if (total <= limit) return;
    drop();
    total -= waitingBytes;
  }
}

interface Progress {
  /** Bytes that the connection has handed on to the kernel. */
  readonly takenBytes: number;
  /** When they were that many first, or nothing was waiting, on the clock of `performance.now()`. */
  readonly at: number;
}

export interface OpenResponsesOptions {
  /** Of all of them. */
  readonly maxWaitingBytes: number;
  /**
   * An answer that has waited so long for its client, behind what the kernel holds, is given up.
   *
   * @default 10_000
   */
  readonly stalledAfterMs?: number | undefined;
  readonly log: Logger;
}

/** The answers over HTTP that are under way: pages, POST's, and streams over SSE. */
export class OpenResponses implements Disposable {
  readonly #stalledAfterMs: number;
  readonly #log: Logger;
  readonly #progress = new Map<ServerResponse, Progress>();
  readonly #timer: NodeJS.Timeout;

  constructor({ maxWaitingBytes, stalledAfterMs = STALLED_AFTER_MS, log }: OpenResponsesOptions) {
    this.#stalledAfterMs = stalledAfterMs;
    this.#log = log;
    this.#timer = setInterval(() => {
      this.#endStalled();
      dropMostBehind(this.#waiting(), maxWaitingBytes);
    }, CHECK_CLIENTS_MS).unref();
  }

  add(response: ServerResponse): void {
    this.#progress.set(response, { takenBytes: 0, at: performance.now() });
    response.once('close', () => this.#progress.delete(response));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #endStalled(): void {
    const now = performance.now();
    for (const [response, last] of this.#progress) {
      const { socket } = response;
      const takenBytes = socket === null ? 0 : socket.bytesWritten - socket.writableLength;
      // One without a socket waits behind another of the same connection.
      if (response.writableLength === 0 || socket === null || takenBytes !== last.takenBytes) {
        this.#progress.set(response, { takenBytes, at: now });
      } else if (now - last.at > this.#stalledAfterMs) {
        this.#drop(response);
      }
    }
  }

  #waiting(): readonly Behind[] {
    return [...this.#progress.keys()]
      .filter(({ writableLength }) => writableLength > 0)
      .map((response) => ({
        waitingBytes: response.writableLength,
        drop: () => this.#drop(response),
      }));
  }

  #drop(response: ServerResponse): void {
    const bufferedBytes = response.writableLength;
    this.#log.warn({ bufferedBytes }, 'dropped an HTTP connection whose client does not read');
    response.destroy();
  }
}
