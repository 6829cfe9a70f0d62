/** What every operation passes, whatever transport brought it: Yoga over HTTP, the same without Yoga over WebSocket. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import { GRAPHQL_PATH } from './admission.ts';
import type { OperationLimits } from './operationLimits.ts';
import { Operations, useOperations } from './operations.ts';
import { operatorGate } from './operators.ts';
import { presentError } from './requestRules.ts';
import { cutOff, EVENT_STREAM, STREAM_HEADERS } from './sse.ts';

export interface PipelineOptions {
  readonly schema: GraphQLSchema;
  /** What every operation is given, beside who asks. */
  readonly context: object;
  readonly config: OperationLimits & Pick<Config, 'operatorToken' | 'host'>;
  /** Aborted when the server stops: streams that end with an error from then on are cut off. */
  readonly stopping: AbortSignal;
  readonly log: Logger;
}

/** What a transport knows of who asks. */
interface Arrival {
  readonly req?: IncomingMessage;
  readonly res?: ServerResponse;
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
  readonly stopping: AbortSignal;
  /** Answers over HTTP. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => unknown;
}

/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export function createPipeline(options: PipelineOptions): GraphQLPipeline {
  const { schema, context, config, stopping, log } = options;
  const requireOperator = operatorGate(config, log);
  const operations = new Operations(schema, config);
  const contextOf = ({ request, req, connectionParams, gone }: Arrival) => ({
    ...context,
    owner: 'anonymous',
    requireOperator: once(() =>
      requireOperator({
        authorization: connectionParams?.authorization ?? req?.headers.authorization,
        hostHeader: req?.headers.host,
        address: req?.socket.remoteAddress,
      }),
    ),
    gone: gone ?? request?.signal,
    trace: traceOf(request?.headers.get('traceparent') ?? req?.headers.traceparent),
  });
  const answer = createYoga<Arrival>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    context: contextOf,
    plugins: [useOperations(operations), useEndWithRequest(), useStreams(stopping)],
    maskedErrors: { maskError: (error) => presentError(error, log) },
    // Operations are kept by `Operations`, for every transport.
    parserAndValidationCache: false,
    // Sizes are seen to before: Yoga would pipe every body through a counter, and reset the connection at the limit.
    maxRequestBodySize: false,
    multipart: false,
    batching: false,
    graphiql: false,
    landingPage: false,
    // See admission.ts.
    cors: false,
    logging: false,
  });
  return { schema, operations, contextOf, stopping, answer };
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

/** Yoga's streams over SSE, as ours are: none waits in a proxy, and none ends in words because the server stops. */
function useStreams(stopping: AbortSignal): Plugin<{ res?: ServerResponse }> {
  return {
    onSubscribe: ({ args }) => ({
      onSubscribeResult({ result, setResult }) {
        const { res } = args.contextValue;
        if (res !== undefined && isAsyncIterable(result)) setResult(cutOffAtStop(result, res, stopping));
      },
    }),
    onResponse({ response: { headers } }) {
      if (headers.get('content-type') !== EVENT_STREAM) return;
      for (const [name, value] of Object.entries(STREAM_HEADERS)) headers.set(name, value);
      // Yoga's words against compression name a coding that nobody has registered, and keep a connection that is to close.
      for (const name of ['content-encoding', 'connection']) headers.delete(name);
    },
  };
}

function cutOffAtStop<T>(
  source: AsyncIterable<T>,
  response: ServerResponse,
  stopping: AbortSignal,
): AsyncIterableIterator<T> {
  const iterator = source[Symbol.asyncIterator]();
  return {
    next: () =>
      iterator.next().catch((error: unknown) => {
        if (!stopping.aborted) throw error;
        cutOff(response);
        // Whatever came now would be sent before the connection ends.
        return new Promise<never>(() => {});
      }),
    async return() {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** An operation that asks for many fields of operators tries its token once. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}

function traceOf(header: unknown): string | undefined {
  return typeof header === 'string' && TRACEPARENT.test(header) ? header : undefined;
}
