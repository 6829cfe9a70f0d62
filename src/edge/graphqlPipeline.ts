/** What every operation passes, whatever transport brought it. */
import type { IncomingMessage } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { ANONYMOUS } from '../contract/owner.ts';
import type { Operations } from './operations.ts';
import { type OperatorOptions, operatorGate } from './operators.ts';

export interface PipelineOptions extends OperatorOptions {
  readonly schema: GraphQLSchema;
  readonly operations: Operations;
  /** What every operation is given, beside its caller. */
  readonly context: object;
  /** Aborted when the server stops: streams that end with an error from then on are cut off. */
  readonly stopping: AbortSignal;
}

/** What a transport knows of the client that asks for an operation. */
interface Caller {
  /** Over WebSocket, the upgrade. */
  readonly req: IncomingMessage;
  /** The payload of `connection_init`. */
  readonly connectionParams?: Readonly<Record<string, unknown>> | undefined;
  /** Aborted when the client completes the operation or leaves; a subscription over WebSocket is ended instead. */
  readonly gone: AbortSignal;
}

export interface GraphQLPipeline {
  readonly schema: GraphQLSchema;
  readonly operations: Operations;
  /** What resolvers are given. */
  readonly contextOf: (caller: Caller) => object;
  readonly stopping: AbortSignal;
}

/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export function createPipeline(options: PipelineOptions): GraphQLPipeline {
  const { schema, operations, context, stopping } = options;
  const requireOperator = operatorGate(options);
  const contextOf = ({ req, connectionParams, gone }: Caller) => ({
    ...context,
    owner: ANONYMOUS,
    requireOperator: once(() =>
      requireOperator({
        authorization: connectionParams?.authorization ?? req.headers.authorization,
        hostHeader: req.headers.host,
        address: req.socket.remoteAddress,
      }),
    ),
    gone,
    trace: traceOf(req.headers.traceparent),
  });
  return { schema, operations, contextOf, stopping };
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
