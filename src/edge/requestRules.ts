/** Parses the text of an operation, and shapes the errors that clients see. The same on every transport. */
import { type DocumentNode, GraphQLError, parse } from 'graphql';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { Logger } from '../process/log.ts';
import { MAX_NESTING, type OperationLimits, tooComplex } from './operationLimits.ts';

/** The longest operation text, in characters per allowed token. Otherwise one token could be megabytes long. */
const UNFORESEEN = 'INTERNAL_SERVER_ERROR';
const CHARACTERS_PER_TOKEN = 20;
/** The longest message, in characters. graphql repeats a wrong value in full, twice. */
const MESSAGE_CHARACTERS = 1_000;
/** The most locations of an error. graphql names each repetition of a name, and counts the lines before it. */
const MAX_PLACES = 10;

/** @throws {GraphQLError} if the text is no operation, or too long. The length is checked before the text is parsed. */
export function parseOperation(text: string, { maxTokens }: OperationLimits): DocumentNode {
  const maxCharacters = maxTokens * CHARACTERS_PER_TOKEN;
  if (text.length > maxCharacters) throw tooLong(text.length, maxCharacters);
  // Each error counts the lines before its location.
  if (hasMoreLines(text, maxTokens)) throw tooComplex({}, 'lines', maxTokens);
  try {
    return parse(text, { maxTokens });
  } catch (error) {
    // The parser is recursive: it overflows the stack before its limit of tokens.
    if (error instanceof RangeError) throw tooComplex({}, 'brackets within each other', MAX_NESTING);
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

/** The code by which a client is told of an error. */
export function codeOf(error: unknown): string {
  const cause = error instanceof GraphQLError ? error.originalError : error;
  if (cause instanceof RequestError) return cause.code;
  if (error instanceof GraphQLError && isOfGraphql(cause))
    return String(error.extensions.code ?? RequestErrorCode.BadUserInput);
  return UNFORESEEN;
}

/** An error as a client may see it: refusals and faults of an operation as they are, all others without their cause. */
export function presentError(error: unknown, log: Logger): GraphQLError {
  const cause = error instanceof GraphQLError ? error.originalError : error;
  if (cause instanceof RequestError) {
    const { code, message, details } = cause;
    return located(error, message, { ...details, code });
  }
  // graphql wraps its own errors, such as those about variables, in messages that name the location.
  if (error instanceof GraphQLError && isOfGraphql(cause)) {
    // A new error would count its lines again.
    if (error.extensions.code !== undefined && isShort(error)) return error;
    return located(error, error.message, { code: RequestErrorCode.BadUserInput, ...error.extensions });
  }
  log.error({ err: cause }, 'unforeseen error while a request was answered');
  return located(error, 'Internal error: the gateway has logged what happened.', {
    code: UNFORESEEN,
    http: { status: 500 },
  });
}

/** The error without its HTTP status and headers. */
export function withoutHttp(error: GraphQLError): GraphQLError {
  const { http, ...extensions } = error.extensions;
  if (http === undefined) return error;
  return located(error, error.message, extensions);
}

/** Sets the code in the error itself, because a new error would count its lines again. */
export function withCode(error: GraphQLError, code: string): GraphQLError {
  error.extensions.code = code;
  return error;
}

/** Whether the cause of a GraphQL error is none that a resolver threw. */
function isOfGraphql(cause: unknown): boolean {
  return cause === undefined || cause instanceof GraphQLError;
}

function isShort({ message, positions = [] }: GraphQLError): boolean {
  return message.length <= MESSAGE_CHARACTERS && positions.length <= MAX_PLACES;
}

/** The same error with the same locations and another text. */
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
