/**
 * Keeps what a client can hold at `METRICS_PORT` small: it has no login, and answers are large. A connection is for one
 * request and ends soon, whether its client reads or not. When there are too many, the oldest one that is not being
 * answered is closed. That is the new one itself if all others are being answered: a scrape that goes on is finished.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionLimits {
  readonly connections: number;
  /** From its opening to the end of its answer. */
  readonly connectionMs: number;
  /** From its request, how long it keeps its place while others come. */
  readonly answerMs: number;
}

export function answerOncePerConnection(
  http: Server,
  { connections, connectionMs, answerMs }: ConnectionLimits,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  const open = new Set<Socket>();
  const askedAt = new WeakMap<Socket, number>();
  const isBeingAnswered = (socket: Socket) =>
    performance.now() - (askedAt.get(socket) ?? Number.NEGATIVE_INFINITY) < answerMs;
  http.on('connection', (socket: Socket) => {
    const timer = setTimeout(() => socket.destroy(), connectionMs);
    open.add(socket);
    socket.once('close', () => {
      clearTimeout(timer);
      open.delete(socket);
    });
    if (open.size > connections)
      open
        .values()
        .find((each) => !isBeingAnswered(each))
        ?.destroy();
  });
  http.on('request', (request, response) => {
    const { socket } = request;
    if (askedAt.has(socket)) {
      socket.destroy();
      return;
    }
    askedAt.set(socket, performance.now());
    response.setHeader('connection', 'close');
    answer(request, response);
  });
}
