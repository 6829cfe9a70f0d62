/** The steps of every operation, on each transport. */
import type { IncomingMessage } from 'node:http';
import { type GraphQLSchema, OperationTypeNode } from 'graphql';
import type { Owner } from '../contract/owner.ts';
import { type Principal, type Readable, readableBy } from '../contract/principal.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import { parseTraceparent, passedOn, type RequestTrace } from '../contract/trace.ts';
import type { Clients } from './clients.ts';
import { type EdgeIdentity, Identities, type IdentityOptions, mayNotMutate } from './identity.ts';
import type { OpenIdentities } from './openIdentities.ts';
import type { ChosenOperation, Operations } from './operations.ts';
import type { PersistedOperations } from './persistedOperations.ts';
import { type OperationTracing, type RunningOperations, TracedOperations } from './tracedOperations.ts';

export interface PipelineOptions extends IdentityOptions {
  readonly schema: GraphQLSchema;
  readonly operations: Operations;
  readonly persisted: PersistedOperations;
  readonly clients: Clients;
  /** The context of every operation, without its caller. */
  readonly context: object;
  readonly openIdentities: OpenIdentities;
  /** Takes the points of an operation from what its client may ask. Throws if nothing is left. */
  readonly charge: (holder: QuotaHolder, points: number) => void;
  /** A viewer is refused a mutation. */
  readonly onRefusedViewer: (viewer: RefusedViewer) => void;
  /** Undefined unless traces are exported. */
  readonly tracing?: OperationTracing | undefined;
  /** Aborted when the server stops. Streams that end with an error after that are cut off. */
  readonly stopping: AbortSignal;
}

/** A viewer that may not run a mutation. */
export interface RefusedViewer {
  readonly owner: Owner;
  readonly address: string | undefined;
  /** The first field; undefined if a fragment is first. */
  readonly field: string | undefined;
}

/** The client of an operation, as its transport knows it. */
interface Caller {
  /** Over WebSocket, the upgrade. */
  readonly req: IncomingMessage;
  readonly identity: EdgeIdentity;
  /** What the operation itself or its WebSocket says. Otherwise the header of the request counts. */
  readonly trace: RequestTrace | undefined;
  /**
   * Its `signal` is aborted when the client completes the operation or leaves. A subscription over WebSocket is ended
   * instead.
   */
  readonly departure: { readonly signal: AbortSignal };
}

export interface GraphQLPipeline {
  readonly schema: GraphQLSchema;
  readonly operations: RunningOperations;
  readonly identities: Identities;
  readonly openIdentities: OpenIdentities;
  readonly persisted: PersistedOperations;
  /** The context for resolvers. */
  readonly contextOf: (caller: Caller) => object;
  /** The same with all members of its own, for Yoga, which copies it. */
  readonly ownContextOf: (caller: Caller) => object;
  /** @throws {GraphQLError} `FORBIDDEN` if the client is a viewer, and the operation a mutation. */
  readonly requireMayRun: (
    operation: Pick<ChosenOperation, 'kind' | 'field'>,
    identity: EdgeIdentity,
    request: IncomingMessage,
  ) => void;
  /** Charges a client for an operation before it is run. @throws {RequestError} `RATE_LIMITED`. */
  readonly charge: PipelineOptions['charge'];
  readonly stopping: AbortSignal;
}

export function createPipeline(options: PipelineOptions): GraphQLPipeline {
  const { schema, persisted, clients, openIdentities, context, charge, onRefusedViewer, tracing, stopping } =
    options;
  const operations =
    tracing === undefined ? options.operations : new TracedOperations(options.operations, tracing);
  const Context = contextsOver(context, clients);
  const contextOf = (caller: Caller) => new Context(caller);
  const ownContextOf = (caller: Caller) => {
    const { address, gone, ...own } = contextOf(caller);
    return { ...context, ...own, address, gone };
  };
  const requireMayRun: GraphQLPipeline['requireMayRun'] = ({ kind, field }, { principal }, request) => {
    if (kind !== OperationTypeNode.MUTATION || principal.role !== 'viewer') return;
    onRefusedViewer({ owner: principal.owner, address: clients.of(request).address, field });
    throw mayNotMutate();
  };
  const identities = new Identities(options);
  const shared = { schema, operations, persisted, identities, openIdentities, charge, stopping };
  return { ...shared, contextOf, ownContextOf, requireMayRun };
}

/** @returns the class of contexts whose prototype is what all operations share. To copy that takes 4 µs an operation. */
function contextsOver(shared: object, clients: PipelineOptions['clients']) {
  class OperationContext {
    readonly principal: Principal;
    readonly owner: Owner;
    readonly limitedKey: string | undefined;
    readonly readable: Readable;
    readonly whyNoOperator: EdgeIdentity['whyNoOperator'];
    /** Tracing puts that of the operation in its place. */
    trace: RequestTrace | undefined;
    readonly #caller: Caller;

    constructor(caller: Caller) {
      const { principal, whyNoOperator } = caller.identity;
      this.principal = principal;
      this.owner = principal.owner;
      this.limitedKey = principal.limitedKey;
      this.readable = readableBy(principal);
      this.whyNoOperator = once(whyNoOperator);
      this.trace = caller.trace ?? traceOf(caller.req.headers.traceparent);
      this.#caller = caller;
    }

    get address(): string | undefined {
      return clients.of(this.#caller.req).address;
    }

    get gone(): AbortSignal {
      return this.#caller.departure.signal;
    }
  }
  Object.setPrototypeOf(OperationContext.prototype, shared);
  return OperationContext;
}

/** Tries the token once for all operator fields of an operation. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}

/** The trace that a client names in its `traceparent`. One that is malformed is ignored, as W3C Trace Context says. */
export function traceOf(traceparent: unknown): RequestTrace | undefined {
  return parseTraceparent(traceparent) && passedOn(traceparent as string);
}
