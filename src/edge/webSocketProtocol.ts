/** Operations over WebSocket: graphql-ws speaks `graphql-transport-ws`, `Operations` parses and runs the operations. */
import type { IncomingMessage } from 'node:http';
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import { CloseCode, makeServer, type Server } from 'graphql-ws';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { RequestTrace } from '../contract/trace.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import { EdgeCloseCode } from './closeCodes.ts';
import { Departure } from './departure.ts';
import { type GraphQLPipeline, traceOf } from './graphqlPipeline.ts';
import { type EdgeIdentity, requireInForce } from './identity.ts';
import type { OpenMessages } from './openMessages.ts';
import { declaredOnly } from './operations.ts';
import { presentError, withoutHttp } from './requestRules.ts';
import type { RunningOperations } from './tracedOperations.ts';

interface ProtocolOptions {
  readonly config: Pick<Config, 'connectionInitMs' | 'maxOperations'>;
  readonly log: Logger;
}

/** The state of one WebSocket. */
export interface Connected {
  readonly request: IncomingMessage;
  readonly messages: OpenMessages;
  /** Closes the WebSocket. */
  readonly close: (code: number, reason: string) => void;
  /** The listener is called when the WebSocket has closed; at once if it has already. */
  readonly onClosed: (listener: () => void) => void;
  /** Once the client was recognised, before its first operation. */
  identity?: EdgeIdentity;
  /** The trace of all its operations that name no other, as `connection_init` said. */
  trace?: RequestTrace | undefined;
}

/** A message that breaks the protocol in a way that graphql-ws does not notice. */
export class InvalidMessage extends Error {}

/** A client that is not recognised. */
export class ConnectionRefused extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The longest id of an operation, in characters. It is kept, and each answer repeats it. */
const LONGEST_ID = 256;
const DONE = { done: true, value: undefined } as const;

interface OperationArgs extends ExecutionArgs {
  readonly rootValue: { readonly departure: Departure };
}

export function speakGraphQL(
  pipeline: GraphQLPipeline,
  { config: { connectionInitMs, maxOperations }, log }: ProtocolOptions,
): Server<Connected> {
  const { schema, operations, persisted, identities, openIdentities, contextOf, requireMayRun, charge } =
    pipeline;
  const present = (error: unknown) => withoutHttp(presentError(error, log)).toJSON();
  return makeServer<Record<string, unknown>, Connected>({
    connectionInitWaitTimeout: connectionInitMs,
    async onConnect({ extra, connectionParams }) {
      try {
        const identity = await identities.of(extra.request, connectionParams);
        extra.identity = identity;
        extra.trace = traceOf(connectionParams?.traceparent);
        const open = openIdentities.add(identity, (why) =>
          extra.close(CloseCode.Forbidden, `The key or token ${why}`),
        );
        extra.onClosed(() => open[Symbol.dispose]());
      } catch (error) {
        throw refusedConnection(error);
      }
    },
    // Before `onMessage` of graphql-ws returns: `messages` relies on it.
    onSubscribe({ subscriptions, extra: { request, messages, identity, trace: ofAll } }, id, payload) {
      if (id.length > LONGEST_ID) throw new InvalidMessage();
      try {
        if (identity === undefined) throw new Error('graphql-ws takes operations after connection_ack only');
        requireInForce(identity);
        const { operationName, variables, extensions } = payload;
        // Names are collected only near the limit: for each operation anew, that would cost more, the more are open.
        // The present operation is among them already. Of those that were completed, messages may still be open.
        if (messages.count >= maxOperations && Object.keys(subscriptions).length > maxOperations)
          throw tooManyOperations(maxOperations);
        const { document, errors } = persisted.read(payload);
        if (errors.length > 0) return errors;
        const chosen = operations.choose(document, operationName);
        requireMayRun(chosen, identity, request);
        const variableValues = declaredOnly(chosen, variables);
        charge(identity.principal, chosen.points);
        messages.take();
        const departure = new Departure();
        const trace = traceOf(extensions?.traceparent) ?? ofAll;
        const contextValue = contextOf({ req: request, identity, trace, departure });
        return { schema, document, operationName, variableValues, contextValue, rootValue: { departure } };
      } catch (error) {
        return [presentError(error, log)];
      }
    },
    execute: (args) => answerOf(args as OperationArgs, operations),
    subscribe: (args) => operations.subscribe(args).catch((error) => ({ errors: [error] })),
    onNext: (_context, _id, _payload, _args, { data = null, errors }) =>
      errors && { data, errors: errors.map(present) },
    onError: (_context, _id, _payload, errors) => errors.map(present),
  });
}

/**
 * The single answer of a query or a mutation, as an iterator: only through an iterator's `return` does graphql-ws tell
 * that the client has completed the operation or left. A late answer is not sent.
 *
 * It is no generator function: V8 gives each created generator function a hidden class, which keeps everything that the
 * operation refers to alive until the next full collection.
 */
function answerOf(
  args: OperationArgs,
  operations: RunningOperations,
): AsyncIterableIterator<ExecutionResult> {
  const { departure } = args.rootValue;
  let asked = false;
  return {
    async next() {
      if (asked) return DONE;
      asked = true;
      const value = await operations.execute(args);
      return departure.hasLeft ? DONE : { done: false, value };
    },
    async return() {
      departure.leave();
      return DONE;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/**
 * On both codes `graphql-ws` connects again: then with a new token, or when the keys of the provider can be read.
 *
 * @returns any other error as it is.
 */
function refusedConnection(error: unknown): unknown {
  if (!(error instanceof RequestError)) return error;
  const isForNow = 'retryAfterMs' in error.details;
  return new ConnectionRefused(isForNow ? EdgeCloseCode.TryAgainLater : CloseCode.Forbidden, error.message);
}

function tooManyOperations(limit: number): GraphQLError {
  return new GraphQLError(`A connection may have ${limit} operations open at most: complete one first.`, {
    extensions: { code: RequestErrorCode.TooManyOperations, limit },
  });
}
