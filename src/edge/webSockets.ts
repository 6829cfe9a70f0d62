/** GraphQL over WebSocket, in the `graphql-transport-ws` protocol: takes upgrades, and limits each connection. */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CloseCode, handleProtocols, type Server as Protocol } from 'graphql-ws';
import { WebSocket, WebSocketServer } from 'ws';
import { messageOf } from '../contract/errors.ts';
import { ANONYMOUS } from '../contract/owner.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import type { Admission } from './admission.ts';
import { refuseConnection } from './answers.ts';
import type { ConnectionBudgets } from './byteBudget.ts';
import { EdgeCloseCode } from './closeCodes.ts';
import type { EdgeEvents } from './edgeEvents.ts';
import type { GraphQLPipeline } from './graphqlPipeline.ts';
import { INVALID_MESSAGE, IncomingMessages } from './incomingMessages.ts';
import type { LargeRequests } from './largeRequests.ts';
import { MessageTurns } from './messageTurns.ts';
import { OpenMessages } from './openMessages.ts';
import {
  type BoundedWebSocket,
  boundedWebSocket,
  CHECK_CLIENTS_MS,
  dropMostBehind,
  LONGEST_REASON,
} from './slowClients.ts';
import { limitUnfinished } from './unfinishedMessages.ts';
import { type Connected, ConnectionRefused, InvalidMessage, speakGraphQL } from './webSocketProtocol.ts';

export interface WebSocketOptions {
  readonly config: Pick<
    Config,
    | 'maxBodyBytes'
    | 'maxBufferedBytes'
    | 'maxOperations'
    | 'connectionInitMs'
    | 'maxPendingBytes'
    | 'requestTimeoutMs'
  >;
  readonly admission: Pick<Admission, 'upgradeRefusal'>;
  readonly budgets: ConnectionBudgets;
  readonly largeRequests: LargeRequests;
  readonly events: Pick<EdgeEvents, 'emit'>;
  readonly log: Logger;
}

/** The time between pings. A client that has not answered one before the next is gone. */
const PING_MS = 12_000;

/** The most fragments of one message. Browsers send fragments of 128 KiB, so the largest possible message has 512. */
const MAX_FRAGMENTS = 1_024;

/** How long a client may take to answer a close frame. The types of `ws` lack this option. */
const CLOSE_SOON = { closeTimeout: 1_000 };

/** Takes the upgrades of a server. Disposing closes every WebSocket with 1001, on which clients connect again. */
export function serveWebSockets(
  http: HttpServer,
  pipeline: GraphQLPipeline,
  options: WebSocketOptions,
): AsyncDisposable {
  const { config, admission, budgets, events, log } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: config.maxBodyBytes,
    maxFragments: MAX_FRAGMENTS,
    handleProtocols,
    ...CLOSE_SOON,
    // `boundedWebSocket` answers pings.
    autoPong: false,
    WebSocket: boundedWebSocket({ maxBufferedBytes: config.maxBufferedBytes, events, log }),
  });
  const protocol = speakGraphQL(pipeline, options);
  const pings = pingAll(sockets);
  const checks = setInterval(
    () => dropSlowest(sockets.clients, config.maxPendingBytes),
    CHECK_CLIENTS_MS,
  ).unref();
  http.on('upgrade', (request, connection, head) => {
    const refusal = admission.upgradeRefusal(request);
    if (refusal !== undefined) {
      refuseConnection(connection, refusal);
      return;
    }
    sockets.handleUpgrade(request, connection, head, (socket) => {
      socket.sendOver(connection);
      socket.on('ping', (payload) => socket.answerPing(payload));
      socket.on('error', (error) => log.debug({ reason: messageOf(error) }, 'a WebSocket was closed'));
      const incoming = new IncomingMessages(pipeline);
      converse({ socket, connection, request, protocol, incoming }, options);
      limitUnfinished({
        socket,
        connection,
        budget: budgets.newShare(),
        requestTimeoutMs: config.requestTimeoutMs,
      });
    });
  });
  return {
    async [Symbol.asyncDispose]() {
      for (const timer of [pings, checks]) clearInterval(timer);
      for (const socket of sockets.clients) socket.close(EdgeCloseCode.GoingAway, 'Going away');
      await new Promise((resolve) => sockets.close(resolve));
    },
  };
}

interface Conversation {
  readonly socket: BoundedWebSocket;
  readonly connection: Duplex;
  readonly request: IncomingMessage;
  readonly protocol: Protocol<Connected>;
  readonly incoming: IncomingMessages;
}

function converse(
  { socket, connection, request, protocol, incoming }: Conversation,
  { budgets, largeRequests, log }: WebSocketOptions,
): void {
  const messages = new OpenMessages(budgets.shareOf(connection));
  const connected: Connected = {
    request,
    messages,
    close: (code, reason) => socket.close(code, reason),
    onClosed: (listener) => {
      if (socket.readyState === WebSocket.CLOSED) listener();
      else socket.once('close', listener);
    },
  };
  const turns = new MessageTurns({
    owner: () => connected.identity?.principal.owner ?? ANONYMOUS,
    largeRequests,
    socket,
    budget: budgets.shareOf(connection),
  });
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) => socket.deliver(text),
      close: (code, reason) => socket.close(code, fitting(reason)),
      onMessage: (hear) =>
        socket.on('message', (data: Buffer) =>
          turns.take(data.length, () => {
            // A further message after one for which the socket is being closed.
            if (socket.readyState !== WebSocket.OPEN) return;
            const message = incoming.read(data);
            if (typeof message !== 'string') socket.close(message.code, message.reason);
            else messages.handOn(message, hear).catch((error) => closeFor(error, socket, log));
          }),
        ),
    },
    connected,
  );
  socket.once('close', (code, reason) => void closed(code, String(reason)));
}

/** Only a reason with a client's id may be too long. */
function fitting(reason = ''): string {
  return Buffer.byteLength(reason) > LONGEST_REASON ? 'Subscriber already exists' : reason;
}

/** What fits into a close frame. Our own reasons are ASCII. */
function shortened(reason: string): string {
  return reason.slice(0, LONGEST_REASON);
}

/**
 * Either the client sent a message that only a server may send (graphql-ws has no code for that), or the fault is ours.
 */
function closeFor(error: unknown, socket: WebSocket, log: Logger): void {
  if (error instanceof InvalidMessage || messageOf(error).startsWith('Unexpected message of type')) {
    socket.close(INVALID_MESSAGE.code, INVALID_MESSAGE.reason);
    return;
  }
  if (error instanceof ConnectionRefused) {
    socket.close(error.code, shortened(error.message));
    return;
  }
  log.error({ err: error }, 'a message over a WebSocket could not be answered');
  socket.close(CloseCode.InternalServerError, 'Internal server error');
}

function dropSlowest(sockets: Iterable<BoundedWebSocket>, limit: number): void {
  const behind = [...sockets]
    .filter(({ waitingBytes }) => waitingBytes > 0)
    .map((socket) => ({
      waitingBytes: socket.waitingBytes,
      drop: () => socket.dropSlow(),
    }));
  dropMostBehind(behind, limit);
}

function pingAll(sockets: WebSocketServer): NodeJS.Timeout {
  const silent = new WeakSet<WebSocket>();
  return setInterval(() => {
    for (const socket of sockets.clients) {
      if (silent.has(socket)) {
        socket.terminate();
        continue;
      }
      silent.add(socket);
      socket.once('pong', () => silent.delete(socket));
      socket.ping();
    }
  }, PING_MS).unref();
}
