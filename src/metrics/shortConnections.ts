/**
 * Keeps what a client can hold at `METRICS_PORT` small: it has no login, and answers are large. A connection is for one
 * request and ends soon, whether its client reads or not. When there are too many, the oldest one is closed: a scraper that
 * comes is never refused, because it is done in milliseconds and those that wait are not.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionLimits {
  readonly connections: number;
  /** From its opening to the end of its answer. */
  readonly connectionMs: number;
}

export function answerOncePerConnection(
  http: Server,
  { connections, connectionMs }: ConnectionLimits,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  const open = new Set<Socket>();
  const asked = new WeakSet<Socket>();
  http.on('connection', (socket: Socket) => {
    const timer = setTimeout(() => socket.destroy(), connectionMs);
    open.add(socket);
    socket.once('close', () => {
      clearTimeout(timer);
      open.delete(socket);
    });
    const [oldest] = open;
    if (open.size > connections) oldest?.destroy();
  });
  http.on('request', (request, response) => {
    const { socket } = request;
    if (asked.has(socket)) {
      socket.destroy();
      return;
    }
    asked.add(socket);
    response.setHeader('connection', 'close');
    answer(request, response);
  });
}
