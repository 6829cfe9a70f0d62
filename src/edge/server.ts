/**
 * The gateway's edge: one HTTP or HTTPS server with GraphQL over POST, GET, SSE and WebSocket at `/graphql` (GraphiQL for
 * browsers), the console at `/console`, bytes at `/blobs`, `/tasks` and `/artifacts`, `/health` and `/ready`. It listens
 * first, serves when the broker is there, drains when the gateway is told to stop, and closes last.
 */
import { once } from 'node:events';
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RequestError, RequestErrorCode, refusedForNow } from '../contract/errors.ts';
import type { Model } from '../models/models.ts';
import type { AuthMode, Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import { Admission, type AdmissionOptions } from './admission.ts';
import { answerJson, notRecognised, RequestRefused, refuse, unavailable } from './answers.ts';
import { arrivalMs } from './arrivalTime.ts';
import { ConnectionBudgets } from './byteBudget.ts';
import { type ByteHandlerOptions, type ByteSources, byteHandler, isForBytes } from './byteHandler.ts';
import type { CertificateWatch } from './certificate.ts';
import { Clients, type ClientsOptions } from './clients.ts';
import { CONSOLE_PATH, consoleHandler, isForConsole } from './console.ts';
import { EarlyWebSockets } from './earlyWebSockets.ts';
import { EdgeEvents } from './edgeEvents.ts';
import { getHandler } from './get.ts';
import { graphiqlHandler, wantsGraphiql } from './graphiql.ts';
import { createPipeline, type GraphQLPipeline, type PipelineOptions } from './graphqlPipeline.ts';
import { answerHealth, answerReady } from './health.ts';
import { isLoopbackAddress } from './hosts.ts';
import { authModesOf, type EdgeIdentity } from './identity.ts';
import { LargeRequests } from './largeRequests.ts';
import { type ListenOptions, listen } from './listening.ts';
import { MediaType } from './mediaTypes.ts';
import { OpenIdentities } from './openIdentities.ts';
import { OperationAnswers } from './operationAnswers.ts';
import { type OperationOptions, Operations } from './operations.ts';
import { PersistedOperations } from './persistedOperations.ts';
import { type PostOptions, postHandler } from './post.ts';
import { Readiness, type ReadinessChecks } from './readiness.ts';
import { OpenResponses, type OpenResponsesOptions } from './slowClients.ts';
import { cutOff } from './streaming.ts';
import { GRAPHQL_PATH, pathOf } from './target.ts';
import { readTrustedOperations, warnOfFaulty } from './trustedOperations.ts';
import { serveWebSockets, type WebSocketOptions } from './webSockets.ts';
import { yogaHandler } from './yoga.ts';

interface ServerOptions
  extends Pick<PipelineOptions, 'schema'>,
    Pick<OpenResponsesOptions, 'stalledAfterMs'> {
  readonly models: readonly Model[];
  readonly config: ListenOptions['config'] &
    PipelineOptions['config'] &
    Required<OperationOptions> &
    WebSocketOptions['config'] &
    PostOptions['config'] &
    AdmissionOptions['config'] &
    ClientsOptions['config'] &
    ByteHandlerOptions['config'] &
    Pick<
      Config,
      | 'auth'
      | 'console'
      | 'host'
      | 'maxPendingBytes'
      | 'persistedOperations'
      | 'persistedOperationsOnly'
      | 'requestTimeoutMs'
    >;
  readonly log: Logger;
}

interface OpenedOptions extends ServerOptions {
  /** The operations of `PERSISTED_OPERATIONS`. */
  readonly trusted: ReadonlyMap<string, string> | undefined;
  /** Undefined without TLS. */
  readonly watch: CertificateWatch | undefined;
}

/** The collaborators that need the broker. */
interface ServedSystem
  extends Pick<PipelineOptions, 'context' | 'logins' | 'charge' | 'onRefusedViewer' | 'tracing'>,
    ReadinessChecks {
  readonly bytes: ByteSources;
  /** Called when the server stops. Ends the tasks' watches with an error. */
  readonly endSubscriptions: () => void;
}

/** How long responses under way may take after the server was told to stop, in milliseconds. */
const CLOSE_WITHIN_MS = 2_000;
const CLOSE_IDLE_EVERY_MS = 20;

/** Where `console/` is built. */
const CONSOLE_FOLDER = join(import.meta.dirname, '../../console/dist');

/** Methods that are redirected from `/` to the console, for browsers. HAProxy asks for `OPTIONS /` by default. */
const REDIRECTED_METHODS = ['GET', 'HEAD', 'OPTIONS'];

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Listens and answers `/health` before the gateway serves. @throws {ConfigurationError} if it cannot listen. */
export async function openServer(options: ServerOptions): Promise<Server> {
  const { config } = options;
  const trusted = await readTrustedOperations(config);
  const { http, watch } = await listen(options);
  try {
    // Before the first connection is accepted.
    return new Server(http, { ...options, trusted, watch });
  } catch (error) {
    http.close();
    watch?.[Symbol.dispose]();
    throw error;
  }
}

class Server implements AsyncDisposable {
  /** The URL of the GraphQL endpoint. */
  readonly url: string;
  /** How clients show who they are. */
  readonly auth: readonly AuthMode[];
  readonly readiness = new Readiness();
  readonly events = new EdgeEvents();
  readonly #options: OpenedOptions & { readonly isLocal: boolean; readonly clients: Clients };
  readonly #admission: Admission;
  readonly #http: HttpServer;
  readonly #early: EarlyWebSockets;
  readonly #responses: OpenResponses;
  readonly #operations: Operations;
  readonly #persisted: PersistedOperations;
  readonly #budgets: ConnectionBudgets;
  readonly #openIdentities = new OpenIdentities();
  readonly #answerPage: Handler;
  /** Undefined if the console is turned off. */
  readonly #answerConsole: ReturnType<typeof consoleHandler> | undefined;
  readonly #stopping = new AbortController();
  #answerGraphQL: Handler = answerTooEarly;
  #answerBytes: Handler = answerTooEarly;
  #served: { readonly webSockets: AsyncDisposable; readonly endSubscriptions: () => void } | undefined;
  #isDraining = false;
  #closed: Promise<void> | undefined;

  /** @param http that listens already. */
  constructor(http: HttpServer, options: OpenedOptions) {
    const { config, models, schema, trusted, stalledAfterMs, log } = options;
    const { address, port } = http.address() as AddressInfo;
    this.url = `${options.watch === undefined ? 'http' : 'https'}://${reachableHost(config.host)}:${port}${GRAPHQL_PATH}`;
    const isLocal = isLoopbackAddress(address);
    this.auth = authModesOf(config, isLocal, log);
    this.#options = { ...options, isLocal, clients: new Clients(options) };
    this.#admission = new Admission(this.#options);
    this.#responses = new OpenResponses({
      maxWaitingBytes: config.maxPendingBytes,
      stalledAfterMs,
      arrivalMs: (request) => arrivalMs(request, config),
      events: this.events,
      log,
    });
    this.#budgets = new ConnectionBudgets(config);
    this.#operations = new Operations(schema, config);
    if (trusted !== undefined) warnOfFaulty(trusted, this.#operations, log);
    this.#persisted = new PersistedOperations({
      operations: this.#operations,
      trusted,
      isOnly: config.persistedOperationsOnly,
    });
    this.#answerPage = graphiqlHandler({
      models,
      operations: this.#operations,
      maxBodyBytes: config.maxBodyBytes,
    });
    this.#answerConsole = config.console ? consoleHandler({ folder: CONSOLE_FOLDER, log }) : undefined;
    this.#http = http.on('request', (request, response) => this.#handle(request, response));
    this.#early = new EarlyWebSockets(http, this.#admission);
  }

  /**
   * Answers GraphQL from now on. Called once.
   *
   * @returns closes the server when disposed, so that the collaborators can be taken apart afterwards.
   */
  serve({
    context,
    logins,
    charge,
    onRefusedViewer,
    tracing,
    bytes,
    endSubscriptions,
    ...checks
  }: ServedSystem): AsyncDisposable {
    const stopping = this.#stopping.signal;
    const pipeline = createPipeline({
      ...this.#options,
      auth: this.auth,
      logins,
      operations: this.#operations,
      persisted: this.#persisted,
      openIdentities: this.#openIdentities,
      context,
      charge,
      onRefusedViewer,
      tracing,
      stopping,
    });
    this.#early[Symbol.dispose]();
    const shared = { ...this.#options, budgets: this.#budgets, largeRequests: new LargeRequests() };
    const webSockets = serveWebSockets(this.#http, pipeline, {
      ...shared,
      admission: this.#admission,
      events: this.events,
    });
    this.#answerGraphQL = operationHandler(pipeline, shared);
    this.#answerBytes = byteHandler({ ...this.#options, ...pipeline, sources: bytes });
    this.#served = { webSockets, endSubscriptions };
    this.readiness.serve(checks);
    return this;
  }

  /** The connections that are open, WebSockets included. */
  async countConnections(): Promise<number> {
    return await new Promise((resolve, reject) =>
      this.#http.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
    );
  }

  /** Goes on serving for `DRAIN_MS`, while `/ready` is 503. @param hurry ends that time. */
  async drain(drainMs: number, hurry: AbortSignal): Promise<void> {
    this.#isDraining = true;
    this.readiness.drain();
    await sleep(drainMs, undefined, { signal: hurry }).catch(() => {});
  }

  /**
   * Closes in order: no new connections, WebSockets with 1001, streams cut off, then some time for answers under way.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const closed = once(this.#http, 'close');
    this.#options.watch?.[Symbol.dispose]();
    this.#http.close();
    this.#stopping.abort();
    this.#early[Symbol.dispose]();
    await this.#served?.webSockets[Symbol.asyncDispose]();
    this.#served?.endSubscriptions();
    // Connections that are kept alive close after their last response.
    const idle = setInterval(() => this.#http.closeIdleConnections(), CLOSE_IDLE_EVERY_MS);
    const impatience = setTimeout(() => this.#http.closeAllConnections(), CLOSE_WITHIN_MS);
    await closed;
    clearInterval(idle);
    clearTimeout(impatience);
    this.#responses[Symbol.dispose]();
    this.#openIdentities[Symbol.dispose]();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // While it drains, each connection ends with its answer, so the next request goes to another gateway.
    if (this.#isDraining) response.shouldKeepAlive = false;
    this.#responses.add(response);
    try {
      if (await this.#admission.admits(request, response)) await this.#answer(request, response);
    } catch (error) {
      if (error instanceof RequestRefused) return refuse(request, response, error.refusal);
      this.#options.log.error({ err: error }, 'a request could not be answered');
      if (response.headersSent) response.destroy();
      else answerJson(response, 500, { error: 'Internal error.' });
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): unknown {
    const path = pathOf(request);
    switch (path) {
      case GRAPHQL_PATH:
        if (this.#options.config.graphiql && wantsGraphiql(request))
          return this.#answerPage(request, response);
        return this.#answerGraphQL(request, response);
      case '/health':
        return answerHealth(request, response);
      case '/ready':
        return answerReady(request, response, this.readiness);
      case '/':
        // A POST is not redirected: the client would follow with a GET, and get a confusing error.
        if (!REDIRECTED_METHODS.includes(request.method ?? '')) return answerNothingHere(response, path);
        return response
          .writeHead(302, { location: this.#answerConsole ? `${CONSOLE_PATH}/` : GRAPHQL_PATH })
          .end();
      case undefined:
        return answerJson(response, 400, {
          error: 'The request must name a path as its target.',
        });
      default:
        if (isForBytes(path)) return this.#answerBytes(request, response);
        if (this.#answerConsole && isForConsole(path)) return this.#answerConsole(request, response, path);
        return answerNothingHere(response, path);
    }
  }
}

function answerNothingHere(response: ServerResponse, path: string): void {
  answerJson(response, 404, { error: `There is nothing at ${path}: GraphQL is at ${GRAPHQL_PATH}.` });
}

function operationHandler(pipeline: GraphQLPipeline, options: PostOptions): Handler {
  const answers = new OperationAnswers(pipeline, options.log);
  const answerPost = postHandler(answers, options);
  const answerOnce = yogaHandler(pipeline, options.log);
  const answerGet = getHandler({ answers, answerOnce, budgets: options.budgets });
  return async (request, response) => {
    const { method } = request;
    if (method === 'POST') return answerPost(request, response, await identityOf(request, pipeline));
    if (method === 'GET') return answerGet(request, response, await identityOf(request, pipeline));
    return refuse(request, response, {
      status: 405,
      code: RequestErrorCode.MethodNotAllowed,
      message: `GraphQL is asked over GET and POST, got ${method}.`,
      headers: { allow: 'GET, POST' },
    });
  };
}

/** @throws {RequestRefused} before the body of the request is read. */
async function identityOf(request: IncomingMessage, { identities }: GraphQLPipeline): Promise<EdgeIdentity> {
  try {
    return await identities.of(request);
  } catch (error) {
    throw error instanceof RequestError ? new RequestRefused(notRecognised(error)) : error;
  }
}

/**
 * The refusal before the broker was reached. A stream is cut off instead: `EventSource` gives up for good on a status.
 */
function answerTooEarly(request: IncomingMessage, response: ServerResponse): unknown {
  if (request.headers.accept?.startsWith(MediaType.EventStream)) return cutOff(response);
  const tooEarly = 'This gateway has not reached its broker yet. Try again in a moment.';
  return refuse(request, response, unavailable(refusedForNow(RequestErrorCode.BrokerUnavailable, tooEarly)));
}

/** The host for a URL. A server that listens on every address is reached by this machine's own. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
