/** Operations over POST. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { type ExecutionArgs, type ExecutionResult, OperationTypeNode } from 'graphql';
import { messageOf, RequestErrorCode } from '../errors.ts';
import type { Logger } from '../log.ts';
import { GRAPHQL_PATH } from './admission.ts';
import { answerJson, refuse } from './answers.ts';
import { type BodyOptions, BodyReader, BodyRefused } from './body.ts';
import { mediaTypeOf } from './csrf.ts';
import type { GraphQLPipeline } from './graphqlPipeline.ts';
import { declaredOnly } from './operations.ts';
import { presentError, withoutHttp } from './requestRules.ts';
import { EVENT_STREAM, streamEvents } from './sse.ts';
import { trimPayload } from './trimming.ts';

export interface PostOptions extends BodyOptions {
  readonly log: Logger;
}

/**
 * Forms, multipart and plain text can be sent by any web page without asking: only JSON is read. What is refused here
 * is not read; Node drops it, since closing the connection would keep the answer from a client that is still sending.
 *
 * An operation that is as it should be is answered here, as over WebSocket. All else is Yoga's: web pages, media types to
 * choose from, and what is wrong with a request.
 */
export function postHandler(pipeline: GraphQLPipeline, { log, ...options }: PostOptions) {
  const bodies = new BodyReader(options);
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const contentType = request.headers['content-type'];
    if (mediaTypeOf(contentType) !== 'application/json') {
      const message = `content-type must be application/json, got ${JSON.stringify(contentType ?? 'none')}.`;
      return refuse(request, response, { status: 415, code: RequestErrorCode.UnsupportedMediaType, message });
    }
    let asked: Asked;
    try {
      asked = await readRequest(request, bodies, pipeline);
    } catch (error) {
      if (error instanceof BodyRefused) return refuse(request, response, error.refusal);
      if (!request.destroyed) throw error;
      log.debug({ reason: messageOf(error) }, 'a client left before its body was complete');
      return;
    }
    using _held = asked.held;
    if (asked.operation === undefined) await pipeline.answer(request, response);
    else await answerOperation(asked.operation, request, response, pipeline, log);
  };
}

interface Asked {
  readonly held: Disposable;
  /** Undefined if the request is Yoga's. */
  readonly operation: PlainOperation | undefined;
}

/** Apart from the answer, which may take long: the body is not kept as long. */
async function readRequest(
  request: IncomingMessage,
  bodies: BodyReader,
  pipeline: GraphQLPipeline,
): Promise<Asked> {
  const { text, held } = await bodies.read(request);
  const trimmed = trimPayload(text, pipeline.operations);
  const operation = plainOperation(request, trimmed, pipeline);
  if (operation === undefined) giveYoga(request, trimmed);
  held.change(trimmed.length);
  return { held, operation };
}

/** Lets Yoga read the body again, which has come and been decoded. */
function giveYoga(request: IncomingMessage, text: string): void {
  request.headers['content-type'] = 'application/json';
  delete request.headers['content-encoding'];
  // A text would do, but Yoga's adapter lists its keys, one a character: 200 ms for a megabyte.
  Object.assign(request, { body: Readable.from([Buffer.from(text)]) });
}

/** An operation that can be run, from a program. */
interface PlainOperation extends Pick<ExecutionArgs, 'document' | 'operationName' | 'variableValues'> {
  /** Of the answer. */
  readonly mediaType: string;
}

/** @returns undefined unless there is nothing to choose, and nothing to complain about. */
function plainOperation(
  { headers, url }: IncomingMessage,
  body: string,
  { operations }: GraphQLPipeline,
): PlainOperation | undefined {
  const mediaType = answerType(headers.accept);
  if (mediaType === undefined || url !== GRAPHQL_PATH) return undefined;
  try {
    const params = paramsIn(body);
    if (params === undefined) return undefined;
    const { query, operationName, variables } = params;
    const { document, errors } = operations.read(query);
    if (errors.length > 0) return undefined;
    const chosen = operations.choose(document, operationName);
    const isStream = chosen.kind === OperationTypeNode.SUBSCRIPTION;
    if (isStream !== (mediaType === EVENT_STREAM)) return undefined;
    return { mediaType, document, operationName, variableValues: declaredOnly(chosen, variables) };
  } catch {
    // Yoga reads it again, and finds the words.
    return undefined;
  }
}

interface Params {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Record<string, unknown> | null;
}

const PARAMS = new Set(['query', 'operationName', 'variables']);

/** @returns undefined unless they are of their types, and nothing else is there. */
function paramsIn(body: string): Params | undefined {
  const params: unknown = JSON.parse(body);
  if (typeof params !== 'object' || params === null) return undefined;
  if (!Object.keys(params).every((key) => PARAMS.has(key))) return undefined;
  const { query, operationName, variables } = params as Readonly<Record<string, unknown>>;
  const isName = operationName == null || typeof operationName === 'string';
  const areVariables = variables == null || (typeof variables === 'object' && !Array.isArray(variables));
  return typeof query === 'string' && isName && areVariables ? (params as Params) : undefined;
}

/** @param accept the media types that the client takes; the first of them counts if it is one of ours. */
function answerType(accept = '*/*'): string | undefined {
  const [first = ''] = accept.split(',', 1);
  if (first === '*/*' || first === 'application/json') return 'application/json';
  return first === 'application/graphql-response+json' || first === EVENT_STREAM ? first : undefined;
}

async function answerOperation(
  { mediaType, ...operation }: PlainOperation,
  request: IncomingMessage,
  response: ServerResponse,
  { schema, operations, contextOf, stopping }: GraphQLPipeline,
  log: Logger,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const args = { schema, contextValue: contextOf({ req: request, gone: gone.signal }), ...operation };
  if (mediaType === EVENT_STREAM)
    return streamEvents(response, {
      subscribe: () => operations.subscribe(args),
      present: (result) => presented(result, log).body,
      stopping,
    });
  const { body, status } = presented(await operations.execute(args), log);
  answerJson(response, status, body, mediaType);
}

/** What a client may see of a result, and the status that goes with it. */
function presented(
  { data, errors }: ExecutionResult,
  log: Logger,
): { body: ExecutionResult; status: number } {
  // Without data nothing was run: the variables do not fit.
  const status = data === undefined ? 400 : 200;
  if (errors === undefined) return { body: { ...(data !== undefined && { data }) }, status };
  const told = errors.map((error) => presentError(error, log));
  const statuses = told.map(({ extensions }) => Number(Object(extensions.http).status ?? 0));
  return {
    body: { errors: told.map(withoutHttp), ...(data !== undefined && { data }) },
    status: Math.max(status, ...statuses),
  };
}
