/** Answers operations over HTTP, however they came: read, chosen, judged and run like those over WebSocket. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ExecutionArgs, type ExecutionResult, GraphQLError, OperationTypeNode } from 'graphql';
import { RequestErrorCode } from '../contract/errors.ts';
import type { Logger } from '../process/log.ts';
import { answerJson } from './answers.ts';
import type { GraphQLPipeline } from './graphqlPipeline.ts';
import { chooseType, MediaType, possibleTypes } from './mediaTypes.ts';
import { multipart } from './multipart.ts';
import { declaredOnly } from './operations.ts';
import { type Params, paramsOfBody, paramsOfUrl } from './params.ts';
import { presentError, withoutHttp } from './requestRules.ts';
import { serverSentEvents } from './sse.ts';
import { type Framing, streamEvents } from './streaming.ts';
import { trimPayload } from './trimming.ts';

/** An operation that may be run. */
interface ReadyOperation extends Pick<ExecutionArgs, 'document' | 'operationName' | 'variableValues'> {
  readonly kind: OperationTypeNode;
  readonly mediaType: MediaType;
}

interface Presented {
  readonly body: ExecutionResult;
  readonly status: number;
}

/** What is left of a request once it has been read: of its text and its body, nothing. */
export type Reading = ReadyOperation | { readonly problems: readonly unknown[] };

/** Whether it is an operation that may be run, and is no stream. */
export function hasOneAnswer(reading: Reading): boolean {
  return !('problems' in reading) && framingOf(reading.mediaType) === undefined;
}

export class OperationAnswers {
  readonly #pipeline: GraphQLPipeline;
  readonly #log: Logger;

  constructor(pipeline: GraphQLPipeline, log: Logger) {
    this.#pipeline = pipeline;
    this.#log = log;
  }

