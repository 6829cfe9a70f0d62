/** GraphQL over WebSocket, in the `graphql-transport-ws` protocol. */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { Config } from '../config.ts';
import { messageOf, RequestErrorCode } from '../errors.ts';
import type { Logger } from '../log.ts';
import { GRAPHQL_PATH, type GraphQLPipeline } from './graphqlPipeline.ts';
import { presentError, withoutHttp } from './requestRules.ts';
import { boundedWebSocket } from './slowClients.ts';

export interface WebSocketOptions {
  readonly config: Pick<
    Config,
    'maxBodyBytes' | 'maxBufferedBytes' | 'maxOperations' | 'connectionInitMs' | 'allowedOrigins'
  >;
  readonly log: Logger;
}

/** Takes the upgrades of a server. Disposing closes every WebSocket with 1001, on which clients connect again. */
export function serveWebSockets(
  http: HttpServer,
  pipeline: GraphQLPipeline,
  options: WebSocketOptions,
): AsyncDisposable {
  const { config, log } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: config.maxBodyBytes,
    WebSocket: boundedWebSocket({ maxBufferedBytes: config.maxBufferedBytes, log }),
  });
  const graphql = serveGraphQL(pipeline, sockets, options);
  http.on('upgrade', (request, socket, head) => {
    const refusal = upgradeRefusal(request, config.allowedOrigins);
    if (refusal !== undefined) {
      refuseUpgrade(socket, refusal);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.connection = socket;
      sockets.emit('connection', client, request);
      // graphql-ws would write a stack trace to stderr for whatever a client does wrong; ws has closed it already.
      client.removeAllListeners('error');
      client.on('error', (error) => log.debug({ reason: messageOf(error) }, 'a WebSocket was closed'));
    });
  });
  return { [Symbol.asyncDispose]: async () => graphql.dispose() };
}

const DONE = { done: true, value: undefined } as const;
const SERVER_MESSAGES = new Set<unknown>(['connection_ack', 'next', 'error']);

interface EnvelopedArgs extends ExecutionArgs {
  readonly rootValue: {
    readonly execute: (args: ExecutionArgs) => unknown;
    readonly subscribe: (args: ExecutionArgs) => unknown;
    readonly gone: AbortController;
  };
}

/** The same pipeline for WebSockets: parse, rules, validate, context, execute are those of the pipeline. */
function serveGraphQL(
  pipeline: GraphQLPipeline,
  sockets: WebSocketServer,
  { config, log }: WebSocketOptions,
) {
  return useServer(
    {
      connectionInitWaitTimeout: config.connectionInitMs,
      jsonMessageReviver: refuseServerMessages,
      execute: (args) => answerOf(args as EnvelopedArgs),
      subscribe: (args) => (args as EnvelopedArgs).rootValue.subscribe(args) as Promise<ExecutionResult>,
      async onSubscribe({ subscriptions, extra, connectionParams }, _id, params) {
        if (Object.keys(subscriptions).length > config.maxOperations)
          return [tooManyOperations(config.maxOperations)];
        try {
          const gone = new AbortController();
          const { schema, execute, subscribe, contextFactory, parse, validate } = pipeline.getEnveloped({
            req: extra.request,
            connectionParams,
            gone: gone.signal,
            params,
          });
          const document = parse(params.query);
          const errors = validate(schema, document);
          if (errors.length > 0) return errors.map(withoutHttp);
          return {
            schema,
            document,
            operationName: params.operationName,
            variableValues: params.variables,
            contextValue: await contextFactory(),
            rootValue: { execute, subscribe, gone },
          } as EnvelopedArgs;
        } catch (error) {
          return [withoutHttp(presentError(error, log))];
        }
      },
      onNext: (_context, _id, _payload, _args, { data = null, errors }) =>
        errors && { data, errors: errors.map((error) => withoutHttp(error).toJSON()) },
      onError: (_context, _id, _payload, errors) =>
        errors.map((error) => withoutHttp(presentError(error, log)).toJSON()),
    },
    sockets,
  );
}

/**
 * The one answer of a query or a mutation. It is iterated, as graphql-ws tells of nothing else that its client has
 * completed it or left: `return` then aborts `gone`, and what comes all the same is not sent.
 *
 * Written out, because V8 gives each generator function that is made a hidden class, which lives on and keeps all that
 * the operation was made of until the next full collection.
 */
function answerOf(args: EnvelopedArgs): AsyncIterableIterator<ExecutionResult> {
  const { execute, gone } = args.rootValue;
  let asked = false;
  return {
    async next() {
      if (asked) return DONE;
      asked = true;
      const value = (await execute(args)) as ExecutionResult;
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

/** What only a server may send is no message to it: otherwise graphql-ws takes it for a fault of ours (4500, with a stack). */
function refuseServerMessages(key: string, value: { readonly type?: unknown } | null): unknown {
  if (key === '' && SERVER_MESSAGES.has(value?.type))
    throw new TypeError(`${value?.type} is a server's message`);
  return value;
}

function tooManyOperations(limit: number): GraphQLError {
  return new GraphQLError(`A connection may have ${limit} operations open at most: complete one first.`, {
    extensions: { code: RequestErrorCode.TooManyOperations, limit },
  });
}

/** Browsers send cookies and origins with WebSockets of any page: pages of other origins are let in by name only. */
function upgradeRefusal(
  { url, headers }: IncomingMessage,
  allowedOrigins: readonly string[],
): string | undefined {
  if (URL.parse(url ?? '/', 'http://gateway')?.pathname !== GRAPHQL_PATH) return '404 Not Found';
  const { origin, host } = headers;
  if (origin === undefined || allowedOrigins.includes('*') || allowedOrigins.includes(origin))
    return undefined;
  return URL.canParse(origin) && new URL(origin).host === host ? undefined : '403 Forbidden';
}

function refuseUpgrade(socket: Duplex, status: string): void {
  // Node takes its own listeners off before an upgrade: a client that resets now would end the process.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
