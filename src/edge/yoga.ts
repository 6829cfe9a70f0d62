/**
 * graphql-yoga answers operations over GET that have one answer. Plugins for them can be added here. POST, streams and
 * WebSocket are answered without it (`operationAnswers.ts`): its hooks would make a prediction half as expensive again.
 * See docs/decisions.md.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionArgs } from 'graphql';
import { createYoga, type Plugin, type YogaInitialContext } from 'graphql-yoga';
import type { Logger } from '../process/log.ts';
import type { GraphQLPipeline } from './graphqlPipeline.ts';
import type { Operations } from './operations.ts';
import { presentError } from './requestRules.ts';
import { GRAPHQL_PATH } from './target.ts';

/** Node's request and response, as Yoga gets them. */
interface ServerContext {
  readonly req: IncomingMessage;
}

/** Answers a request that was admitted and has a valid operation. */
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
    // `Operations` keeps operations for every transport, and the admission checks origins.
    parserAndValidationCache: false,
    cors: false,
    multipart: false,
    batching: false,
    graphiql: false,
    landingPage: false,
    logging: false,
  });
}

/** Makes Yoga parse and run operations like every other transport. */
function useOperations(operations: Operations): Plugin {
  return {
    onParse: ({ setParseFn }) => setParseFn((text: string) => operations.read(text).document),
    onValidate: ({ setResult }) => setResult([]),
    onExecute: ({ setExecuteFn }) => setExecuteFn((args: ExecutionArgs) => operations.execute(args)),
  };
}
