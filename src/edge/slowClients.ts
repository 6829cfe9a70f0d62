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
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Logger } from '../process/log.ts';
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

/** A connection over HTTP with the answers that are under way on it: several where a client asks on without reading. */
interface Connection {
  readonly responses: Set<ServerResponse>;
  /** Bytes that it has handed on to the kernel. */
  takenBytes: number;
  /** When they were that many first, or nothing was waiting, on the clock of `performance.now()`. */
  at: number;
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
  readonly #connections = new Map<Socket, Connection>();
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
    const { socket } = response.req;
    const { responses } = this.#connections.get(socket) ?? this.#open(socket);
    responses.add(response);
    response.once('close', () => responses.delete(response));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #open(socket: Socket): Connection {
    const connection = { responses: new Set<ServerResponse>(), takenBytes: 0, at: performance.now() };
    this.#connections.set(socket, connection);
    // Node does not close answers that wait behind another one with their connection.
    socket.once('close', () => this.#connections.delete(socket));
    return connection;
  }

  #endStalled(): void {
    const now = performance.now();
    for (const [socket, connection] of this.#connections) {
      const takenBytes = socket.bytesWritten - socket.writableLength;
      if (takenBytes !== connection.takenBytes || !isWriting(connection)) {
        connection.takenBytes = takenBytes;
        connection.at = now;
      } else if (now - connection.at > this.#stalledAfterMs) {
        this.#drop(socket, connection);
      }
    }
  }

  #waiting(): readonly Behind[] {
    return [...this.#connections].map(([socket, connection]) => ({
      waitingBytes: waitingBytesOf(connection),
      drop: () => this.#drop(socket, connection),
    }));
  }

  #drop(socket: Socket, connection: Connection): void {
    const { responses } = connection;
    const bufferedBytes = waitingBytesOf(connection);
    this.#log.warn(
      { bufferedBytes, answers: responses.size },
      'dropped an HTTP connection whose client does not read',
    );
    this.#connections.delete(socket);
    socket.destroy();
    for (const response of responses) response.destroy();
  }
}

/** Whether something waits of the answer whose turn it is: those behind it may wait for it, and not for the client. */
function isWriting({ responses }: Connection): boolean {
  return responses.values().some(({ socket, writableLength }) => socket !== null && writableLength > 0);
}

function waitingBytesOf({ responses }: Connection): number {
  return responses.values().reduce((sum, { writableLength }) => sum + writableLength, 0);
}
