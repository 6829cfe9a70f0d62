/** Answers operations over HTTP (POST, GET and streams): parses, checks and runs them like those over WebSocket. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ExecutionArgs, type ExecutionResult, GraphQLError, OperationTypeNode } from 'graphql';
import { RequestErrorCode } from '../contract/errors.ts';
import type { RequestTrace } from '../contract/trace.ts';
import type { Logger } from '../process/log.ts';
import { answerJson } from './answers.ts';
import { Departure } from './departure.ts';
import { type GraphQLPipeline, traceOf } from './graphqlPipeline.ts';
import { type EdgeIdentity, identityEnded } from './identity.ts';
import { chooseType, MediaType, possibleTypes } from './mediaTypes.ts';
import { multipart } from './multipart.ts';
import { type ChosenOperation, declaredOnly } from './operations.ts';
import { type Params, paramsOfBody, paramsOfUrl } from './params.ts';
import { quotaStatus } from './quotaRefusals.ts';
import { presentError, withoutHttp } from './requestRules.ts';
import { serverSentEvents } from './sse.ts';
import { type Framing, streamEvents } from './streaming.ts';
import { trimPayload } from './trimming.ts';

/** An operation that may be run. */
interface ReadyOperation
  extends Pick<ExecutionArgs, 'document' | 'operationName' | 'variableValues'>,
    Pick<ChosenOperation, 'kind' | 'field' | 'hasOneField' | 'points'> {
  readonly mediaType: MediaType;
  /** That of its `extensions`. */
  readonly trace: RequestTrace | undefined;
}

interface Presented {
  readonly body: ExecutionResult;
  readonly status: number;
}

/** A request, its answer, and the client. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly identity: EdgeIdentity;
}

/** A request after it was read. It holds neither the text nor the body. */
export type Reading = ReadyOperation | { readonly problems: readonly unknown[] };

/** Whether it is a valid operation with one answer. */
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

  /** @returns also the length of the text that was read from the body, in characters. */
  readBody(request: IncomingMessage, body: string): { reading: Reading; length: number } {
    const trimmed = trimPayload(body, this.#pipeline);
    return { reading: this.#read(request, () => paramsOfBody(trimmed)), length: trimmed.length };
  }

  readUrl(request: IncomingMessage): Reading {
    return this.#read(request, () => paramsOfUrl(request));
  }

  /** Charges a client for the operation. @returns the problem instead, if the client may not run it. */
  admitted(reading: Reading, identity: EdgeIdentity, request: IncomingMessage): Reading {
    if ('problems' in reading) return reading;
    try {
      this.#pipeline.requireMayRun(reading, identity, request);
      this.#pipeline.charge(identity.principal, reading.points);
      return reading;
    } catch (problem) {
      return { problems: [problem] };
    }
  }

  async answer(reading: Reading, exchange: Exchange): Promise<void> {
    if ('problems' in reading) return this.#answerProblems(reading.problems, exchange);
    return this.#run(reading, exchange);
  }

  /** @param readParams throws if the request is wrong. */
  #read(request: IncomingMessage, readParams: () => Params): Reading {
    try {
      return readyOperation(request, readParams(), this.#pipeline);
    } catch (problem) {
      return { problems: problem instanceof AggregateError ? problem.errors : [problem] };
    }
  }

  async #run(
    { kind, hasOneField, mediaType, document, operationName, variableValues, trace }: ReadyOperation,
    { request, response, identity }: Exchange,
  ): Promise<void> {
    const { schema, operations, contextOf, openIdentities, stopping } = this.#pipeline;
    const departure = new Departure();
    // After an answer there is nothing to abort. `abort` makes an error with its stack: 8 µs, a sixth of the edge's
    // time for a POST.
    response.once('close', () => response.writableEnded || departure.leave());
    const contextValue = contextOf({ req: request, identity, trace, departure });
    const args = { schema, document, operationName, variableValues, contextValue };
    const results = await (kind === OperationTypeNode.SUBSCRIPTION
      ? operations.subscribe(args).catch(asResult)
      : operations.execute(args));
    if (!(Symbol.asyncIterator in results)) {
      // A subscription that fails to begin has one answer. A client may accept it as JSON.
      const type = kind === OperationTypeNode.SUBSCRIPTION ? anyType(request) : mediaType;
      const { body, status } = presented(results, this.#log);
      const isWhole = hasOneField && framingOf(type) === undefined;
      const refused = isWhole ? quotaStatus(results.errors ?? [], response) : undefined;
      return this.#answerOnce({ body, status: refused ?? status }, response, type);
    }
    const ending = new AbortController();
    using _open = openIdentities.add(identity, (why) => ending.abort(identityEnded(why)));
    await streamEvents(response, {
      framing: framingOf(mediaType) ?? serverSentEvents,
      results,
      ending: ending.signal,
      present: (result) => presented(result, this.#log).body,
      stopping,
    });
  }

  /** With `application/json` a wrong operation gets the status 200, because older clients expect it. */
  async #answerProblems(problems: readonly unknown[], { request, response }: Exchange): Promise<void> {
    const told = problems.map((problem) => presentError(problem, this.#log));
    const mediaType = anyType(request);
    const usual = mediaType === MediaType.GraphqlResponse ? 400 : 200;
    for (const { extensions } of told)
      for (const [name, value] of Object.entries(Object(extensions.http).headers ?? {}))
        response.setHeader(name, String(value));
    const refused = framingOf(mediaType) === undefined ? quotaStatus(problems, response) : undefined;
    const status = refused ?? Math.max(usual, ...told.map(statusOf));
    const body = { errors: told.map(withoutHttp) };
    await this.#answerOnce({ body, status }, response, mediaType);
  }

  async #answerOnce(
    { body, status }: Presented,
    response: ServerResponse,
    mediaType: MediaType,
  ): Promise<void> {
    const framing = framingOf(mediaType);
    if (framing === undefined) return answerJson(response, status, body, mediaType);
    const { stopping } = this.#pipeline;
    await streamEvents(response, { framing, status, results: body, present: () => body, stopping });
  }
}

/** The media type of an answer that is no stream, for every kind of operation. */
function anyType({ headers: { accept } }: IncomingMessage): MediaType {
  return chooseType(accept, possibleTypes(undefined)) ?? MediaType.Json;
}

/** @throws {AggregateError | GraphQLError | RequestError} if the operation is wrong or refused, and must not be run. */
function readyOperation(
  { method, headers: { accept } }: IncomingMessage,
  { operationName, variables, ...asked }: Params,
  { operations, persisted }: GraphQLPipeline,
): ReadyOperation {
  const { document, errors } = persisted.read(asked);
  if (errors.length > 0) throw new AggregateError(errors);
  const chosen = operations.choose(document, operationName);
  const { kind, field, hasOneField, points } = chosen;
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
  const variableValues = declaredOnly(chosen, variables);
  const trace = traceOf(asked.extensions?.traceparent);
  return { kind, field, hasOneField, points, mediaType, document, operationName, variableValues, trace };
}

function framingOf(mediaType: MediaType): Framing | undefined {
  if (mediaType === MediaType.EventStream) return serverSentEvents;
  return mediaType === MediaType.Multipart ? multipart : undefined;
}

/** A result as the client may see it, with its status. */
function presented({ data, errors }: ExecutionResult, log: Logger): Presented {
  // No data and no field that failed: nothing was run, because the variables do not fit.
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
