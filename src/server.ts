/**
 * The gateway's edge: one HTTP server with GraphQL over POST, GET, SSE and WebSocket at `/graphql` (GraphiQL for
 * browsers), `/health` (the process answers) and `/ready` (it can bring a task to its end).
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, type ExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import type { Config } from './config.ts';
import { messageOf, RequestErrorCode } from './errors.ts';
import { graphiqlHandler, wantsGraphiql } from './graphiql.ts';
import type { Logger } from './log.ts';
import type { Model } from './models.ts';
import { presentError, type RequestLimits, useRequestRules, withoutHttp } from './requestRules.ts';

export interface ServerOptions {
  readonly schema: GraphQLSchema;
  readonly models: readonly Model[];
  /** What every operation is given, beside who asks. */
  readonly context: object;
  /** Resolves to why the gateway cannot bring a task to its end now, or to nothing if it can. */
  readonly readiness: () => Promise<string | undefined>;
  readonly config: RequestLimits &
    Pick<
      Config,
      | 'maxBodyBytes'
      | 'host'
      | 'port'
      | 'maxOperations'
      | 'maxConnections'
      | 'connectionInitMs'
      | 'allowedOrigins'
    >;
  /** Called when the server stops, so that streams over SSE end in words. */
  readonly endSubscriptions: () => void;
  readonly log: Logger;
}

export interface Server extends AsyncDisposable {
  /** Of the GraphQL endpoint. */
  readonly url: string;
}

const GRAPHQL_PATH = '/graphql';
const CACHED_OPERATIONS = 200;
/** How long responses under way may take once the server is to stop, in milliseconds. */
const CLOSE_WITHIN_MS = 2_000;
const CLOSE_IDLE_EVERY_MS = 20;
/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Listens. @throws what Node says if it cannot, such as EADDRINUSE. */
export async function openServer(options: ServerOptions): Promise<Server> {
  const { config, models, log } = options;
  const yoga = createGraphQL(options);
  const graphiql = graphiqlHandler(models);
  const answerPost = postHandler(yoga, options);

  const http = createServer(async (request, response) => {
    const url = URL.parse(request.url ?? '/', 'http://gateway');
    try {
      if (url === null) answerJson(response, 400, { error: 'The request target must be a path.' });
      else if (url.pathname === GRAPHQL_PATH && wantsGraphiql(request)) await graphiql(request, response);
      else if (url.pathname === GRAPHQL_PATH && request.method === 'POST')
        await answerPost(request, response);
      else if (url.pathname === GRAPHQL_PATH) await yoga(request, response);
      else if (url.pathname === '/health') answerJson(response, 200, { status: 'alive' });
      else if (url.pathname === '/ready') await answerReadiness(response, options.readiness);
      else if (url.pathname === '/') response.writeHead(302, { location: GRAPHQL_PATH }).end();
      else
        answerJson(response, 404, {
          error: `There is nothing at ${url.pathname}: GraphQL is at ${GRAPHQL_PATH}.`,
        });
    } catch (error) {
      log.error({ err: error }, 'a request could not be answered');
      if (!response.headersSent) answerJson(response, 500, { error: 'Internal error.' });
      else response.destroy();
    }
  });
  http.maxConnections = config.maxConnections;
  http.requestTimeout = 30_000;

  const sockets = new WebSocketServer({ noServer: true, maxPayload: config.maxBodyBytes });
  const webSocketGraphQL = serveWebSockets(yoga, sockets, options);
  http.on('upgrade', (request, socket, head) => {
    const refusal = upgradeRefusal(request, config.allowedOrigins);
    if (refusal !== undefined) refuseUpgrade(socket, refusal);
    else
      sockets.handleUpgrade(request, socket, head, (client) => {
        sockets.emit('connection', client, request);
        // graphql-ws would write a stack trace to stderr for whatever a client does wrong; ws has closed it already.
        client.removeAllListeners('error');
        client.on('error', (error) => log.debug({ reason: messageOf(error) }, 'a WebSocket was closed'));
      });
  });

  http.listen(config.port, config.host);
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://${reachableHost(config.host)}:${port}${GRAPHQL_PATH}`,
    async [Symbol.asyncDispose]() {
      const closed = once(http, 'close');
      http.close();
      // WebSockets close with 1001, on which clients connect again and ask for their results elsewhere.
      await webSocketGraphQL.dispose();
      options.endSubscriptions();
      // Connections kept alive go as soon as their last response is out.
      const idle = setInterval(() => http.closeIdleConnections(), CLOSE_IDLE_EVERY_MS);
      const impatience = setTimeout(() => http.closeAllConnections(), CLOSE_WITHIN_MS);
      await closed;
      clearInterval(idle);
      clearTimeout(impatience);
    },
  };
}

