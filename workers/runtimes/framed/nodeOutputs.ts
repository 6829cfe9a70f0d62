/** Brings what a predictor in JavaScript gives into columns of the manifest's types. */
import { type Elements, elementsIn, encodeElements, newElements } from '../../../src/models/elements.ts';
import type { TensorType } from '../../../src/models/manifest.ts';
import { isObject } from '../../../src/process/jsonFile.ts';
import type { ShapedColumn } from './frameColumns.ts';

/**
 * A value of an output is a list of one element per row, a list of such lists, a typed array, or `{ data, shape }`.
 *
 * @param types of the manifest's outputs, by name. Other outputs are left out.
 * @throws {TypeError} naming an output that is of another type.
 */
export function outputColumns(
  types: ReadonlyMap<string, TensorType>,
  result: unknown,
): Readonly<Record<string, ShapedColumn>> {
  if (!isObject(result))
    throw new TypeError(`predict must give an object of outputs by name, got ${typeof result}`);
  return Object.fromEntries(
    [...types].flatMap(([name, type]) => {
      const value = result[name];
      return value === undefined ? [] : [[name, column(name, type, value)] as const];
    }),
  );
}

function column(name: string, type: TensorType, value: unknown): ShapedColumn {
  const given = isObject(value) && 'data' in value ? value : { data: value };
  const shape = Array.isArray(given.shape) ? given.shape : shapeOf(given.data);
  return {
    type,
    shape,
    data: isArrayOf(type, given.data) ? given.data : dataOf(name, type, flattened(given.data)),
  };
}

function isArrayOf(type: TensorType, data: unknown): data is Elements {
  return type !== 'string' && data instanceof newElements(type, 0).constructor;
}

function dataOf(name: string, type: TensorType, elements: readonly unknown[]): ShapedColumn['data'] {
  const wrong = (element: unknown) =>
    new TypeError(
      `output ${name} must be ${type}, got ${typeof element === 'bigint' ? element : JSON.stringify(element)}`,
    );
  if (type === 'string') {
    const other = elements.find((element) => typeof element !== 'string');
    if (other !== undefined) throw wrong(other);
    return elements as readonly string[];
  }
  const encoded = encodeElements(type, elements);
  if (typeof encoded === 'number') throw wrong(elements[encoded]);
  return elementsIn(type, encoded);
}

function flattened(data: unknown): readonly unknown[] {
  if (ArrayBuffer.isView(data)) return Array.from(data as unknown as Iterable<unknown>);
  return Array.isArray(data) ? data.flatMap((item) => (isList(item) ? flattened(item) : [item])) : [data];
}

function shapeOf(data: unknown): readonly number[] {
  if (!isList(data)) return [];
  return [data.length, ...(data.length > 0 ? shapeOf(data[0]) : [])];
}

function isList(data: unknown): data is ArrayLike<unknown> {
  return Array.isArray(data) || (ArrayBuffer.isView(data) && 'length' in data);
}
