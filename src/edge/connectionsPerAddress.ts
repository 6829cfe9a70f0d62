/** Limits how many connections of one address are open at once. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { RETRY_IN_A_MOMENT_MS, RequestErrorCode } from '../contract/errors.ts';
import { type Refusal, refuseConnection } from './answers.ts';
import { networksOf } from './networks.ts';

/** A connection too many is answered and closed; with TLS it is only closed. None of its requests is read. */
export function limitConnectionsPerAddress(server: Server, limit: number): void {
  const open = new Map<string, number>();
  // Node's own listeners, which read requests.
  const readers = server.listeners('connection');
  server.removeAllListeners('connection').on('connection', (socket: Socket) => {
    const address = networksOf(socket.remoteAddress).household;
    const before = open.get(address) ?? 0;
    open.set(address, before + 1);
    socket.once('close', () => {
      const left = (open.get(address) ?? 0) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
    if (before < limit) {
      for (const read of readers) read.call(server, socket);
      return;
    }
    // Before the handshake of TLS a client can read no answer.
    if (server instanceof TlsServer) {
      socket.destroy();
      return;
    }
    // What the client sends is dropped: closing with unread bytes could keep the answer from it.
    socket.resume();
    refuseConnection(socket, tooManyConnections(limit));
  });
}

function tooManyConnections(limit: number): Refusal {
  return {
    status: 429,
    code: RequestErrorCode.RateLimited,
    message: `Your address has ${limit} connections open already (MAX_CONNECTIONS_PER_ADDRESS). Close one, or try again in a moment.`,
    details: { retryAfterMs: RETRY_IN_A_MOMENT_MS, limit },
    headers: { 'retry-after': String(RETRY_IN_A_MOMENT_MS / 1_000) },
  };
}
