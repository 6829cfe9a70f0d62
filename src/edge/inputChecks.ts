/**
 * Checks fast whether large variables fit their types: a row batch of 10,000 rows has 40,000 values, and nearly always
 * they fit. If they do not, `variableFaults` finds the faults.
 */
import {
  GraphQLBoolean,
  GraphQLFloat,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLInt,
  type GraphQLLeafType,
  GraphQLString,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
} from 'graphql';
import { MAX_LISTED } from '../models/tensorInput.ts';

type Check = (value: unknown) => boolean;

const LARGEST_INT = 2 ** 31 - 1;

/** The checks of the types of one schema. The check of each input object is made once. */
export class InputChecks {
  readonly #ofObjects = new Map<GraphQLInputObjectType, Check>();

  of(type: GraphQLInputType): Check {
    if (isNonNullType(type)) {
      const check = this.of(type.ofType);
      return (value) => value !== null && value !== undefined && check(value);
    }
    const check = this.#ofPresent(type);
    return (value) => value === null || value === undefined || check(value);
  }

  #ofPresent(type: GraphQLInputType): Check {
    if (isListType(type)) {
      const check = this.of(type.ofType);
      return (value) =>
        Array.isArray(value) ? value.length <= MAX_LISTED && value.every(check) : check(value);
    }
    return isInputObjectType(type) ? this.#ofObject(type) : ofLeaf(type as GraphQLLeafType);
  }

  #ofObject(type: GraphQLInputObjectType): Check {
    const known = this.#ofObjects.get(type);
    if (known !== undefined) return known;
    const members = new Map<string, Check>();
    const fields = Object.values(type.getFields());
    const required = fields.filter(isRequiredInputField).map(({ name }) => name);
    const check: Check = (value) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
      let count = 0;
      for (const name in value) {
        const member = (value as Readonly<Record<string, unknown>>)[name];
        if (!members.get(name)?.(member) || (type.isOneOf && member === null)) return false;
        count++;
      }
      return (!type.isOneOf || count === 1) && required.every((name) => Object.hasOwn(value, name));
    };
    // Registered before its members, because an input may contain itself.
    this.#ofObjects.set(type, check);
    for (const { name, type } of fields) members.set(name, this.of(type));
    return check;
  }
}

function ofLeaf(type: GraphQLLeafType): Check {
  switch (type) {
    case GraphQLInt:
      return (value) => Number.isInteger(value) && Math.abs(value as number) <= LARGEST_INT;
    case GraphQLFloat:
      return Number.isFinite;
    case GraphQLString:
      return (value) => typeof value === 'string';
    case GraphQLBoolean:
      return (value) => typeof value === 'boolean';
    default:
      return (value) => isCoercible(value, type);
  }
}

function isCoercible(value: unknown, type: GraphQLLeafType): boolean {
  try {
    // Without a hint: for a hint, an enum would compare the text with each of its names.
    return typeof value !== 'object' && type.coerceInputValue(value, true) !== undefined;
  } catch {
    return false;
  }
}
