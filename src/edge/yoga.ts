/**
 * graphql-yoga answers operations over GET that have one answer. Plugins for them can be added here. POST, streams and
 * WebSocket are answered without it (`operationAnswers.ts`): its hooks would make a prediction half as expensive again.
 * See docs/decisions.md.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionArgs } from 'graphql';
import type { Plugin, YogaInitialContext } from 'graphql-yoga';
import type { Logger } from '../process/log.ts';
import { type GraphQLPipeline, traceOf } from './graphqlPipeline.ts';
import type { EdgeIdentity } from './identity.ts';
import { presentError } from './requestRules.ts';
import { GRAPHQL_PATH } from './target.ts';

/** Node's request and response, as Yoga gets them. */
interface ServerContext {
  readonly req: IncomingMessage;
  readonly identity: EdgeIdentity;
}

/** Answers a request that was admitted and has a valid operation. */
type YogaHandler = (request: IncomingMessage, response: ServerResponse, identity: EdgeIdentity) => unknown;

/**
 * Yoga is loaded with the first request. Its 300 modules take 0.2 s of CPU, a quarter of a gateway's start, and few
 * gateways are asked over GET.
 */
export function yogaHandler(pipeline: GraphQLPipeline, log: Logger): YogaHandler {
  let opened: Promise<YogaHandler> | undefined;
  return async (request, response, identity) => {
    opened ??= openYoga(pipeline, log);
    const answer = await opened;
    return answer(request, response, identity);
  };
}

async function openYoga(pipeline: GraphQLPipeline, log: Logger): Promise<YogaHandler> {
  const { schema, ownContextOf } = pipeline;
  const { createYoga } = await import('graphql-yoga');
  const yoga = createYoga<ServerContext>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    context: ({ req, identity, request, params }: YogaInitialContext & ServerContext) =>
      ownContextOf({ req, identity, trace: traceOf(params.extensions?.traceparent), departure: request }),
    plugins: [useOperations(pipeline)],
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
  return (request, response, identity) => yoga(request, response, { req: request, identity });
}

/** Makes Yoga find, parse and run operations like every other transport. */
function useOperations({ operations, persisted }: GraphQLPipeline): Plugin {
  return {
    onParams: ({ params, request, setParams }) => {
      const documentId = new URL(request.url).searchParams.get('documentId');
      setParams({ ...params, query: persisted.textOf({ ...params, documentId }) });
    },
    onParse: ({ setParseFn }) => setParseFn((text: string) => operations.read(text).document),
    onValidate: ({ setResult }) => setResult([]),
    onExecute: ({ setExecuteFn }) => setExecuteFn((args: ExecutionArgs) => operations.execute(args)),
  };
}
