/**
 * The gateway's edge: one HTTP server with GraphQL over POST, GET, SSE and WebSocket at `/graphql` (GraphiQL for
 * browsers), `/health` and `/ready`. It listens first, serves once the broker is there, drains when the gateway is told
 * to stop, and closes last.
 */
import { once } from 'node:events';
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { ConfigurationError, RequestErrorCode } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Model } from '../models/models.ts';
import { Admission, type AdmissionOptions, GRAPHQL_PATH, pathOf } from './admission.ts';
import { answerJson, refuse } from './answers.ts';
import { ConnectionBudgets } from './byteBudget.ts';
import { EarlyWebSockets } from './earlyWebSockets.ts';
import { graphiqlHandler, wantsGraphiql } from './graphiql.ts';
import { createPipeline, type GraphQLPipeline, type PipelineOptions } from './graphqlPipeline.ts';
import { answerHealth } from './health.ts';
import { MediaType } from './mediaTypes.ts';
import { hasOneAnswer, OperationAnswers } from './operationAnswers.ts';
import { Operations } from './operations.ts';
import { type PostOptions, postHandler } from './post.ts';
import { Readiness, type ReadinessChecks } from './readiness.ts';
import { OpenResponses } from './slowClients.ts';
import { cutOff } from './streaming.ts';
import { serveWebSockets, type WebSocketOptions } from './webSockets.ts';
import { yogaHandler } from './yoga.ts';

export interface ServerOptions extends Pick<PipelineOptions, 'schema'> {
  readonly models: readonly Model[];
  readonly config: PipelineOptions['config'] &
    WebSocketOptions['config'] &
    PostOptions['config'] &
    AdmissionOptions['config'] &
    Pick<
      Config,
      'host' | 'port' | 'gateways' | 'maxConnections' | 'keepAliveMs' | 'requestTimeoutMs' | 'maxPendingBytes'
    >;
  readonly log: Logger;
}

/** What is there once the broker is. */
export interface ServedSystem extends Pick<PipelineOptions, 'context'>, ReadinessChecks {
  /** Called when the server stops: ends what subscriptions wait for with an error. */
  readonly endSubscriptions: () => void;
}

/** How long responses under way may take once the server is to stop, in milliseconds. */
const CLOSE_WITHIN_MS = 2_000;
const CLOSE_IDLE_EVERY_MS = 20;
/** How often connections are looked at whose time is over. */
const CHECK_CONNECTIONS_MS = 500;
/** What a client is told to wait for a broker that has not been reached yet, in milliseconds. */
const RETRY_AFTER_MS = 1_000;

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Listens, and answers `/health`, before there is anything to serve. @throws {ConfigurationError} if it cannot. */
export async function openServer(options: ServerOptions): Promise<Server> {
  const server = new Server(options);
  await server.listen();
  return server;
}

export class Server implements AsyncDisposable {
  readonly readiness = new Readiness();
  readonly #options: ServerOptions;
  readonly #admission: Admission;
  readonly #http: HttpServer;
  readonly #early: EarlyWebSockets;
  readonly #responses: OpenResponses;
  readonly #operations: Operations;
  readonly #budgets: ConnectionBudgets;
  readonly #answerPage: Handler;
  readonly #stopping = new AbortController();
  #answerGraphQL: Handler = answerTooEarly;
  #served: { readonly webSockets: AsyncDisposable; readonly endSubscriptions: () => void } | undefined;
  #isDraining = false;
  #closed: Promise<void> | undefined;

