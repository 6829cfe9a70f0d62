/**
 * Limits the cost of an operation on every transport, by one walk over the parsed document before graphql validates it.
 * Validation compares fields in pairs, and takes a hundred times as long on a document made for that.
 *
 * The walk first measures each selection of the document once. Then it visits each selection of the merged operation,
 * which fragments can make exponentially larger, until a limit is crossed. `MAX_TOKENS` and `MAX_STEPS` bound its work.
 */
import {
  type ASTNode,
  BREAK,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLErrorOptions,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  TokenKind,
  visit,
} from 'graphql';
import { RequestErrorCode } from '../contract/errors.ts';
import type { Config } from '../process/config.ts';

export type OperationLimits = Pick<Config, 'maxDepth' | 'maxTokens' | 'maxAliases' | 'maxComplexity'>;

/** The most operations in one text. A request runs one of them; some rules look at every fragment for each. */
const MAX_OPERATIONS = 50;
/** The deepest nesting of brackets in a literal. An error quotes a literal with each level indented. */
export const MAX_NESTING = 64;
/** The most selections that are measured and merged. Those of a fragment count wherever it is spread. */
const MAX_STEPS = 4_000;
/** The most pairs of fields, or of fragments, in one place. Validation compares each pair, in about a microsecond. */
const MAX_COMPARISONS = 5_000;
/**
 * The most arguments and directives in one place. Members and variables may exceed it by the members of the largest
 * input. An error names each repetition, and validation looks for each name among the others.
 */
const MAX_PARTS = 100;
/** How often a list counts its fields. Lists here are short (models, versions, workers, a page of dead letters). */
const LIST_MULTIPLIER = 3;

/** @param value undefined if the walk stopped counting at the limit. */
export function tooComplex(
  place: GraphQLErrorOptions,
  what: string,
  limit: number,
  value?: number,
): GraphQLError {
  return new GraphQLError(`An operation may have ${limit} ${what} at most, got ${value ?? 'more'}.`, {
    ...place,
    extensions: { code: RequestErrorCode.QueryTooComplex, limit, value },
  });
}

interface Measure {
  /**
   * Nested fields from the root, through fragments. `ofType` does not count, because GraphiQL's introspection nests it.
   */
  readonly depth: number;
  readonly aliases: number;
  /**
   * A field costs one point, or the number in its `points`. A list counts the points of its fields several times,
   * except in introspection.
   */
  readonly complexity: number;
}

const NOTHING: Measure = { depth: 0, aliases: 0, complexity: 0 };

/** One walk over one document. */
export class OperationWalk {
  readonly #schema: GraphQLSchema;
  readonly #limits: OperationLimits;
  readonly #document: DocumentNode;
  readonly #operations: readonly OperationDefinitionNode[];
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** A fragment that is being measured counts nothing yet. */
  readonly #measured = new Map<FragmentDefinitionNode, Measure | 'being measured'>();
  readonly #merged = new Set<FragmentDefinitionNode>();
  #withinItself: FragmentDefinitionNode | undefined;
  #steps = 0;
  #comparisons = 0;

