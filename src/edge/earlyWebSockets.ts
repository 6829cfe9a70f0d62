/**
 * Handles WebSockets that come before the gateway serves. They are closed with 1013: then `graphql-ws` connects again.
 * If the upgrade itself were refused, it would give up for good.
 */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { handleProtocols } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import type { Admission } from './admission.ts';
import { refuseConnection } from './answers.ts';
import { EdgeCloseCode } from './closeCodes.ts';

/** Incoming messages are not read. */
const MAX_PAYLOAD_BYTES = 1_024;

/** Takes the upgrades of a server until it is disposed. */
export class EarlyWebSockets implements Disposable {
  readonly #http: HttpServer;
  readonly #admission: Pick<Admission, 'upgradeRefusal'>;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_PAYLOAD_BYTES,
    handleProtocols,
  });

  constructor(http: HttpServer, admission: Pick<Admission, 'upgradeRefusal'>) {
    this.#http = http;
    this.#admission = admission;
    http.on('upgrade', this.#turnAway);
  }

  readonly #turnAway = (request: IncomingMessage, connection: Duplex, head: Buffer): void => {
    const refusal = this.#admission.upgradeRefusal(request);
    if (refusal !== undefined) {
      refuseConnection(connection, refusal);
      return;
    }
    this.#sockets.handleUpgrade(request, connection, head, (socket) => {
      // An error of the protocol does not matter: the WebSocket is being closed.
      socket.on('error', () => {});
      socket.close(EdgeCloseCode.TryAgainLater, 'Starting: connect again');
    });
  };

  /** Ends the remaining ones, because a server waits for all its connections before it closes. */
  [Symbol.dispose](): void {
    this.#http.off('upgrade', this.#turnAway);
    for (const socket of this.#sockets.clients) socket.terminate();
  }
}
