/**
 * WebSockets that come before there is anything to serve. `graphql-ws` connects again after the close code 1013, but gives
 * up for good if the upgrade itself is refused.
 */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { handleProtocols } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import type { Admission } from './admission.ts';
import { refuseUpgrade } from './answers.ts';
import { EdgeCloseCode } from './closeCodes.ts';

/** Nothing of what comes is read. */
const MAX_PAYLOAD_BYTES = 1_024;

/** Takes the upgrades of a server until it is disposed of. */
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
      refuseUpgrade(connection, refusal);
      return;
    }
    this.#sockets.handleUpgrade(request, connection, head, (socket) => {
      // A client that breaks the protocol now is leaving anyway.
      socket.on('error', () => {});
      socket.close(EdgeCloseCode.TryAgainLater, 'Starting: connect again');
    });
  };

  /** Those that have not left yet are ended: a server waits for all its connections before it is closed. */
  [Symbol.dispose](): void {
    this.#http.off('upgrade', this.#turnAway);
    for (const socket of this.#sockets.clients) socket.terminate();
  }
}
