/** What a request over HTTP asks for, as GraphQL over HTTP writes it: in a body of JSON, or in the query of a URL. */
import { GraphQLError } from 'graphql';
import { RequestError, RequestErrorCode } from '../errors.ts';

export interface Params {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>> | null;
}

type Raw = Readonly<Record<string, unknown>>;

const NAMES = ['query', 'operationName', 'variables', 'extensions', 'documentId'];
const TEXTS = ['query', 'operationName', 'documentId'];

/** @throws {GraphQLError} `BAD_REQUEST` if the body is not that of one operation. */
export function paramsOfBody(body: string): Params {
  return checked(parsed(body, () => 'POST body sent invalid JSON.'));
}

/** @throws {GraphQLError} `BAD_REQUEST` if the URL is not that of one operation. */
export function paramsOfUrl(url: string): Params {
  const params: Record<string, unknown> = {};
  for (const pair of (url.split('?', 2)[1] ?? '').split('&').filter((text) => text !== '')) {
    const [name = '', ...value] = pair.split('=').map(decoded);
    if (Object.hasOwn(params, name))
      throw badRequest(`"${shown(name)}" must come once in a URL, got it twice.`);
    if (NAMES.includes(name)) params[name] = value.join('=') || undefined;
  }
  for (const name of ['variables', 'extensions'])
    if (typeof params[name] === 'string')
      params[name] = parsed(params[name], () => `"${name}" in a URL must be JSON.`);
  return checked(params);
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
  if (!params.query)
    throw isPersisted(params) ? persistedQueryNotSupported() : badRequest('Must provide query string.');
  return params as unknown as Params;
}

/** Only the hash or the id of an operation came, in the hope that its text is known here. */
function isPersisted({ extensions, documentId }: Raw): boolean {
  return typeof documentId === 'string' || Object(extensions).persistedQuery !== undefined;
}

/** Clients that know the message, or the code, send the text again, and no hash from then on. */
export function persistedQueryNotSupported(): RequestError {
  return new RequestError(RequestErrorCode.PersistedQueryNotSupported, 'PersistedQueryNotSupported');
}

function parsed(text: string, problem: () => string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest(problem());
  }
}

/** @throws {GraphQLError} where `URLSearchParams` would put another character for bytes that are no UTF-8. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw badRequest('A URL must be percent-encoded UTF-8.');
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function shown(name: string): string {
  return name.slice(0, 100);
}

function badRequest(message: string): GraphQLError {
  return new GraphQLError(message, {
    extensions: { code: RequestErrorCode.BadRequest, http: { status: 400 } },
  });
}
