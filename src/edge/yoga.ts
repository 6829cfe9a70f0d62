/**
 * graphql-yoga, the GraphQL server that the project is built with: it answers the operations over GET that have one answer,
 * and plugins for them can be added here. Predictions go past it: its hooks cost half as much again as all else that an
 * operation takes, so POST, streams and WebSocket are answered without them (`operationAnswers.ts`, docs/decisions.md).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionArgs } from 'graphql';
import { createYoga, type Plugin, type YogaInitialContext } from 'graphql-yoga';
import type { Logger } from '../process/log.ts';
import type { GraphQLPipeline } from './graphqlPipeline.ts';
import type { Operations } from './operations.ts';
import { presentError } from './requestRules.ts';
import { GRAPHQL_PATH } from './target.ts';

/** What Yoga is given of Node's. */
interface ServerContext {
  readonly req: IncomingMessage;
}

/** Answers a request that was admitted, and whose operation may be run. */
export function yogaHandler(
  { schema, operations, contextOf }: GraphQLPipeline,
  log: Logger,
): (request: IncomingMessage, response: ServerResponse) => unknown {
  return createYoga<ServerContext>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    context: ({ req, request }: YogaInitialContext & ServerContext) =>
      contextOf({ req, gone: request.signal }),
    plugins: [useOperations(operations)],
    maskedErrors: { maskError: (error) => presentError(error, log) },
    // Operations are kept by `Operations`, for every transport; origins are the admission's.
    parserAndValidationCache: false,
    cors: false,
    multipart: false,
    batching: false,
    graphiql: false,
    landingPage: false,
    logging: false,
  });
}

/** Has Yoga read and run operations as every other transport does. */
function useOperations(operations: Operations): Plugin {
  return {
    onParse: ({ setParseFn }) => setParseFn((text: string) => operations.read(text).document),
    onValidate: ({ setResult }) => setResult([]),
    onExecute: ({ setExecuteFn }) => setExecuteFn((args: ExecutionArgs) => operations.execute(args)),
  };
}
