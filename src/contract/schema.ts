/**
 * Schemas: each is a JSON Schema, which ajv checks, and the TypeScript type of the values that pass it. A message is
 * defined once by it, so a member that is added is checked, too. `messages/decoder.ts` makes a decoder of one.
 *
 * The builders are our own because those of TypeBox take 100 ms of CPU to import, in each process.
 */

/** @typeParam T the values that pass. */
export interface Schema<T> {
  /** The expected value, in words for people. An error says "deadline must be" and this. */
  readonly expected: string;
  /** Exists for the compiler only: it carries the type. */
  readonly passes?: T;
}

/** The type of the values that pass a schema. */
export type Passing<S> = S extends Schema<infer T> ? T : never;

export type Members = Readonly<Record<string, Schema<unknown>>>;

type Flat<T> = { readonly [K in keyof T]: T[K] };

/** An object with these members; other members are let through, since newer processes may add some. */
type ObjectOf<R extends Members, O extends Members> = Flat<
  { [K in keyof R]: Passing<R[K]> } & { [K in keyof O]?: Passing<O[K]> | undefined }
>;

function schema<T>(expected: string, keywords: object): Schema<T> {
  return { expected, ...keywords };
}

export function number(expected: string, minimum: number, maximum: number): Schema<number> {
  return schema(expected, { type: 'number', minimum, maximum });
}

export function integer(expected: string, minimum: number, maximum: number): Schema<number> {
  return schema(expected, { type: 'integer', minimum, maximum });
}

/** @param limits in UTF-16 units, as `length` counts them. */
export function text(
  expected: string,
  limits: { readonly minLength?: number; readonly maxLength?: number; readonly pattern?: string } = {},
): Schema<string> {
  return schema(expected, { type: 'string', ...limits });
}

export function oneOf<const V extends string>(values: readonly V[]): Schema<V> {
  return schema(`one of ${values.join(', ')}`, { type: 'string', enum: values });
}

export function listOf<T>(
  expected: string,
  items: Schema<T>,
  limits: { readonly minItems?: number; readonly maxItems?: number } = {},
): Schema<readonly T[]> {
  return schema(expected, { type: 'array', items, ...limits });
}

/** A value by each name, of any names. */
export function recordOf<T>(
  expected: string,
  values: Schema<T>,
  limits: {
    readonly minProperties?: number;
    readonly maxProperties?: number;
    readonly propertyNames?: Schema<string>;
  } = {},
): Schema<Readonly<Record<string, T>>> {
  return schema(expected, { type: 'object', additionalProperties: values, ...limits });
}

/**
 * An object whose members are checked elsewhere. They are values, lists, tensors (objects of values and lists), or lists or
 * objects of these, and no deeper: writing out a deep value could overflow the stack.
 */
export function uncheckedRecord(expected: string): Schema<Readonly<Record<string, unknown>>> {
  const value = { type: ['number', 'string', 'boolean', 'null'], expected: 'a value' };
  const list = { type: [...value.type, 'array'], items: value, expected: 'a value or a list of values' };
  const cell = {
    type: [...list.type, 'object'],
    items: value,
    additionalProperties: list,
    expected: 'a value, a list of values or a tensor',
  };
  const member = { ...cell, items: cell, additionalProperties: cell };
  return schema(expected, { type: 'object', additionalProperties: member });
}

/** @param optional members that may be absent. */
export function object<R extends Members, O extends Members = Record<never, never>>(
  expected: string,
  required: R,
  optional?: O,
): Schema<ObjectOf<R, O>> {
  return schema(expected, {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
  });
}

/**
 * A member that is absent in messages of older processes. It is then read as `fallback`. Only for members of `object`.
 */
export function withDefault<T>(member: Schema<T>, fallback: T): Schema<T> {
  return { ...member, ...{ default: fallback } };
}

/** A schema that no builder can make. `keywords` are those of JSON Schema; the caller vouches for the type. */
export function custom<T>(expected: string, keywords: object): Schema<T> {
  return schema(expected, keywords);
}
