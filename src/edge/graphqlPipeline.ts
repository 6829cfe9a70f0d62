/** What every operation passes, whatever transport brought it: Yoga over HTTP, the same without Yoga over WebSocket. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import type { OperationLimits } from './operationLimits.ts';
import { Operations, useOperations } from './operations.ts';
import { operatorGate } from './operators.ts';
import { presentError } from './requestRules.ts';

export interface PipelineOptions {
  readonly schema: GraphQLSchema;
  /** What every operation is given, beside who asks. */
  readonly context: object;
  readonly config: OperationLimits & Pick<Config, 'allowedOrigins' | 'operatorToken' | 'host'>;
  readonly log: Logger;
}

/** What a transport knows of who asks. */
interface Arrival {
  readonly req?: IncomingMessage;
  /** Over HTTP. */
  readonly request?: Request;
  /** The payload of `connection_init`. */
  readonly connectionParams?: Readonly<Record<string, unknown>> | undefined;
  /** Over WebSocket: aborted when the client completes the operation or leaves. */
  readonly gone?: AbortSignal | undefined;
}

export interface GraphQLPipeline {
  readonly schema: GraphQLSchema;
  readonly operations: Operations;
  /** What resolvers are given. */
  readonly contextOf: (arrival: Arrival) => object;
  /** Answers over HTTP. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => unknown;
}

export const GRAPHQL_PATH = '/graphql';
/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export function createPipeline({ schema, context, config, log }: PipelineOptions): GraphQLPipeline {
  const requireOperator = operatorGate(config);
  const operations = new Operations(schema, config);
  const contextOf = ({ request, req, connectionParams, gone }: Arrival) => ({
    ...context,
    owner: 'anonymous',
    requireOperator: () =>
      requireOperator(
        connectionParams?.authorization ??
          request?.headers.get('authorization') ??
          req?.headers.authorization,
        req?.headers.host,
      ),
    gone: gone ?? request?.signal,
    trace: traceOf(request?.headers.get('traceparent') ?? req?.headers.traceparent),
  });
  const answer = createYoga<Arrival>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    context: contextOf,
    plugins: [useOperations(operations), useEndWithRequest()],
    maskedErrors: { maskError: (error) => presentError(error, log) },
    // Operations are kept by `Operations`, for every transport.
    parserAndValidationCache: false,
    // Sizes are seen to before: Yoga would pipe every body through a counter, and reset the connection at the limit.
    maxRequestBodySize: false,
    multipart: false,
    batching: false,
    graphiql: false,
    landingPage: false,
    cors: corsOf(config.allowedOrigins),
    logging: false,
  });
  return { schema, operations, contextOf, answer };
}

/** Yoga forgets an iterator that arrives after its client has left: the watch would stay until the task's end. */
function useEndWithRequest(): Plugin<{ request?: Request }> {
  return {
    onSubscribe: ({ args }) => ({
      onSubscribeResult({ result }) {
        const signal = args.contextValue.request?.signal;
        if (signal === undefined || !isAsyncIterable(result)) return;
        const end = () => void result[Symbol.asyncIterator]().return?.();
        if (signal.aborted) end();
        else signal.addEventListener('abort', end, { once: true });
      },
    }),
  };
}

function corsOf(allowedOrigins: readonly string[]) {
  if (allowedOrigins.length === 0) return false;
  return {
    origin: allowedOrigins.includes('*') ? '*' : [...allowedOrigins],
    methods: ['GET', 'POST'],
    credentials: false,
  };
}

function traceOf(header: unknown): string | undefined {
  return typeof header === 'string' && TRACEPARENT.test(header) ? header : undefined;
}
