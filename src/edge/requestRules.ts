/** What an operation may cost, whatever transport brought it, and what clients are told when it is refused. */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLErrorOptions,
  type GraphQLField,
  type GraphQLNamedType,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import type { Config } from '../config.ts';
import { RequestError, RequestErrorCode } from '../errors.ts';
import type { Logger } from '../log.ts';

export type RequestLimits = Pick<Config, 'maxDepth' | 'maxTokens' | 'maxAliases' | 'maxComplexity'>;

/** Longest operation text, in characters per token allowed: one token could be megabytes long otherwise. */
const CHARACTERS_PER_TOKEN = 20;
/** A list counts its fields so often: lists here are short (models, versions, workers, a page of dead letters). */
const LIST_MULTIPLIER = 3;
/** Longest message, in characters: graphql repeats a wrong value in full, twice. */
const MESSAGE_CHARACTERS = 1_000;

/** @throws {GraphQLError} if the text is no operation, or longer than one may be: it is looked at before it is kept. */
export function parseOperation(text: string, { maxTokens }: RequestLimits): DocumentNode {
  const maxCharacters = maxTokens * CHARACTERS_PER_TOKEN;
  if (text.length > maxCharacters) throw tooLong(text.length, maxCharacters);
  try {
    return parse(text, { maxTokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    throw error.message.includes(`more than ${maxTokens} tokens`)
      ? tooComplex({ source: error.source, positions: error.positions }, 'tokens', maxTokens)
      : withCode(error, 'GRAPHQL_PARSE_FAILED');
  }
}

function tooLong(value: number, limit: number): GraphQLError {
  return new GraphQLError(`An operation may have ${limit} characters at most, got ${value}.`, {
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

/**
 * Depth counts fields from the root, through fragments; `ofType` is left out, or GraphiQL could not introspect. Each
 * field costs a point, or what its `points` say, and a list counts the points of its fields several times; introspection has no lists here.
 */
export function costRule({ maxDepth, maxAliases, maxComplexity }: RequestLimits): ValidationRule {
  return (context) => ({
    OperationDefinition(operation) {
      const root = context.getSchema().getRootType(operation.operation);
      const { depth, aliases, complexity } = measure(operation.selectionSet, root, context, new Map());
      const refuse = (what: string, limit: number, value: number) =>
        context.reportError(tooComplex({ nodes: [operation] }, what, limit, value));
      if (depth > maxDepth) refuse('levels of depth', maxDepth, depth);
      if (aliases > maxAliases) refuse('aliases', maxAliases, aliases);
      if (complexity > maxComplexity) refuse('points of complexity', maxComplexity, complexity);
    },
  });
}

interface Measure {
  readonly depth: number;
  readonly aliases: number;
  readonly complexity: number;
}

const NOTHING: Measure = { depth: 0, aliases: 0, complexity: 0 };

/**
 * @param type that the fields are selected on; undefined where another rule has something to complain about.
 * @param fragments measured already; one that is being measured counts nothing, its cycle is another rule's matter.
 */
function measure(
  { selections }: SelectionSetNode,
  type: GraphQLNamedType | null | undefined,
  context: ValidationContext,
  fragments: Map<FragmentDefinitionNode, Measure>,
): Measure {
  let { depth, aliases, complexity } = NOTHING;
  const schema = context.getSchema();
  for (const selection of selections) {
    let inner = NOTHING;
    if (selection.kind === Kind.FIELD) {
      const { name, alias, selectionSet } = selection;
      const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name.value] : undefined;
      if (selectionSet) inner = measure(selectionSet, field && getNamedType(field.type), context, fragments);
      const isList = field !== undefined && isListType(getNullableType(field.type));
      inner = {
        depth: inner.depth + (name.value === 'ofType' ? 0 : 1),
        aliases: inner.aliases + (alias === undefined ? 0 : 1),
        complexity: pointsOf(field) + inner.complexity * (isList ? LIST_MULTIPLIER : 1),
      };
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      const { typeCondition, selectionSet } = selection;
      const condition = typeCondition ? schema.getType(typeCondition.name.value) : type;
      inner = measure(selectionSet, condition, context, fragments);
    } else {
      const fragment = context.getFragment(selection.name.value);
      if (fragment != null && !fragments.has(fragment)) {
        fragments.set(fragment, NOTHING);
        const condition = schema.getType(fragment.typeCondition.name.value);
        fragments.set(fragment, measure(fragment.selectionSet, condition, context, fragments));
      }
      inner = (fragment && fragments.get(fragment)) ?? NOTHING;
    }
    depth = Math.max(depth, inner.depth);
    aliases += inner.aliases;
    complexity += inner.complexity;
  }
  return { depth, aliases, complexity };
}

/** Of a field without those it holds: 1, unless the schema says otherwise of one that costs as much as many. */
function pointsOf(field: GraphQLField<unknown, unknown> | undefined): number {
  const points = field?.extensions.points;
  return typeof points === 'number' ? points : 1;
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
    // graphql cannot tell which of several operations is meant, or there is none of that name.
    if (extensions.code === 'OPERATION_RESOLUTION_FAILURE') extensions.code = 'BAD_REQUEST';
    // "spec" asks Yoga for status 200 with application/json: right for a bad operation, not for a bad request.
    if (extensions.code === 'BAD_REQUEST') extensions.http = { ...Object(extensions.http), spec: false };
    return located(error, error.message, { code: RequestErrorCode.BadUserInput, ...extensions });
  }
  log.error({ err: cause }, 'unforeseen error while a request was answered');
  return located(error, 'Internal error: the gateway has logged what happened.', {
    code: 'INTERNAL_SERVER_ERROR',
    http: { status: 500 },
  });
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
