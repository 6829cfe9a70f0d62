/** Writes input values as GraphQL literals, for examples and descriptions. */
import { ELEMENT_BYTES, elementsOf } from '../contract/tensor.ts';
import { hasNamedAxes } from './axes.ts';
import { elementsIn, exactNumber } from './elements.ts';
import {
  isTensorInput,
  type Manifest,
  type ManifestInput,
  type Shape,
  type TensorInput,
  type TensorType,
  tensorTypeOf,
} from './manifest.ts';

/** Texts stand in quotes, names of enums without, lists in brackets. */
export function graphqlLiteral(input: ManifestInput, value: unknown): string {
  return input.type === 'enum' ? String(value) : literal(givenValue(input, value));
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${name}: ${literal(member)}`);
  return `{ ${members.join(', ')} }`;
}

/** The manifest's example as the variable of an operation, in its own order. */
export function exampleVariable({ inputs, example }: Manifest): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(example).map(([name, value]) => {
      const input = inputs.find((candidate) => candidate.name === name);
      return [name, input === undefined ? value : givenValue(input, value)];
    }),
  );
}

/** The manifest's example as fields of an input object, such as `tripDistanceMiles: 1.44`, in its own order. */
export function exampleFields({ inputs, example }: Manifest): readonly string[] {
  return Object.entries(example).flatMap(([name, value]) => {
    const input = inputs.find((candidate) => candidate.name === name);
    return input === undefined ? [] : [`${name}: ${graphqlLiteral(input, value)}`];
  });
}

/** The most elements that are written as a list, where the value has their bytes. */
const MAX_WRITTEN = 64;

/**
 * A value as a client gives it in the variables of an operation: a tensor as a `TensorInput` or a `ShapedTensorInput`. A
 * large tensor of which a task has kept the size alone stays as it is.
 */
export function givenValue(input: ManifestInput, value: unknown): unknown {
  if (!isTensorInput(input) || typeof value !== 'object' || value === null) return value;
  const given: Given = Array.isArray(value) ? { values: value } : value;
  const { shape = input.shape, data = given } = given;
  const elements = writtenElements(input, shape, data);
  if (elements === undefined) return value;
  return hasNamedAxes(input) ? { shape, data: elements } : elements;
}

interface Given {
  readonly shape?: Shape;
  readonly data?: Given;
  readonly values?: readonly unknown[];
  readonly integers?: readonly unknown[];
  readonly booleans?: readonly unknown[];
  readonly texts?: readonly unknown[];
  readonly base64?: string;
  readonly blob?: string;
  readonly fill?: unknown;
}

/** @returns a `TensorInput`; undefined if there are no elements. */
function writtenElements(input: TensorInput, shape: Shape, given: Given): object | undefined {
  const { values, integers, booleans, texts, base64, blob, fill } = given;
  const type = tensorTypeOf(input);
  const list =
    values ?? integers ?? booleans ?? texts ?? (base64 === undefined ? undefined : listed(type, base64));
  if (list !== undefined) return { [listName(type)]: type === 'bool' ? list.map(booleanFor) : list };
  if (base64 !== undefined) return { base64 };
  if (blob !== undefined) return { blob };
  if (fill === undefined) return undefined;
  if (type === 'string') return { texts: new Array(elementsOf(shape.map(Number))).fill(fill) };
  return { fill: Number(fill) };
}

/** Files have 1 and 0, GraphQL has true and false. */
function booleanFor(element: unknown): unknown {
  return element === 1 || element === 0 ? element === 1 : element;
}

function listName(type: TensorType): 'values' | 'integers' | 'booleans' | 'texts' {
  if (type === 'string') return 'texts';
  if (type === 'bool') return 'booleans';
  return type === 'int64' || type === 'uint64' ? 'integers' : 'values';
}

/** @returns undefined if there are many elements, or such that a list cannot have. */
function listed(type: TensorType, base64: string): readonly unknown[] | undefined {
  if (type === 'string' || base64.length > 2 * MAX_WRITTEN * ELEMENT_BYTES[type]) return undefined;
  const elements = elementsIn(type, new Uint8Array(Buffer.from(base64, 'base64')));
  if (elements.length > MAX_WRITTEN) return undefined;
  const list = Array.from<number | bigint, unknown>(elements, (element) => {
    if (typeof element === 'bigint') return exactNumber(element);
    return type === 'bool' ? element !== 0 : element;
  });
  return list.some((element) => typeof element === 'number' && !Number.isFinite(element)) ? undefined : list;
}
