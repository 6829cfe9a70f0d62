/**
 * What an operation may cost, whatever transport brought it: judged by one walk over what was parsed, before graphql
 * validates it. Validation compares fields in pairs, and takes a hundred times as long on an operation made for that.
 *
 * The walk first measures each selection of the document once. Then it steps on each selection of the merged operation,
 * which fragments can make exponentially larger, until a limit is crossed: `MAX_TOKENS` and `MAX_STEPS` bound its work.
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

/** Operations in one text, of which each request runs one. Some rules look at every fragment for each of them. */
const MAX_OPERATIONS = 50;
/** Brackets in brackets: an error quotes a literal with each of its levels indented. */
const MAX_NESTING = 64;
/** Selections that are measured and merged, those of a fragment counted wherever it is spread. */
const MAX_STEPS = 4_000;
/** Pairs of fields, or of fragments, in one place: validation compares each, in about a microsecond. */
const MAX_COMPARISONS = 5_000;
/**
 * Arguments and directives in one place; members and variables there may be as many more as the largest input has.
 * An error names each that repeats a name, and validation looks for each name among the others.
 */
const MAX_PARTS = 100;
/** A list counts its fields so often: lists here are short (models, versions, workers, a page of dead letters). */
const LIST_MULTIPLIER = 3;

/** @param value undefined if nobody counted beyond the limit. */
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
  /** Fields from the root, through fragments. `ofType` is left out, or GraphiQL could not introspect. */
  readonly depth: number;
  readonly aliases: number;
  /**
   * Each field costs a point, or what its `points` say, and a list counts the points of its fields several times;
   * introspection has no lists here.
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
  /** One that is being measured counts nothing yet. */
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

  /** Selections that were stepped on so far. */
  get steps(): number {
    return this.#steps;
  }

  /** @returns the first limit that is crossed; undefined if none is. */
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

  /** @param type that the fields are selected on; undefined where validation has something to complain about. */
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
    // Validation would look into all of them first.
    const unused = [...this.#fragments.values()].find((fragment) => !this.#merged.has(fragment));
    return unused && invalid(`Fragment "${unused.name.value}" is never used.`, unused);
  }

  /** Merges fields of one name as execution does, place by place. */
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

  /** @returns the fields of one place, by the names under which they are answered. */
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

/** Of a field without those it holds: 1, unless the schema says otherwise of one that costs as much as many. */
function pointsOf(field: GraphQLField<unknown, unknown> | undefined): number {
  const points = field?.extensions.points;
  return typeof points === 'number' ? points : 1;
}
