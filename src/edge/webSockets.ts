/** GraphQL over WebSocket, in the `graphql-transport-ws` protocol. */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Config } from '../config.ts';
import { messageOf, RequestErrorCode } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Admission } from './admission.ts';
import { refuseUpgrade } from './answers.ts';
import type { GraphQLPipeline } from './graphqlPipeline.ts';
import type { Operations } from './operations.ts';
import { presentError, withoutHttp } from './requestRules.ts';
import { boundedWebSocket } from './slowClients.ts';

export interface WebSocketOptions {
  readonly config: Pick<Config, 'maxBodyBytes' | 'maxBufferedBytes' | 'maxOperations' | 'connectionInitMs'>;
  readonly admission: Pick<Admission, 'upgradeRefusal'>;
  readonly log: Logger;
}

/** A client that has not answered a ping by the next one is gone. */
const PING_MS = 12_000;
const DONE = { done: true, value: undefined } as const;

/** Takes the upgrades of a server. Disposing closes every WebSocket with 1001, on which clients connect again. */
export function serveWebSockets(
  http: HttpServer,
  pipeline: GraphQLPipeline,
  { config, admission, log }: WebSocketOptions,
): AsyncDisposable {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: config.maxBodyBytes,
    handleProtocols,
    WebSocket: boundedWebSocket({ maxBufferedBytes: config.maxBufferedBytes, log }),
  });
  const protocol = speakGraphQL(pipeline, config, log);
  const pings = pingAll(sockets);
  http.on('upgrade', (request, connection, head) => {
    const refusal = admission.upgradeRefusal(request);
    if (refusal !== undefined) {
      refuseUpgrade(connection, refusal);
      return;
    }
    sockets.handleUpgrade(request, connection, head, (socket) => {
      socket.connection = connection;
      socket.on('error', (error) => log.debug({ reason: messageOf(error) }, 'a WebSocket was closed'));
      const closed = protocol.opened(
        {
          protocol: socket.protocol,
          send: (text) => socket.deliver(text),
          close: (code, reason) => socket.close(code, reason),
          onMessage: (hear) =>
            socket.on('message', (data) => hear(String(data)).catch((error) => closeFor(error, socket, log))),
        },
        { request },
      );
      socket.once('close', (code, reason) => void closed(code, String(reason)));
    });
  });
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(pings);
      for (const socket of sockets.clients) socket.close(1001, 'Going away');
      await new Promise((resolve) => sockets.close(resolve));
    },
  };
}

/** What the protocol keeps of an operation beside what it runs with. */
interface OperationArgs extends ExecutionArgs {
  readonly rootValue: { readonly gone: AbortController };
}

function speakGraphQL(
  { schema, operations, contextOf }: GraphQLPipeline,
  { connectionInitMs, maxOperations }: WebSocketOptions['config'],
  log: Logger,
) {
  const present = (error: GraphQLError) => withoutHttp(presentError(error, log)).toJSON();
  return makeServer<Record<string, unknown>, { readonly request: IncomingMessage }>({
    connectionInitWaitTimeout: connectionInitMs,
    execute: (args) => answerOf(args as OperationArgs, operations),
    subscribe: (args) => operations.subscribe(args),
    onSubscribe({ subscriptions, extra, connectionParams }, _id, { query, operationName, variables }) {
      if (Object.keys(subscriptions).length > maxOperations) return [tooManyOperations(maxOperations)];
      try {
        const { document, errors } = operations.read(query);
        if (errors.length > 0) return errors;
        const gone = new AbortController();
        return {
          schema,
          document,
          operationName,
          variableValues: variables,
          contextValue: contextOf({ req: extra.request, connectionParams, gone: gone.signal }),
          rootValue: { gone },
        };
      } catch (error) {
        return [presentError(error, log)];
      }
    },
    onNext: (_context, _id, _payload, _args, { data = null, errors }) =>
      errors && { data, errors: errors.map(present) },
    onError: (_context, _id, _payload, errors) => errors.map(present),
  });
}

/**
 * The one answer of a query or a mutation. It is iterated, as graphql-ws tells of nothing else that its client has
 * completed it or left: `return` then aborts `gone`, and what comes all the same is not sent.
 *
 * Written out, because V8 gives each generator function that is made a hidden class, which lives on and keeps all that
 * the operation was made of until the next full collection.
 */
function answerOf(args: OperationArgs, operations: Operations): AsyncIterableIterator<ExecutionResult> {
  const { gone } = args.rootValue;
  let asked = false;
  return {
    async next() {
      if (asked) return DONE;
      asked = true;
      const value = await operations.execute(args);
      return gone.signal.aborted ? DONE : { done: false, value };
    },
    async return() {
      gone.abort();
      return DONE;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
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

/** Either the client sent what only a server may send, for which the protocol has no other words, or the fault is ours. */
function closeFor(error: unknown, socket: WebSocket, log: Logger): void {
  if (messageOf(error).startsWith('Unexpected message of type')) {
    socket.close(CloseCode.BadRequest, 'Invalid message received');
    return;
  }
  log.error({ err: error }, 'a message over a WebSocket could not be answered');
  socket.close(CloseCode.InternalServerError, 'Internal server error');
}

function tooManyOperations(limit: number): GraphQLError {
  return new GraphQLError(`A connection may have ${limit} operations open at most: complete one first.`, {
    extensions: { code: RequestErrorCode.TooManyOperations, limit },
  });
}
