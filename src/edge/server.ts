/**
 * The gateway's edge: one HTTP server with GraphQL over POST, GET, SSE and WebSocket at `/graphql` (GraphiQL for
 * browsers), `/health` (the process answers) and `/ready` (it can bring a task to its end).
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../config.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Model } from '../models/models.ts';
import { ConnectionBudgets } from './byteBudget.ts';
import { graphiqlHandler, wantsGraphiql } from './graphiql.ts';
import {
  createPipeline,
  GRAPHQL_PATH,
  type GraphQLPipeline,
  type PipelineOptions,
} from './graphqlPipeline.ts';
import { answerJson, type PostOptions, postHandler } from './post.ts';
import { OpenResponses } from './slowClients.ts';
import { serveWebSockets, type WebSocketOptions } from './webSockets.ts';

export interface ServerOptions extends PipelineOptions {
  readonly models: readonly Model[];
  /** Resolves to why the gateway cannot bring a task to its end now, or to nothing if it can. */
  readonly readiness: () => Promise<string | undefined>;
  readonly config: PipelineOptions['config'] &
    WebSocketOptions['config'] &
    PostOptions['config'] &
    Pick<Config, 'host' | 'port' | 'gateways' | 'maxConnections' | 'maxPendingBytes'>;
  /** Called when the server stops, so that streams over SSE end in words. */
  readonly endSubscriptions: () => void;
  readonly log: Logger;
}

export interface Server extends AsyncDisposable {
  /** Of the GraphQL endpoint. */
  readonly url: string;
}

/** How long responses under way may take once the server is to stop, in milliseconds. */
const CLOSE_WITHIN_MS = 2_000;
const CLOSE_IDLE_EVERY_MS = 20;
/** A request that has not come whole by then is given up, in milliseconds. */
const REQUEST_WITHIN_MS = 30_000;

/** Listens. @throws what Node says if it cannot, such as EADDRINUSE. */
export async function openServer(options: ServerOptions): Promise<Server> {
  const { config } = options;
  const pipeline = createPipeline(options);
  const responses = new OpenResponses(options.log);
  const budgets = new ConnectionBudgets(config);
  const http = createServer(
    // Any other upgrade that a client offers (h2c, for one) is to be ignored: the request is answered as it is.
    {
      requestTimeout: REQUEST_WITHIN_MS,
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    requestHandler(pipeline, responses, options),
  );
  http.maxConnections = config.maxConnections;
  const webSockets = serveWebSockets(http, pipeline, { ...options, budgets });

  http.listen({ port: config.port, host: config.host, reusePort: config.gateways > 1 });
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://${reachableHost(config.host)}:${port}${GRAPHQL_PATH}`,
    async [Symbol.asyncDispose]() {
      const closed = once(http, 'close');
      http.close();
      await webSockets[Symbol.asyncDispose]();
      options.endSubscriptions();
      // Connections kept alive go as soon as their last response is out.
      const idle = setInterval(() => http.closeIdleConnections(), CLOSE_IDLE_EVERY_MS);
      const impatience = setTimeout(() => http.closeAllConnections(), CLOSE_WITHIN_MS);
      await closed;
      clearInterval(idle);
      clearTimeout(impatience);
      responses[Symbol.dispose]();
    },
  };
}

function requestHandler(pipeline: GraphQLPipeline, responses: OpenResponses, options: ServerOptions) {
  const { log } = options;
  const answerPage = graphiqlHandler(options.models);
  const answerPost = postHandler(pipeline, options);
  const answerGraphQL = (request: IncomingMessage, response: ServerResponse) => {
    if (wantsGraphiql(request)) return answerPage(request, response);
    responses.add(response);
    return request.method === 'POST' ? answerPost(request, response) : pipeline.answer(request, response);
  };
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const path = pathOf(request);
    switch (path) {
      case GRAPHQL_PATH:
        return answerGraphQL(request, response);
      case '/health':
        return answerJson(response, 200, { status: 'alive' });
      case '/ready':
        return answerReadiness(response, options.readiness);
      case '/':
        return response.writeHead(302, { location: GRAPHQL_PATH }).end();
      case undefined:
        return answerJson(response, 400, {
          error: 'The request must name a path as its target, and a host as its Host.',
        });
      default:
        return answerJson(response, 404, {
          error: `There is nothing at ${path}: GraphQL is at ${GRAPHQL_PATH}.`,
        });
    }
  };
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await answer(request, response);
    } catch (error) {
      log.error({ err: error }, 'a request could not be answered');
      if (response.headersSent) response.destroy();
      else answerJson(response, 500, { error: 'Internal error.' });
    }
  };
}

/** @returns undefined for what no URL can be made of; the pipeline would make one, and show its stack. */
function pathOf({ url = '', headers: { host = '' } }: IncomingMessage): string | undefined {
  return url.startsWith('/') ? URL.parse(url, `http://${host}`)?.pathname : undefined;
}

/** A host to put into a URL: who listens on every address is reached on this machine's own. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
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
