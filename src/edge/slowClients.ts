/**
 * Handles clients that do not read, and those that do not send all of a request. The data that waits for a client is
 * limited; beyond the limit its connection is closed. No final state is lost with a connection: the client connects again
 * and subscribes with the same id.
 *
 * - For a WebSocket, `MAX_BUFFERED_BYTES` may wait.
 * - Over HTTP whole answers wait. If a client sends more requests without reading (pipelining), several answers wait
 *   until Node stops reading its requests. Of a stream one event waits, because the next is made only after the one
 *   before has left. So here the time is limited.
 * - For all clients together, `MAX_PENDING_BYTES` may wait. Beyond it those with the most waiting bytes are closed
 *   first.
 * - Over HTTP/1.1 a request has the time of `arrivalTime.ts`. `createSecure` limits the streams of HTTP/2.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Logger } from '../process/log.ts';
import { EdgeCloseCode } from './closeCodes.ts';
import type { EdgeEvents } from './edgeEvents.ts';
import { OutgoingTexts } from './outgoingTexts.ts';

/** The size of a close frame, in bytes. */
export const LONGEST_REASON = 123;
const STALLED_AFTER_MS = 10_000;
export const CHECK_CLIENTS_MS = 1_000;
/** With more bytes waiting in a socket, an operation waits before its next event. */
const UNHURRIED_BYTES = 64 * 1024;

interface BoundedOptions {
  readonly maxBufferedBytes: number;
  readonly events: Pick<EdgeEvents, 'emit'>;
  readonly log: Logger;
}

