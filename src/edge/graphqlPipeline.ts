/** The steps of every operation, on each transport. */
import type { IncomingMessage } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import type { Owner } from '../contract/owner.ts';
import { type Principal, type Readable, readableBy } from '../contract/principal.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import type { Clients } from './clients.ts';
import { type EdgeIdentity, Identities, type IdentityOptions } from './identity.ts';
import type { OpenIdentities } from './openIdentities.ts';
import type { Operations } from './operations.ts';
import type { PersistedOperations } from './persistedOperations.ts';

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
  /** Aborted when the server stops. Streams that end with an error after that are cut off. */
  readonly stopping: AbortSignal;
}

/** The client of an operation, as its transport knows it. */
interface Caller {
  /** Over WebSocket, the upgrade. */
  readonly req: IncomingMessage;
  readonly identity: EdgeIdentity;
  /**
   * Its `signal` is aborted when the client completes the operation or leaves. A subscription over WebSocket is ended
   * instead.
   */
  readonly departure: { readonly signal: AbortSignal };
}

export interface GraphQLPipeline {
  readonly schema: GraphQLSchema;
  readonly operations: Operations;
  readonly identities: Identities;
  readonly openIdentities: OpenIdentities;
  readonly persisted: PersistedOperations;
  /** The context for resolvers. */
  readonly contextOf: (caller: Caller) => object;
  /** The same with all members of its own, for Yoga, which copies it. */
  readonly ownContextOf: (caller: Caller) => object;
  /** Charges a client for an operation before it is run. @throws {RequestError} `RATE_LIMITED`. */
  readonly charge: PipelineOptions['charge'];
  readonly stopping: AbortSignal;
}

/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export function createPipeline(options: PipelineOptions): GraphQLPipeline {
  const { schema, operations, persisted, clients, openIdentities, context, charge, stopping } = options;
  const Context = contextsOver(context, clients);
  const contextOf = (caller: Caller) => new Context(caller);
  const ownContextOf = (caller: Caller) => {
    const { address, gone, ...own } = contextOf(caller);
    return { ...context, ...own, address, gone };
  };
  const identities = new Identities(options);
  const contexts = { contextOf, ownContextOf };
  return { schema, operations, persisted, identities, openIdentities, ...contexts, charge, stopping };
}

/** @returns the class of contexts whose prototype is what all operations share. To copy that takes 4 µs an operation. */
function contextsOver(shared: object, clients: PipelineOptions['clients']) {
  class OperationContext {
    readonly principal: Principal;
    readonly owner: Owner;
    readonly limitedKey: string | undefined;
    readonly readable: Readable;
    readonly requireOperator: () => Promise<void>;
    readonly trace: string | undefined;
    readonly #caller: Caller;

    constructor(caller: Caller) {
      const { principal, requireOperator } = caller.identity;
      this.principal = principal;
      this.owner = principal.owner;
      this.limitedKey = principal.limitedKey;
      this.readable = readableBy(principal);
      this.requireOperator = once(requireOperator);
      this.trace = traceOf(caller.req.headers.traceparent);
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

function traceOf(header: unknown): string | undefined {
  return typeof header === 'string' && TRACEPARENT.test(header) ? header : undefined;
}