/** A host to put into a URL: who listens on every address is reached on this machine's own. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function createGraphQL({ schema, context, config, log }: ServerOptions) {
  return createYoga<{ req?: IncomingMessage }>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    context: ({ request, req }: { request?: Request; req?: IncomingMessage }) => ({
      ...context,
      owner: 'anonymous',
      trace: traceOf(request?.headers.get('traceparent') ?? req?.headers.traceparent),
    }),
    plugins: [useRequestRules(config)],
    maskedErrors: { maskError: (error) => presentError(error, log) },
    // Small: each entry may be an operation of the longest size.
    parserAndValidationCache: { documentCache: new BoundedCache(), errorCache: new BoundedCache() },
    // Sizes are seen to before: Yoga would pipe every body through a counter, and reset the connection at the limit.
    maxRequestBodySize: false,
    multipart: false,
    batching: false,
    graphiql: false,
    landingPage: false,
    cors: corsOf(config.allowedOrigins),
    logging: false,
  });
}

type Yoga = ReturnType<typeof createGraphQL>;

interface EnvelopedArgs extends ExecutionArgs {
  readonly rootValue: {
    readonly execute: (args: ExecutionArgs) => unknown;
    readonly subscribe: (args: ExecutionArgs) => unknown;
  };
}

/** The same pipeline for WebSockets: parse, rules, validate, context, execute are those of Yoga. */
function serveWebSockets(yoga: Yoga, sockets: WebSocketServer, { config, log }: ServerOptions) {
  return useServer<Record<string, unknown>>(
    {
      connectionInitWaitTimeout: config.connectionInitMs,
      execute: (args) => (args as EnvelopedArgs).rootValue.execute(args) as Promise<ExecutionResult>,
      subscribe: (args) => (args as EnvelopedArgs).rootValue.subscribe(args) as Promise<ExecutionResult>,
      async onSubscribe({ subscriptions, extra }, _id, params) {
        if (Object.keys(subscriptions).length > config.maxOperations)
          return [tooManyOperations(config.maxOperations)];
        try {
          const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
            req: extra.request,
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
            rootValue: { execute, subscribe },
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

function tooManyOperations(limit: number): GraphQLError {
  return new GraphQLError(`A connection may have ${limit} operations open at most: complete one first.`, {
    extensions: { code: RequestErrorCode.TooManyOperations, limit },
  });
}

/**
 * Forms, multipart and plain text can be sent by any web page without asking: only JSON is read. What is refused here
 * is not read; Node drops it, since closing the connection would keep the answer from a client that is still sending.
 */
function postHandler(yoga: Yoga, { config: { maxBodyBytes: limit }, log }: ServerOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const contentType = request.headers['content-type'];
    if (contentType?.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
      const message = `content-type must be application/json, got ${JSON.stringify(contentType ?? 'none')}.`;
      return refuse(response, 415, message, { code: RequestErrorCode.UnsupportedMediaType });
    }
    const length = request.headers['content-length'];
    const tooLarge = (got: string) =>
      refuse(response, 413, `A body may have ${limit} bytes at most, got ${got}.`, {
        code: RequestErrorCode.PayloadTooLarge,
        limit,
      });
    if (length !== undefined && Number(length) > limit) return tooLarge(length);
    if (length !== undefined) return yoga(request, response);
    try {
      const body = await readBody(request, limit);
      if (body === undefined) return tooLarge('more');
      return yoga(Object.assign(request, { body }), response);
    } catch (error) {
      if (!request.destroyed) throw error;
      log.debug({ reason: messageOf(error) }, 'a client left before its body was complete');
    }
  };
}

/** A body whose length was not told. @returns undefined if it has more bytes than the limit. */
async function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > limit) {
      request.resume();
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function refuse(response: ServerResponse, status: number, message: string, extensions: object): void {
  answerJson(response, status, { errors: [{ message, extensions }] });
}

async function answerReadiness(
  response: ServerResponse,
  readiness: ServerOptions['readiness'],
): Promise<void> {
  const problem = await readiness().catch((error: unknown) => messageOf(error));
  answerJson(
    response,
    problem === undefined ? 200 : 503,
    problem === undefined ? { status: 'ready' } : { status: 'not ready', problem },
  );
}

function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

function corsOf(allowedOrigins: readonly string[]) {
  if (allowedOrigins.length === 0) return false;
  return {
    origin: allowedOrigins.includes('*') ? '*' : [...allowedOrigins],
    methods: ['GET', 'POST'],
    credentials: false,
  };
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

function traceOf(header: unknown): string | undefined {
  return typeof header === 'string' && TRACEPARENT.test(header) ? header : undefined;
}

/** Drops the entry that was used longest ago. */
class BoundedCache<V> {
  readonly #entries = new Map<string, V>();

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.#put(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#put(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > CACHED_OPERATIONS && oldest !== undefined) this.#entries.delete(oldest);
  }

  #put(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
  }
}
