/** How the text of an operation is read, whatever transport brought it, and what clients are told when it is refused. */
import { type DocumentNode, GraphQLError, parse } from 'graphql';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { Logger } from '../process/log.ts';
import { type OperationLimits, tooComplex } from './operationLimits.ts';

/** Longest operation text, in characters per token allowed: one token could be megabytes long otherwise. */
const CHARACTERS_PER_TOKEN = 20;
/** Longest message, in characters: graphql repeats a wrong value in full, twice. */
const MESSAGE_CHARACTERS = 1_000;
/** Most places that an error names: graphql names each that repeats a name, and counts the lines before it. */
const MAX_PLACES = 10;

/** @throws {GraphQLError} if the text is no operation, or longer than one may be: it is looked at before it is parsed. */
export function parseOperation(text: string, { maxTokens }: OperationLimits): DocumentNode {
  const maxCharacters = maxTokens * CHARACTERS_PER_TOKEN;
  if (text.length > maxCharacters) throw tooLong(text.length, maxCharacters);
  // Each error counts the lines before its place.
  if (hasMoreLines(text, maxTokens)) throw tooComplex({}, 'lines', maxTokens);
  try {
    return parse(text, { maxTokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    throw error.message.includes(`more than ${maxTokens} tokens`)
      ? tooComplex({ source: error.source, positions: error.positions }, 'tokens', maxTokens)
      : withCode(error, 'GRAPHQL_PARSE_FAILED');
  }
}

function hasMoreLines(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  let lines = 1;
  for (const lineEnd of ['\n', '\r'])
    for (let at = text.indexOf(lineEnd); at >= 0; at = text.indexOf(lineEnd, at + 1))
      if (++lines > limit) return true;
  return false;
}

function tooLong(value: number, limit: number): GraphQLError {
  return new GraphQLError(`An operation may have ${limit} characters at most, got ${value}.`, {
    extensions: { code: RequestErrorCode.PayloadTooLarge, limit, value, http: { status: 413 } },
  });
}

/** What a client may see of an error: refused requests as they are, what is wrong with an operation, else nothing. */
export function presentError(error: unknown, log: Logger): GraphQLError {
  const cause = error instanceof GraphQLError ? error.originalError : error;
  if (cause instanceof RequestError) {
    const { code, message, details } = cause;
    return located(error, message, { ...details, code });
  }
  // graphql wraps its own complaints, about variables for one, in messages that name the place.
  if (error instanceof GraphQLError && (cause === undefined || cause instanceof GraphQLError)) {
    // One that is made anew has its lines counted again.
    if (error.extensions.code !== undefined && isShort(error)) return error;
    return located(error, error.message, { code: RequestErrorCode.BadUserInput, ...error.extensions });
  }
  log.error({ err: cause }, 'unforeseen error while a request was answered');
  return located(error, 'Internal error: the gateway has logged what happened.', {
    code: 'INTERNAL_SERVER_ERROR',
    http: { status: 500 },
  });
}

/** As clients see it: leaves out the status and the headers that go with it over HTTP. */
export function withoutHttp(error: GraphQLError): GraphQLError {
  const { http, ...extensions } = error.extensions;
  if (http === undefined) return error;
  return located(error, error.message, extensions);
}

/** Tells the code in the error itself: to make it anew would count its lines again. */
export function withCode(error: GraphQLError, code: string): GraphQLError {
  error.extensions.code = code;
  return error;
}

function isShort({ message, positions = [] }: GraphQLError): boolean {
  return message.length <= MESSAGE_CHARACTERS && positions.length <= MAX_PLACES;
}

/** The same places in the operation, another text. */
function located(error: unknown, text: string, extensions: Record<string, unknown>): GraphQLError {
  const { nodes, source, positions, path } = error instanceof GraphQLError ? error : {};
  const message = text.length > MESSAGE_CHARACTERS ? `${text.slice(0, MESSAGE_CHARACTERS)}…` : text;
  return new GraphQLError(message, {
    nodes: nodes?.slice(0, MAX_PLACES) ?? null,
    source: source ?? null,
    positions: positions?.slice(0, MAX_PLACES) ?? null,
    path: path ?? null,
    extensions,
  });
}