  constructor(options: ServerOptions) {
    const { config, models, schema, log } = options;
    this.#options = options;
    this.#admission = new Admission(options);
    this.#responses = new OpenResponses({ maxWaitingBytes: config.maxPendingBytes, log });
    this.#budgets = new ConnectionBudgets(config);
    this.#operations = new Operations(schema, config);
    this.#answerPage = graphiqlHandler({
      models,
      operations: this.#operations,
      maxBodyBytes: config.maxBodyBytes,
    });
    this.#http = createServer(
      {
        requestTimeout: config.requestTimeoutMs,
        headersTimeout: config.requestTimeoutMs,
        connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
        keepAliveTimeout: config.keepAliveMs,
        // Health is asked for without one; the admission refuses all else without one.
        requireHostHeader: false,
        // Any other upgrade that a client offers (h2c, for one) is to be ignored: the request is answered as it is.
        shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
      },
      (request, response) => this.#handle(request, response),
    );
    this.#http.maxConnections = config.maxConnections;
    this.#early = new EarlyWebSockets(this.#http, this.#admission);
  }

  /** Of the GraphQL endpoint. */
  get url(): string {
    const { port } = this.#http.address() as AddressInfo;
    return `http://${reachableHost(this.#options.config.host)}:${port}${GRAPHQL_PATH}`;
  }

  /** @throws {ConfigurationError} if the address cannot be used. */
  async listen(): Promise<void> {
    const { host, port, gateways } = this.#options.config;
    this.#http.listen({ port, host, reusePort: gateways > 1 });
    await once(this.#http, 'listening').catch((error: NodeJS.ErrnoException) => {
      throw listenProblem(error, this.#options.config);
    });
  }

  /**
   * Answers GraphQL from now on. Called once.
   *
   * @returns what closes the server when disposed, so that nobody is served by what is taken apart afterwards.
   */
  serve({ context, endSubscriptions, ...checks }: ServedSystem): AsyncDisposable {
    const stopping = this.#stopping.signal;
    const pipeline = createPipeline({ ...this.#options, operations: this.#operations, context, stopping });
    this.#early[Symbol.dispose]();
    const webSockets = serveWebSockets(this.#http, pipeline, {
      ...this.#options,
      admission: this.#admission,
      budgets: this.#budgets,
    });
    this.#answerGraphQL = operationHandler(pipeline, { ...this.#options, budgets: this.#budgets });
    this.#served = { webSockets, endSubscriptions };
    this.readiness.serve(checks);
    return this;
  }

  /** Still serves everything for some time, while `/ready` is 503. @param hurry ends that time. */
  async drain(drainMs: number, hurry: AbortSignal): Promise<void> {
    this.#isDraining = true;
    this.readiness.drain();
    await sleep(drainMs, undefined, { signal: hurry }).catch(() => {});
  }

  /** Closes in order: no new connections, WebSockets with 1001, streams cut off, some time for answers under way. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const closed = once(this.#http, 'close');
    this.#http.close();
    this.#stopping.abort();
    this.#early[Symbol.dispose]();
    await this.#served?.webSockets[Symbol.asyncDispose]();
    this.#served?.endSubscriptions();
    // Connections kept alive go as soon as their last response is out.
    const idle = setInterval(() => this.#http.closeIdleConnections(), CLOSE_IDLE_EVERY_MS);
    const impatience = setTimeout(() => this.#http.closeAllConnections(), CLOSE_WITHIN_MS);
    await closed;
    clearInterval(idle);
    clearTimeout(impatience);
    this.#responses[Symbol.dispose]();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Whoever keeps a connection open takes the next one to another gateway.
    if (this.#isDraining) response.shouldKeepAlive = false;
    this.#responses.add(response);
    try {
      if (await this.#admission.admits(request, response)) await this.#answer(request, response);
    } catch (error) {
      this.#options.log.error({ err: error }, 'a request could not be answered');
      if (response.headersSent) response.destroy();
      else answerJson(response, 500, { error: 'Internal error.' });
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): unknown {
    const health = answerHealth(request, response, this.readiness);
    if (health !== undefined) return health;
    const path = pathOf(request);
    switch (path) {
      case GRAPHQL_PATH:
        if (wantsGraphiql(request)) return this.#answerPage(request, response);
        return this.#answerGraphQL(request, response);
      case '/':
        return response.writeHead(302, { location: GRAPHQL_PATH }).end();
      case undefined:
        return answerJson(response, 400, {
          error: 'The request must name a path as its target.',
        });
      default:
        return answerJson(response, 404, {
          error: `There is nothing at ${path}: GraphQL is at ${GRAPHQL_PATH}.`,
        });
    }
  }
}

function operationHandler(pipeline: GraphQLPipeline, options: PostOptions): Handler {
  const answers = new OperationAnswers(pipeline, options.log);
  const answerPost = postHandler(answers, options);
  const answerGet = yogaHandler(pipeline, options.log);
  return (request, response) => {
    const { method } = request;
    if (method === 'POST') return answerPost(request, response);
    if (method === 'GET') {
      const reading = answers.readUrl(request);
      return hasOneAnswer(reading)
        ? answerGet(request, response)
        : answers.answer(reading, request, response);
    }
    return refuse(request, response, {
      status: 405,
      code: RequestErrorCode.MethodNotAllowed,
      message: `GraphQL is asked over GET and POST, got ${method}.`,
      headers: { allow: 'GET, POST' },
    });
  };
}

/** Before the broker was reached. A stream is cut off instead: on a status, `EventSource` gives up for good. */
function answerTooEarly({ headers }: IncomingMessage, response: ServerResponse): void {
  if (headers.accept?.startsWith(MediaType.EventStream)) {
    cutOff(response);
    return;
  }
  const message = 'This gateway has not reached its broker yet. Try again in a moment.';
  const extensions = { code: RequestErrorCode.BrokerUnavailable, retryAfterMs: RETRY_AFTER_MS };
  response.setHeader('retry-after', RETRY_AFTER_MS / 1_000);
  answerJson(response, 503, { errors: [{ message, extensions }] });
}

function listenProblem(
  error: NodeJS.ErrnoException,
  { host, port, gateways }: ServerOptions['config'],
): Error {
  const { code } = error;
  switch (code) {
    case 'ENOTSUP':
      return new ConfigurationError(
        `GATEWAYS must be 1 on a system that cannot share a port, got ${gateways}`,
      );
    case 'EADDRINUSE':
      return new ConfigurationError(
        `PORT must be free, got ${port}, which another program has taken on ${host}; for another port: PORT=4001 npm start`,
      );
    case 'EACCES':
      return new ConfigurationError(
        `PORT must be one that this user may listen on, got ${port} (${code}); for another port: PORT=4001 npm start`,
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigurationError(
        `HOST must be an address of this machine, or a name of one, got ${JSON.stringify(host)} (${code}); for this machine alone: 127.0.0.1, for all its addresses: 0.0.0.0`,
      );
    default:
      return error;
  }
}

/** A host to put into a URL: who listens on every address is reached on this machine's own. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
