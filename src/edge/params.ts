/** Reads the parameters of GraphQL over HTTP: from a JSON body, or from the query of a URL. */
import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import { RequestErrorCode } from '../contract/errors.ts';
import { queryOf } from './target.ts';
import { halfCharacterIn } from './wireText.ts';

export interface Params {
  /** Absent if the request names its operation by a hash or an id. */
  readonly query?: string | null;
  readonly documentId?: string | null;
  readonly extensions?: Readonly<Record<string, unknown>> | null;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>> | null;
}

const NOT_ASCII = /[^\x21-\x7e]/;

type Raw = Readonly<Record<string, unknown>>;

const NAMES = ['query', 'operationName', 'variables', 'extensions', 'documentId'];
const TEXTS = ['query', 'operationName', 'documentId'];

/** @throws {GraphQLError} `BAD_REQUEST` if the body does not have one operation. */
export function paramsOfBody(body: string): Params {
  return checked(parsed(body, () => 'POST body sent invalid JSON.'));
}

/** @throws {GraphQLError} `BAD_REQUEST` if the URL does not have one operation. */
export function paramsOfUrl(request: IncomingMessage): Params {
  const query = queryOf(request);
  if (NOT_ASCII.test(query)) throw notUtf8();
  const params: Record<string, unknown> = {};
  for (const pair of query.split('&')) {
    const [name = '', ...value] = pair.split('=').map(decoded);
    if (Object.hasOwn(params, name))
      throw badRequest(`"${shown(name)}" must come once in a URL, got it twice.`);
    if (NAMES.includes(name)) params[name] = paramOf(name, value.join('='));
  }
  return checked(params);
}

function paramOf(name: string, text: string): unknown {
  if (TEXTS.includes(name)) return text;
  const problem = (why: string) => `The parameter ${name} must be JSON: ${why}`;
  const half = halfCharacterIn(text);
  if (half !== undefined) throw badRequest(problem(`${half} is half of a surrogate pair, and no character.`));
  return text === '' ? undefined : parsed(text, () => problem('it cannot be parsed.'));
}

function checked(value: unknown): Params {
  if (Array.isArray(value)) throw badRequest('Batching is not supported.');
  if (typeof value !== 'object' || value === null)
    throw badRequest(`POST body is expected to be object but received ${typeOf(value)}.`);
  const params = value as Raw;
  const unknown = Object.keys(params).find((name) => !NAMES.includes(name));
  if (unknown !== undefined)
    throw badRequest(`Unexpected parameter "${shown(unknown)}": there are ${NAMES.join(', ')}.`);
  for (const name of NAMES) {
    const wanted = TEXTS.includes(name) ? 'a string' : 'an object';
    const got = typeOf(params[name]);
    if (!wanted.endsWith(got) && got !== 'null' && got !== 'undefined')
      throw badRequest(`Expected "${name}" param to be ${wanted}, but given ${got}.`);
  }
  return params;
}

function parsed(text: string, problem: () => string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest(problem());
  }
}

/** @throws {GraphQLError} for bytes that are not UTF-8, which `URLSearchParams` would silently replace. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw notUtf8();
  }
}

function notUtf8(): GraphQLError {
  return badRequest('The parameters must be percent-encoded UTF-8: they have bytes that are not.');
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function shown(name: string): string {
  return name.slice(0, 100);
}

export function badRequest(message: string): GraphQLError {
  return new GraphQLError(message, {
    extensions: { code: RequestErrorCode.BadRequest, http: { status: 400 } },
  });
}
