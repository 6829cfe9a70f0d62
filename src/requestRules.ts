/**
 * What an operation may cost, and what clients are told when it is refused. One plugin of the Yoga pipeline, which
 * POST, SSE and (through `getEnveloped`) WebSocket all pass: a limit that one transport lacks would be none.
 */
import {
  type ASTVisitor,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLErrorOptions,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Config } from './config.ts';
import { RequestError, RequestErrorCode } from './errors.ts';
import type { Logger } from './log.ts';

export type RequestLimits = Pick<Config, 'maxBodyBytes' | 'maxDepth' | 'maxTokens' | 'maxAliases'>;

/** Longest operation text, in characters per token allowed: one token could be megabytes long otherwise. */
const CHARACTERS_PER_TOKEN = 20;
/** Longest message, in characters: graphql repeats a wrong value in full, twice. */
const MESSAGE_CHARACTERS = 1_000;

export function useRequestRules(limits: RequestLimits): Plugin {
  const { maxBodyBytes, maxTokens } = limits;
  const maxCharacters = maxTokens * CHARACTERS_PER_TOKEN;
  return {
    /** Yoga counts bodies that do not tell their length, but does not say what it allows. */
    onRequestParse({ request }) {
      const bytes = Number(request.headers.get('content-length'));
      if (bytes > maxBodyBytes) throw tooLarge('A body', 'bytes', bytes, maxBodyBytes);
    },
    /** Runs for all transports, and before the cache of parsed operations keeps the text. */
    onEnveloped({ context }) {
      const query: unknown = context?.params?.query;
      if (typeof query === 'string' && query.length > maxCharacters)
        throw tooLarge('An operation', 'characters', query.length, maxCharacters);
    },
    onParse({ setParseFn }) {
      setParseFn((source: string, options: object) => {
        try {
          return parse(source, { ...options, maxTokens });
        } catch (error) {
          if (!(error instanceof GraphQLError)) throw error;
          throw error.message.includes(`more than ${maxTokens} tokens`)
            ? tooComplex({ source: error.source, positions: error.positions }, 'tokens', maxTokens)
            : withCode(error, 'GRAPHQL_PARSE_FAILED');
        }
      });
    },
    onValidate({ addValidationRule }) {
      addValidationRule((context: ValidationContext) => depthAndAliases(context, limits));
    },
  };
}

function tooLarge(what: string, unit: string, value: number, limit: number): GraphQLError {
  return new GraphQLError(`${what} may have ${limit} ${unit} at most, got ${value}.`, {
    extensions: { code: RequestErrorCode.PayloadTooLarge, limit, value, http: { status: 413 } },
  });
}

/** @param value undefined if nobody counted beyond the limit. */
function tooComplex(place: GraphQLErrorOptions, what: string, limit: number, value?: number): GraphQLError {
  return new GraphQLError(`An operation may have ${limit} ${what} at most, got ${value ?? 'more'}.`, {
    ...place,
    extensions: { code: RequestErrorCode.QueryTooComplex, limit, value },
  });
}

/** Depth counts fields from the root, through fragments; `ofType` is left out, or GraphiQL could not introspect. */
function depthAndAliases(context: ValidationContext, { maxDepth, maxAliases }: RequestLimits): ASTVisitor {
  return {
    OperationDefinition(operation: OperationDefinitionNode) {
      const { depth, aliases } = measure(operation.selectionSet, context, new Map());
      const refuse = (what: string, limit: number, value: number) =>
        context.reportError(tooComplex({ nodes: [operation] }, what, limit, value));
      if (depth > maxDepth) refuse('levels of depth', maxDepth, depth);
      if (aliases > maxAliases) refuse('aliases', maxAliases, aliases);
    },
  };
}

interface Measure {
  readonly depth: number;
  readonly aliases: number;
}

/** @param fragments measured already; one that is being measured counts nothing, its cycle is another rule's matter. */
function measure(
  { selections }: SelectionSetNode,
  context: ValidationContext,
  fragments: Map<FragmentDefinitionNode, Measure>,
): Measure {
  let depth = 0;
  let aliases = 0;
  for (const selection of selections) {
    let inner: Measure = { depth: 0, aliases: 0 };
    let own = 0;
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = context.getFragment(selection.name.value);
      if (fragment != null) {
        if (!fragments.has(fragment)) {
          fragments.set(fragment, inner);
          fragments.set(fragment, measure(fragment.selectionSet, context, fragments));
        }
        inner = fragments.get(fragment) ?? inner;
      }
    } else {
      if (selection.selectionSet) inner = measure(selection.selectionSet, context, fragments);
      if (selection.kind === Kind.FIELD) {
        own = selection.name.value === 'ofType' ? 0 : 1;
        aliases += selection.alias === undefined ? 0 : 1;
      }
    }
    depth = Math.max(depth, own + inner.depth);
    aliases += inner.aliases;
  }
  return { depth, aliases };
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
    // Yoga adds what the parser said about the body: that is not ours to repeat.
    const { originalError: _, unexpected: __, ...extensions } = error.extensions;
    const code = isTooLarge(extensions)
      ? RequestErrorCode.PayloadTooLarge
      : (extensions.code ?? RequestErrorCode.BadUserInput);
    return located(error, error.message, { ...extensions, code });
  }
  log.error({ err: cause }, 'unforeseen error while a request was answered');
  return located(error, 'Internal error: the gateway has logged what happened.', {
    code: 'INTERNAL_SERVER_ERROR',
    http: { status: 500 },
  });
}

function isTooLarge({ http }: { http?: unknown }): boolean {
  return typeof http === 'object' && http !== null && 'status' in http && http.status === 413;
}

/** For transports without HTTP statuses: leaves out what is meant for Yoga's HTTP responses only. */
export function withoutHttp(error: GraphQLError): GraphQLError {
  const { http: _, unexpected: __, ...extensions } = error.extensions;
  return located(error, error.message, extensions);
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  return located(error, error.message, { ...error.extensions, code });
}

/** The same place in the operation, another text. */
function located(error: unknown, text: string, extensions: Record<string, unknown>): GraphQLError {
  const { nodes, source, positions, path } = error instanceof GraphQLError ? error : {};
  const message = text.length > MESSAGE_CHARACTERS ? `${text.slice(0, MESSAGE_CHARACTERS)}…` : text;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    extensions,
  });
}