/** The class of the gateway's WebSockets. */
export function boundedWebSocket({ maxBufferedBytes, events, log }: BoundedOptions) {
  return class extends WebSocket {
    #texts: OutgoingTexts | undefined;
    /** The payload of the last ping, until its pong has left. */
    #pinged: Buffer | undefined;

    /** @param connection the TCP connection, once it is known. */
    sendOver(connection: Duplex): void {
      this.#texts = new OutgoingTexts(connection);
    }

    /** The bytes that wait for the client. */
    get waitingBytes(): number {
      return this.#texts?.waitingBytes ?? 0;
    }

    /**
     * Sends a text, unless the socket is closed. A closed socket is no error: it ends the operation, too.
     *
     * @returns once the text has left, if many bytes wait before it; at once for a client that reads.
     */
    deliver(text: string): Promise<void> | undefined {
      const texts = this.#texts;
      if (texts === undefined || this.readyState !== WebSocket.OPEN) return undefined;
      const { waitingBytes } = texts;
      if (waitingBytes > maxBufferedBytes) {
        this.dropSlow();
        return undefined;
      }
      texts.add(text);
      return waitingBytes > UNHURRIED_BYTES ? texts.left() : undefined;
    }

    override close(code?: number, reason?: string | Buffer): void {
      this.#texts?.flush();
      super.close(code, reason);
    }

    /** The client does not read. */
    dropSlow(): void {
      if (this.readyState === WebSocket.OPEN) events.emit('tooSlow', { transport: 'websocket' });
      this.drop(EdgeCloseCode.TooSlowToRead, 'Too slow: connect again');
    }

    /** Closes, and reads no more. Otherwise the client's further messages would be kept until it answers the close. */
    drop(code: number, reason: string): void {
      if (this.readyState !== WebSocket.OPEN) return;
      log.warn({ code, reason, bufferedBytes: this.waitingBytes }, 'dropped a WebSocket');
      this.close(code, reason.slice(0, LONGEST_REASON));
      this.pause();
    }

    /** Answers only the last of several pings, so that no pongs pile up for clients that do not read. */
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

/** A client for which data waits. */
interface Behind {
  readonly waitingBytes: number;
  readonly drop: () => void;
}

/** Drops the clients with the most waiting bytes, until the others are within the limit. */
export function dropMostBehind(clients: readonly Behind[], limit: number): void {
  let total = clients.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0);
  for (const { waitingBytes, drop } of clients.toSorted((a, b) => b.waitingBytes - a.waitingBytes)) {
    if (total <= limit) return;
    drop();
    total -= waitingBytes;
  }
}

/** An HTTP connection with the answers under way. They are several if the client pipelines, or speaks HTTP/2. */
interface Connection {
  readonly responses: Set<ServerResponse>;
  /** Bytes that it has passed to the kernel. */
  takenBytes: number;
  /** When that number changed last, or when nothing waited, on the clock of `performance.now()`. */
  at: number;
  /** Over HTTP/1.1: the newest request. Those before it have arrived. */
  request: IncomingMessage | undefined;
  /** When its headers were there, on the same clock. */
  requestedAt: number;
}

export interface OpenResponsesOptions {
  /** The limit for all connections together, in bytes. */
  readonly maxWaitingBytes: number;
  /**
   * An answer that has waited so long for its client, outside the kernel's buffers, is given up.
   *
   * @default 10_000
   */
  readonly stalledAfterMs?: number | undefined;
  /** How long a request may take to arrive after its headers, in milliseconds. */
  readonly arrivalMs: (request: IncomingMessage) => number;
  readonly events: Pick<EdgeEvents, 'emit'>;
  readonly log: Logger;
}

/**
 * The answers under way over HTTP: pages, answers to POST, and streams over SSE. Their clients are looked at once a second:
 * timers and listeners of each request would cost more.
 */
export class OpenResponses implements Disposable {
  readonly #stalledAfterMs: number;
  readonly #arrivalMs: OpenResponsesOptions['arrivalMs'];
  readonly #events: OpenResponsesOptions['events'];
  readonly #log: Logger;
  readonly #connections = new Map<Socket, Connection>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: OpenResponsesOptions) {
    const { maxWaitingBytes, stalledAfterMs = STALLED_AFTER_MS, arrivalMs, events, log } = options;
    this.#stalledAfterMs = stalledAfterMs;
    this.#arrivalMs = arrivalMs;
    this.#events = events;
    this.#log = log;
    this.#timer = setInterval(() => {
      this.#endStalled();
      this.#endUnsent();
      dropMostBehind(this.#waiting(), maxWaitingBytes);
    }, CHECK_CLIENTS_MS).unref();
  }

  add(response: ServerResponse): void {
    const { req: request } = response;
    const { socket, httpVersionMajor } = request;
    const connection = this.#connections.get(socket) ?? this.#open(socket);
    const { responses } = connection;
    forgetClosed(responses);
    responses.add(response);
    if (httpVersionMajor > 1) {
      response.once('close', () => responses.delete(response));
      return;
    }
    connection.request = request;
    connection.requestedAt = performance.now();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #open(socket: Socket): Connection {
    const now = performance.now();
    const connection: Connection = {
      responses: new Set(),
      takenBytes: 0,
      at: now,
      request: undefined,
      requestedAt: now,
    };
    this.#connections.set(socket, connection);
    // When a connection closes, Node does not close the answers that wait behind another one.
    socket.once('close', () => this.#connections.delete(socket));
    return connection;
  }

  #endStalled(): void {
    const now = performance.now();
    for (const [socket, connection] of this.#connections) {
      forgetClosed(connection.responses);
      const takenBytes = socket.bytesWritten - socket.writableLength;
      if (takenBytes !== connection.takenBytes || !isWriting(connection)) {
        connection.takenBytes = takenBytes;
        connection.at = now;
      } else if (now - connection.at > this.#stalledAfterMs) {
        this.#drop(socket, connection);
      }
    }
  }

  #endUnsent(): void {
    const now = performance.now();
    for (const [socket, connection] of this.#connections) {
      const { request, requestedAt } = connection;
      if (request === undefined || request.complete) connection.request = undefined;
      else if (now - requestedAt > this.#arrivalMs(request)) socket.destroy();
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
    forgetClosed(responses);
    const bufferedBytes = waitingBytesOf(connection);
    this.#log.warn(
      { bufferedBytes, answers: responses.size },
      'dropped an HTTP connection whose client does not read',
    );
    this.#events.emit('tooSlow', { transport: 'http' });
    this.#connections.delete(socket);
    socket.destroy();
    for (const response of responses) response.destroy();
  }
}

/** Over HTTP/1.1 answers close in the order in which they came. A listener of each would cost more than this look. */
function forgetClosed(responses: Set<ServerResponse>): void {
  for (const response of responses) {
    if (!response.closed) return;
    responses.delete(response);
  }
}

/** Whether the first answer waits for the client. Answers behind it may wait for that one, and not for the client. */
function isWriting({ responses }: Connection): boolean {
  return responses.values().some(({ socket, writableLength }) => socket !== null && writableLength > 0);
}

function waitingBytesOf({ responses }: Connection): number {
  return responses.values().reduce((sum, { writableLength }) => sum + writableLength, 0);
}