  constructor(schema: GraphQLSchema, document: DocumentNode, limits: OperationLimits) {
    const { definitions } = document;
    this.#schema = schema;
    this.#limits = limits;
    this.#document = document;
    this.#operations = definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
    const fragments = definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION);
    this.#fragments = new Map(fragments.map((each) => [each.name.value, each]));
  }

  /** Selections visited so far. */
  get steps(): number {
    return this.#steps;
  }

  /** @returns the first crossed limit; undefined if there is none. */
  problem(): GraphQLError | undefined {
    if (this.#operations.length > MAX_OPERATIONS)
      return tooComplex({}, 'operations in its text', MAX_OPERATIONS, this.#operations.length);
    return this.#costProblem() ?? this.#nestingProblem() ?? this.#partsProblem() ?? this.#mergeProblem();
  }

  #partsProblem(): GraphQLError | undefined {
    let problem: GraphQLError | undefined;
    visit(this.#document, {
      enter: (node) => {
        for (const [what, parts, isOfInput] of partsOf(node)) {
          if (parts.length <= MAX_PARTS) continue;
          const limit = MAX_PARTS + (isOfInput ? mostMembers(this.#schema) : 0);
          if (parts.length <= limit) continue;
          problem = tooComplex({ nodes: [node] }, what, limit, parts.length);
          return BREAK;
        }
        return undefined;
      },
    });
    return problem;
  }

  #nestingProblem(): GraphQLError | undefined {
    let nesting = 0;
    for (let token = this.#document.loc?.startToken; token; token = token.next ?? undefined) {
      if (OPENING.has(token.kind)) nesting++;
      else if (CLOSING.has(token.kind)) nesting--;
      if (nesting > MAX_NESTING)
        return tooComplex(
          { positions: [token.start], source: this.#document.loc?.source ?? null },
          'brackets within each other',
          MAX_NESTING,
        );
    }
    return undefined;
  }

  #costProblem(): GraphQLError | undefined {
    for (const operation of this.#operations) {
      const problem = this.#costProblemOf(operation);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  /** The points of one of its operations. */
  pointsOf({ operation, selectionSet }: OperationDefinitionNode): number {
    return this.#measure(selectionSet, this.#schema.getRootType(operation)).complexity;
  }

  #costProblemOf(operation: OperationDefinitionNode): GraphQLError | undefined {
    const { maxDepth, maxAliases, maxComplexity } = this.#limits;
    const root = this.#schema.getRootType(operation.operation);
    const { depth, aliases, complexity } = this.#measure(operation.selectionSet, root);
    const place = { nodes: [operation] };
    if (depth > maxDepth) return tooComplex(place, 'levels of depth', maxDepth, depth);
    if (aliases > maxAliases) return tooComplex(place, 'aliases', maxAliases, aliases);
    if (complexity > maxComplexity)
      return tooComplex(place, 'points of complexity', maxComplexity, complexity);
    const fragment = this.#withinItself;
    return fragment && invalid(`Cannot spread fragment "${fragment.name.value}" within itself.`, fragment);
  }

  /** @param type on which the fields are selected; undefined where validation will find an error. */
  #measure({ selections }: SelectionSetNode, type: GraphQLNamedType | null | undefined): Measure {
    let { depth, aliases, complexity } = NOTHING;
    for (const selection of selections) {
      this.#steps++;
      let inner = NOTHING;
      if (selection.kind === Kind.FIELD) {
        inner = this.#measureField(selection, type);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const { typeCondition, selectionSet } = selection;
        const condition = typeCondition ? this.#schema.getType(typeCondition.name.value) : type;
        inner = this.#measure(selectionSet, condition);
      } else {
        inner = this.#measureFragment(this.#fragments.get(selection.name.value));
      }
      depth = Math.max(depth, inner.depth);
      aliases += inner.aliases;
      complexity += inner.complexity;
    }
    return { depth, aliases, complexity };
  }

  #measureField(
    { name, alias, selectionSet }: FieldNode,
    type: GraphQLNamedType | null | undefined,
  ): Measure {
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name.value] : undefined;
    const inner = selectionSet ? this.#measure(selectionSet, field && getNamedType(field.type)) : NOTHING;
    const isList = field !== undefined && isListType(getNullableType(field.type));
    return {
      depth: inner.depth + (name.value === 'ofType' ? 0 : 1),
      aliases: inner.aliases + (alias === undefined ? 0 : 1),
      complexity: pointsOf(field) + inner.complexity * (isList ? LIST_MULTIPLIER : 1),
    };
  }

  #measureFragment(fragment: FragmentDefinitionNode | undefined): Measure {
    if (fragment === undefined) return NOTHING;
    const known = this.#measured.get(fragment);
    if (known === 'being measured') this.#withinItself = fragment;
    if (known !== undefined) return known === 'being measured' ? NOTHING : known;
    this.#measured.set(fragment, 'being measured');
    const condition = this.#schema.getType(fragment.typeCondition.name.value);
    const measure = this.#measure(fragment.selectionSet, condition);
    this.#measured.set(fragment, measure);
    return measure;
  }

  #mergeProblem(): GraphQLError | undefined {
    for (const { selectionSet } of this.#operations) {
      const problem = this.#mergeAll(selectionSet);
      if (problem !== undefined) return problem;
    }
    // Validation would visit all of them first.
    const unused = [...this.#fragments.values()].find((fragment) => !this.#merged.has(fragment));
    return unused && invalid(`Fragment "${unused.name.value}" is never used.`, unused);
  }

  /** Merges fields of one name, place by place, as execution does. */
  #mergeAll(root: SelectionSetNode): GraphQLError | undefined {
    const places: (readonly SelectionSetNode[])[] = [[root]];
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      for (const fields of this.#merge(place).values()) {
        const inner = fields.flatMap(({ selectionSet }) => selectionSet ?? []);
        if (inner.length > 0) places.push(inner);
      }
      if (this.#steps > MAX_STEPS) return tooComplex({}, 'selections', MAX_STEPS);
      if (this.#comparisons > MAX_COMPARISONS)
        return tooComplex({}, 'pairs of fields or fragments in one place', MAX_COMPARISONS);
    }
    return undefined;
  }

  /** @returns the fields of one place, by the names that they have in the answer. */
  #merge(sets: readonly SelectionSetNode[]): ReadonlyMap<string, readonly FieldNode[]> {
    const fields = new Map<string, FieldNode[]>();
    const spread = new Set<FragmentDefinitionNode>();
    const parts = [...sets];
    let spreads = 0;
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      const namesOfPart = new Set<string>();
      const inline = [part];
      for (let set = inline.pop(); set !== undefined; set = inline.pop()) {
        for (const selection of set.selections) {
          if (++this.#steps > MAX_STEPS || this.#comparisons > MAX_COMPARISONS) return fields;
          if (selection.kind === Kind.INLINE_FRAGMENT) {
            inline.push(selection.selectionSet);
          } else if (selection.kind === Kind.FIELD) {
            const name = (selection.alias ?? selection.name).value;
            const others = fields.get(name);
            this.#comparisons += others?.length ?? 0;
            if (others === undefined) fields.set(name, [selection]);
            else others.push(selection);
          } else if (!namesOfPart.has(selection.name.value)) {
            namesOfPart.add(selection.name.value);
            this.#comparisons += spreads++;
            const fragment = this.#fragments.get(selection.name.value);
            if (fragment !== undefined && !spread.has(fragment)) {
              spread.add(fragment);
              this.#merged.add(fragment);
              parts.push(fragment.selectionSet);
            }
          }
        }
      }
    }
    return fields;
  }
}