  /** @returns also the length of what is read of the body, in characters. */
  readBody(request: IncomingMessage, body: string): { reading: Reading; length: number } {
    const trimmed = trimPayload(body, this.#pipeline.operations);
    return { reading: this.#read(request, () => paramsOfBody(trimmed)), length: trimmed.length };
  }

  readUrl(request: IncomingMessage): Reading {
    return this.#read(request, () => paramsOfUrl(request));
  }

  answer(reading: Reading, request: IncomingMessage, response: ServerResponse): Promise<void> {
    return 'problems' in reading
      ? this.#answerProblems(reading.problems, request, response)
      : this.#run(reading, request, response);
  }

  /** @param readParams throws what is wrong with the request. */
  #read(request: IncomingMessage, readParams: () => Params): Reading {
    try {
      return readyOperation(request, readParams(), this.#pipeline);
    } catch (problem) {
      return { problems: problem instanceof AggregateError ? problem.errors : [problem] };
    }
  }

  async #run(
    { kind, mediaType, ...operation }: ReadyOperation,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { schema, operations, contextOf, stopping } = this.#pipeline;
    const gone = new AbortController();
    // After an answer nobody has left. To abort makes an error with its stack: 8 µs, a sixth of what a POST takes the edge.
    response.once('close', () => response.writableFinished || gone.abort());
    const args = { schema, contextValue: contextOf({ req: request, gone: gone.signal }), ...operation };
    const results = await (kind === OperationTypeNode.SUBSCRIPTION
      ? operations.subscribe(args).catch(asResult)
      : operations.execute(args));
    if (!(Symbol.asyncIterator in results)) {
      // A subscription that fails to begin is one answer, which a client may take as JSON.
      const type = kind === OperationTypeNode.SUBSCRIPTION ? undefined : mediaType;
      return this.#answerOnce(presented(results, this.#log), request, response, type);
    }
    await streamEvents(response, {
      framing: framingOf(mediaType) ?? serverSentEvents,
      results,
      present: (result) => presented(result, this.#log).body,
      stopping,
    });
  }

  /** With `application/json` a wrong operation has the status 200, for clients that look at nothing else. */
  async #answerProblems(
    problems: readonly unknown[],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const told = problems.map((problem) => presentError(problem, this.#log));
    const mediaType = anyType(request);
    const usual = mediaType === MediaType.GraphqlResponse ? 400 : 200;
    for (const { extensions } of told)
      for (const [name, value] of Object.entries(Object(extensions.http).headers ?? {}))
        response.setHeader(name, String(value));
    const status = Math.max(usual, ...told.map(statusOf));
    const body = { errors: told.map(withoutHttp) };
    await this.#answerOnce({ body, status }, request, response, mediaType);
  }

  async #answerOnce(
    { body, status }: Presented,
    request: IncomingMessage,
    response: ServerResponse,
    mediaType = anyType(request),
  ): Promise<void> {
    const framing = framingOf(mediaType);
    if (framing === undefined) return answerJson(response, status, body, mediaType);
    const { stopping } = this.#pipeline;
    await streamEvents(response, { framing, status, results: body, present: () => body, stopping });
  }
}

/** For an answer that is no stream, whatever kind of operation it is for. */
function anyType({ headers: { accept } }: IncomingMessage): MediaType {
  return chooseType(accept, possibleTypes(undefined)) ?? MediaType.Json;
}

/** @throws {AggregateError | GraphQLError} with what is wrong: it is not run. */
function readyOperation(
  { method, headers: { accept } }: IncomingMessage,
  { query, operationName, variables }: Params,
  { operations }: GraphQLPipeline,
): ReadyOperation {
  const { document, errors } = operations.read(query);
  if (errors.length > 0) throw new AggregateError(errors);
  const chosen = operations.choose(document, operationName);
  const { kind } = chosen;
  if (kind === OperationTypeNode.MUTATION && method !== 'POST')
    throw refusal(
      405,
      RequestErrorCode.MethodNotAllowed,
      'Can only perform a mutation operation from a POST request.',
      { headers: { allow: 'POST' } },
    );
  const possible = possibleTypes(kind);
  const mediaType = chooseType(accept, possible);
  if (mediaType === undefined)
    throw refusal(
      406,
      RequestErrorCode.NotAcceptable,
      `accept must name a media type that a ${kind} can be answered in (${possible.join(', ')}), got ${JSON.stringify(accept?.slice(0, 200))}.`,
      { mediaTypes: possible },
    );
  return { kind, mediaType, document, operationName, variableValues: declaredOnly(chosen, variables) };
}

function framingOf(mediaType: MediaType): Framing | undefined {
  if (mediaType === MediaType.EventStream) return serverSentEvents;
  return mediaType === MediaType.Multipart ? multipart : undefined;
}

/** What a client may see of a result, and the status that goes with it. */
function presented({ data, errors }: ExecutionResult, log: Logger): Presented {
  // Without data, and without a field that failed, nothing was run: the variables do not fit.
  const wasRun = data !== undefined || errors?.some(({ path }) => path !== undefined);
  const status = wasRun ? 200 : 400;
  if (errors === undefined) return { body: { ...(data !== undefined && { data }) }, status };
  const told = errors.map((error) => presentError(error, log));
  return {
    body: { errors: told.map(withoutHttp), ...(data !== undefined && { data }) },
    status: Math.max(status, ...told.map(statusOf)),
  };
}

function asResult(error: unknown): ExecutionResult {
  return { errors: [error as GraphQLError] };
}

function statusOf({ extensions }: GraphQLError): number {
  return Number(Object(extensions.http).status ?? 0);
}

interface RefusalDetails {
  readonly headers?: Readonly<Record<string, string>>;
  readonly mediaTypes?: readonly MediaType[];
}

function refusal(
  status: number,
  code: RequestErrorCode,
  message: string,
  { headers = {}, ...details }: RefusalDetails,
): GraphQLError {
  return new GraphQLError(message, { extensions: { ...details, code, http: { status, headers } } });
}
