/** The steps of every operation, on each transport. */
import type { IncomingMessage } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import type { Owner } from '../contract/owner.ts';
import type { Operations } from './operations.ts';
import { type OperatorOptions, operatorGate } from './operators.ts';
import { ownerOf } from './ownerOf.ts';

export interface PipelineOptions extends OperatorOptions {
  readonly schema: GraphQLSchema;
  readonly operations: Operations;
  /** The context of every operation, without its caller. */
  readonly context: object;
  /** Takes the points of an operation from what its owner may ask. Throws if nothing is left. */
  readonly charge: (owner: Owner, points: number) => void;
  /** Aborted when the server stops. Streams that end with an error after that are cut off. */
  readonly stopping: AbortSignal;
}

/** The client of an operation, as its transport knows it. */
interface Caller {
  /** Over WebSocket, the upgrade. */
  readonly req: IncomingMessage;
  /** The payload of `connection_init`. */
  readonly connectionParams?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Its `signal` is aborted when the client completes the operation or leaves. A subscription over WebSocket is ended
   * instead.
   */
  readonly departure: { readonly signal: AbortSignal };
}

export interface GraphQLPipeline {
  readonly schema: GraphQLSchema;
  readonly operations: Operations;
  /** The context for resolvers. */
  readonly contextOf: (caller: Caller) => object;
  /** Charges a client for an operation before it is run. @throws {RequestError} `RATE_LIMITED`. */
  readonly charge: (request: IncomingMessage, points: number) => void;
  readonly stopping: AbortSignal;
}

/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export function createPipeline(options: PipelineOptions): GraphQLPipeline {
  const { schema, operations, context, charge, stopping } = options;
  const requireOperator = operatorGate(options);
  const contextOf = ({ req, connectionParams, departure }: Caller) => ({
    ...context,
    owner: ownerOf(req),
    requireOperator: once(() =>
      requireOperator({
        authorization: connectionParams?.authorization ?? req.headers.authorization,
        hostHeader: req.headers.host,
        address: req.socket.remoteAddress,
      }),
    ),
    get gone() {
      return departure.signal;
    },
    trace: traceOf(req.headers.traceparent),
  });
  return {
    schema,
    operations,
    contextOf,
    charge: (request, points) => charge(ownerOf(request), points),
    stopping,
  };
}

/** Tries the token once for all operator fields of an operation. */
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
