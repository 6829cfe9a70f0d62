/**
 * Finds the faults of large variables. graphql and graphql-jit check all values and quote each faulty object in full,
 * once for each fault: a request of 1 MB took them 14 s. This stops after the first faults and quotes little. Small
 * variables are left to graphql, whose messages say more, such as which name was meant.
 */
import {
  GraphQLError,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLLeafType,
  type GraphQLSchema,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  type OperationDefinitionNode,
  typeFromAST,
  type VariableDefinitionNode,
} from 'graphql';
import { MAX_LISTED } from '../models/tensorInput.ts';
import type { InputChecks } from './inputChecks.ts';

type Variables = Readonly<Record<string, unknown>>;

/** The most faults that are reported. */
const MAX_FAULTS = 3;
/** The most values and characters of small variables. */
const SMALL_VALUES = 50;
const SMALL_CHARACTERS = 2_000;
/** The most characters of a value or a name in an error. */
const QUOTED_CHARACTERS = 40;

/** Whether graphql may check the variables. This is called for every request, so it looks at few values only. */
export function areSmall(variables: Variables | null | undefined): boolean {
  let values = 0;
  let characters = 0;
  const add = (value: unknown): boolean => {
    if (typeof value === 'string') characters += value.length;
    if (++values > SMALL_VALUES || characters > SMALL_CHARACTERS) return false;
    if (typeof value !== 'object' || value === null) return true;
    if (Array.isArray(value)) return value.length <= SMALL_VALUES && value.every(add);
    for (const name in value) {
      characters += name.length;
      if (!add((value as Variables)[name])) return false;
    }
    return true;
  };
  return add(variables);
}

/** @returns the first faults; none if the variables fit. */
export function variableFaults(
  { schema, checks }: { readonly schema: GraphQLSchema; readonly checks: InputChecks },
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Variables,
): readonly GraphQLError[] {
  const search = new FaultSearch();
  for (const definition of variableDefinitions) {
    const type = typeFromAST(schema, definition.type);
    const name = definition.variable.name.value;
    const isLeftToDefault = definition.defaultValue !== undefined && !Object.hasOwn(variables, name);
    if (!type || !isInputType(type) || isLeftToDefault) continue;
    const value = memberOf(variables, name);
    if (!checks.of(type)(value)) search.variable(definition, type, value);
  }
  return search.faults;
}

/** The search for faults in the variables of one request. */
class FaultSearch {
  readonly faults: GraphQLError[] = [];
  readonly #path: (string | number)[] = [];
  #definition: VariableDefinitionNode | undefined;

  variable(definition: VariableDefinitionNode, type: GraphQLInputType, value: unknown): void {
    this.#definition = definition;
    this.#check(value, type);
  }

  get #isDone(): boolean {
    return this.faults.length >= MAX_FAULTS;
  }

  #check(value: unknown, type: GraphQLInputType): void {
    if (this.#isDone) return;
    if (isNonNullType(type)) {
      if (value === undefined) this.#add(`Expected a value of non-null type "${type}" to be provided.`);
      else if (value === null) this.#add(`Expected value of non-null type "${type}" not to be null.`);
      else this.#check(value, type.ofType);
    } else if (value === undefined || value === null) {
      return;
    } else if (isListType(type)) {
      if (Array.isArray(value)) this.#checkItems(value, type.ofType);
      else this.#check(value, type.ofType);
    } else if (isInputObjectType(type)) {
      if (typeof value === 'object' && !Array.isArray(value)) this.#checkMembers(value as Variables, type);
      else this.#add(`Expected value of type "${type}" to be an object, found: ${quoted(value)}.`);
    } else if (typeof value === 'object') {
      this.#add(`Expected value of type "${type}", found: ${quoted(value)}.`);
    } else {
      this.#checkLeaf(value, type);
    }
  }

  #checkItems(items: readonly unknown[], type: GraphQLInputType): void {
    // Longer ones would block the gateway while graphql reads them.
    if (items.length > MAX_LISTED)
      this.#add(
        `Expected a list of ${MAX_LISTED} items at most, found: ${quoted(items)}. A larger tensor must come as base64 or as a blob.`,
      );
    for (let index = 0; index < items.length && !this.#isDone; index++) {
      this.#path.push(index);
      this.#check(items[index], type);
      this.#path.pop();
    }
  }

  #checkMembers(object: Variables, type: GraphQLInputObjectType): void {
    const fields = type.getFields();
    let known = 0;
    for (const name in object) {
      if (this.#isDone) return;
      const field = memberOf(fields, name);
      if (field === undefined) {
        this.#add(`Expected value of type "${type}" not to include unknown field "${cut(name)}".`);
        continue;
      }
      known++;
      this.#path.push(name);
      this.#check(object[name], field.type);
      if (type.isOneOf && object[name] === null) this.#add(oneOfMessage(type));
      this.#path.pop();
    }
    if (type.isOneOf && known !== 1) this.#add(oneOfMessage(type));
    for (const field of Object.values(fields)) {
      if (this.#isDone) return;
      if (isRequiredInputField(field) && !Object.hasOwn(object, field.name))
        this.#add(`Expected value of type "${type}" to include required field "${field.name}".`);
    }
  }

  #checkLeaf(value: unknown, type: GraphQLLeafType): void {
    const isLong = typeof value === 'string' && value.length > QUOTED_CHARACTERS;
    let problem: string | undefined;
    try {
      // Without this, a long value would be compared with each name of an enum.
      if (type.coerceInputValue(value, isLong) !== undefined) return;
    } catch (error) {
      // The type's own message says more, but quotes the value in full.
      if (error instanceof GraphQLError && !isLong) problem = error.message;
    }
    this.#add(problem ?? `Expected value of type "${type}", found: ${quoted(value)}.`);
  }

  #add(message: string): void {
    if (this.#isDone || this.#definition === undefined) return;
    const path = this.#path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
    const variable = this.#definition.variable.name.value;
    const text = `Variable "$${variable}" has invalid value${path && ` at ${path}`}: ${message}`;
    this.faults.push(new GraphQLError(text, { nodes: [this.#definition] }));
  }
}

function memberOf<T>(object: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function oneOfMessage(type: GraphQLInputObjectType): string {
  return `Within OneOf Input Object type "${type}", exactly one field must be specified, and the value for that field must be non-null.`;
}

function quoted(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? JSON.stringify(cut(value)) : String(value);
}

function cut(text: string): string {
  return text.length > QUOTED_CHARACTERS ? `${text.slice(0, QUOTED_CHARACTERS)}…` : text;
}
