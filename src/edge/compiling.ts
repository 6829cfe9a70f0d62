/**
 * Compiles an operation to a function. All requests wait meanwhile, so an operation that would take longer than about
 * 10 ms is left to the interpreter. The time grows with the tokens, with the fields (fragments merged, once for each
 * possible type of an interface or a union), and with the members of the inputs among the variables.
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type GraphQLType,
  getNamedType,
  isAbstractType,
  isInputObjectType,
  isInputType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  TypeInfo,
  typeFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';

/** Measured: 10 to 40 µs each. A model of 300 inputs has 320, its first run included 12 ms. */
const MAX_POINTS = 400;
/** Measured, once it has run: 15 to 40 KB for the shortest, and 300 to 2,200 for a point. */
const BYTES = 30_000;
const BYTES_PER_POINT = 2_200;

export interface CompiledOperation {
  readonly query: CompiledQuery['query'];
  /** Whether a variable has a `@oneOf` input. The library does not check that such an input has one member. */
  readonly takesOneOf: boolean;
  /** Its estimated size. */
  readonly bytes: number;
}

/** @returns undefined if compiling would take long or is impossible, or if the text has several operations. */
export function compile(schema: GraphQLSchema, document: DocumentNode): CompiledOperation | undefined {
  const [operation, ...others] = document.definitions.filter(
    (definition) => definition.kind === Kind.OPERATION_DEFINITION,
  );
  if (operation === undefined || others.length > 0) return undefined;
  const cost = new CompileCost(schema, document);
  for (const { type } of operation.variableDefinitions ?? []) cost.addInput(typeFromAST(schema, type));
  cost.addSelections(operation.selectionSet, schema.getRootType(operation.operation));
  if (!cost.isAffordable || mayLackMember(schema, document, operation)) return undefined;
  const compiled = compileQuery(schema, document);
  return isCompiledQuery(compiled)
    ? { query: compiled.query, takesOneOf: cost.takesOneOf, bytes: cost.bytes }
    : undefined;
}

/**
 * Whether a `@oneOf` input in the text has a variable that may be null as its one member. Only the interpreter refuses it
 * then.
 */
function mayLackMember(
  schema: GraphQLSchema,
  document: DocumentNode,
  { variableDefinitions = [] }: OperationDefinitionNode,
): boolean {
  const required = new Set(
    variableDefinitions
      .filter(({ type }) => type.kind === Kind.NON_NULL_TYPE)
      .map(({ variable }) => variable.name.value),
  );
  const types = new TypeInfo(schema);
  let isFound = false;
  visit(
    document,
    visitWithTypeInfo(types, {
      ObjectValue({ fields }) {
        const type = getNamedType(types.getInputType());
        if (!isInputObjectType(type) || !type.isOneOf) return;
        isFound ||= fields.some(
          ({ value }) => value.kind === Kind.VARIABLE && !required.has(value.name.value),
        );
      },
    }),
  );
  return isFound;
}

class CompileCost {
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  takesOneOf = false;
  #points: number;

  constructor(schema: GraphQLSchema, { definitions, tokenCount = 0 }: DocumentNode) {
    this.#schema = schema;
    const fragments = definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION);
    this.#fragments = new Map(fragments.map((each) => [each.name.value, each]));
    this.#points = tokenCount;
  }

  get isAffordable(): boolean {
    return this.#points <= MAX_POINTS;
  }

  get bytes(): number {
    return BYTES + this.#points * BYTES_PER_POINT;
  }

  /** @param times how often the library generates the code: once for an item of a list, and once for a single value. */
  addInput(type: GraphQLType | undefined, times = 1): void {
    if (!this.isAffordable || !isInputType(type)) return;
    if (isNonNullType(type)) this.addInput(type.ofType, times);
    else if (isListType(type)) this.addInput(type.ofType, times * 2);
    else this.#points += times;
    if (!isInputObjectType(type)) return;
    this.takesOneOf ||= type.isOneOf;
    for (const field of Object.values(type.getFields())) this.addInput(field.type, times);
  }

  /** @param type on which the fields are selected; undefined for those of introspection. */
  addSelections(
    { selections }: SelectionSetNode,
    type: GraphQLNamedType | null | undefined,
    times = 1,
  ): void {
    const copies = isAbstractType(type) ? times * this.#schema.getPossibleTypes(type).length : times;
    for (const selection of selections) {
      this.#points += copies;
      if (!this.isAffordable) return;
      if (selection.kind === Kind.FIELD) {
        const fields = isObjectType(type) || isInterfaceType(type) ? type.getFields() : {};
        const field = fields[selection.name.value];
        if (selection.selectionSet)
          this.addSelections(selection.selectionSet, field && getNamedType(field.type), copies);
      } else {
        const fragment =
          selection.kind === Kind.INLINE_FRAGMENT ? selection : this.#fragments.get(selection.name.value);
        const condition = fragment?.typeCondition && this.#schema.getType(fragment.typeCondition.name.value);
        // The fields of a possible type of an interface are generated for that type alone.
        if (fragment) this.addSelections(fragment.selectionSet, condition ?? type, times);
      }
    }
  }
}