const OPENING: ReadonlySet<string> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<string> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

type Parts = readonly [what: string, parts: readonly ASTNode[], isOfInput: boolean];

function partsOf(node: ASTNode): readonly Parts[] {
  const parts: Parts[] = [];
  if ('directives' in node && node.directives)
    parts.push(['directives in one place', node.directives, false]);
  if ('arguments' in node && node.arguments) parts.push(['arguments in one place', node.arguments, false]);
  if ('variableDefinitions' in node && node.variableDefinitions)
    parts.push(['variables', node.variableDefinitions, true]);
  if (node.kind === Kind.OBJECT) parts.push(['members in one place', node.fields, true]);
  return parts;
}

function mostMembers(schema: GraphQLSchema): number {
  const inputs = Object.values(schema.getTypeMap()).filter(isInputObjectType);
  return Math.max(0, ...inputs.map((input) => Object.keys(input.getFields()).length));
}

function invalid(message: string, node: ASTNode): GraphQLError {
  return new GraphQLError(message, { nodes: [node], extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
}

/** The points of a field without its selections: 1, unless the schema gives an expensive field more. */
function pointsOf(field: GraphQLField<unknown, unknown> | undefined): number {
  const points = field?.extensions.points;
  return typeof points === 'number' ? points : 1;
}
