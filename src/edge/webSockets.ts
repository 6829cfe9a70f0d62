/** GraphQL over WebSocket, in the `graphql-transport-ws` protocol: who may connect, and what a connection may take. */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Config } from '../config.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Admission } from './admission.ts';
import { refuseUpgrade } from './answers.ts';
import { type ConnectionBudgets, noRoomIn } from './byteBudget.ts';
import { CloseCode, Conversation, handleProtocols, PROTOCOL } from './conversation.ts';
import { FrameMeter } from './frameMeter.ts';
import type { GraphQLPipeline } from './graphqlPipeline.ts';
import { boundedWebSocket, CHECK_CLIENTS_MS, dropMostBehind } from './slowClients.ts';

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
  readonly log: Logger;
}

/** A client that has not answered a ping by the next one is gone. */
const PING_MS = 12_000;

/** A client that does not answer a close frame is not waited for longer. The types of `ws` do not have it yet. */
const CLOSE_SOON = { closeTimeout: 1_000 };

type BoundedWebSocket = InstanceType<ReturnType<typeof boundedWebSocket>>;

/** Takes the upgrades of a server. Disposing closes every WebSocket with 1001, on which clients connect again. */
export function serveWebSockets(
  http: HttpServer,
  pipeline: GraphQLPipeline,
  options: WebSocketOptions,
): AsyncDisposable {
  const { config, admission, log } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: config.maxBodyBytes,
    handleProtocols,
    ...CLOSE_SOON,
    // `boundedWebSocket` answers pings.
    autoPong: false,
    WebSocket: boundedWebSocket({ maxBufferedBytes: config.maxBufferedBytes, log }),
  });
  const pings = pingAll(sockets);
  const checks = setInterval(
    () => dropSlowest(sockets.clients, config.maxPendingBytes),
    CHECK_CLIENTS_MS,
  ).unref();
  http.on('upgrade', (request, connection, head) => {
    const refusal = admission.upgradeRefusal(request);
    if (refusal !== undefined) {
      refuseUpgrade(connection, refusal);
      return;
    }
    sockets.handleUpgrade(request, connection, head, (socket) => {
      socket.connection = connection;
      socket.on('ping', (payload) => socket.answerPing(payload));
      socket.on('error', (error) => log.debug({ reason: messageOf(error) }, 'a WebSocket was closed'));
      if (socket.protocol === PROTOCOL) converse({ socket, connection, request, pipeline }, options);
      else socket.close(CloseCode.UnknownProtocol, 'Subprotocol not acceptable');
    });
  });
  return {
    async [Symbol.asyncDispose]() {
      for (const timer of [pings, checks]) clearInterval(timer);
      for (const socket of sockets.clients) socket.close(CloseCode.GoingAway, 'Going away');
      await new Promise((resolve) => sockets.close(resolve));
    },
  };
}

interface Connected {
  readonly socket: BoundedWebSocket;
  readonly connection: Duplex;
  readonly request: IncomingMessage;
  readonly pipeline: GraphQLPipeline;
}

function converse(
  { socket, connection, request, pipeline }: Connected,
  { config, budgets, log }: WebSocketOptions,
): void {
  const conversation = new Conversation({
    pipeline,
    request,
    maxOperations: config.maxOperations,
    budget: budgets.shareOf(connection),
    deliver: (text) => socket.deliver(text),
    close: (code, reason) => socket.close(code, reason),
    log,
  });
  const initialisation = setTimeout(() => {
    if (!conversation.isAcknowledged) socket.close(CloseCode.NoInit, 'Connection initialisation timeout');
  }, config.connectionInitMs);
  const meter = new FrameMeter();
  const budget = budgets.newShare();
  let held = 0;
  let slowness: NodeJS.Timeout | undefined;
  socket.on('message', (data) => {
    try {
      conversation.hear(data as Buffer);
    } catch (error) {
      log.error({ err: error }, 'a message over a WebSocket could not be answered');
      socket.close(CloseCode.Unforeseen, 'Internal server error');
    }
  });
  // Before `ws` hears the chunk: what it makes a message of counts as an operation, and not as held.
  connection.prependListener('data', (chunk: Buffer) => {
    const now = meter.hear(chunk);
    const full = now > held ? budget.take(now - held) : undefined;
    if (full !== undefined) {
      socket.drop(CloseCode.TryAgainLater, noRoomIn(full));
      return;
    }
    if (now < held) budget.giveBack(held - now);
    held = now;
    if (held === 0) {
      clearTimeout(slowness);
      slowness = undefined;
    } else {
      slowness ??= setTimeout(
        () => socket.drop(CloseCode.TooSlowToSend, 'A message took longer than REQUEST_TIMEOUT_MS'),
        config.requestTimeoutMs,
      );
    }
  });
  socket.once('close', () => {
    clearTimeout(initialisation);
    clearTimeout(slowness);
    budget.giveBack(held);
    held = 0;
    conversation.end();
  });
}

function dropSlowest(sockets: Iterable<BoundedWebSocket>, limit: number): void {
  const behind = [...sockets]
    .filter(({ bufferedAmount }) => bufferedAmount > 0)
    .map((socket) => ({
      waitingBytes: socket.bufferedAmount,
      drop: () => socket.drop(CloseCode.TooSlowToRead, 'Too slow: connect again'),
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
