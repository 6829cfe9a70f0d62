/** Cuts, joins and compares tensors along any axis, for trial runs. */
import type { Column } from '../../../../workers/runtimes/onnx/encoder.ts';
import { type TensorData, toBatchAxis } from '../../../../workers/tensorLayout.ts';
import { elementsOf } from '../../../contract/tensor.ts';
import { newElements } from '../../../models/elements.ts';
import type { TensorType } from '../../../models/manifest.ts';

/** A tensor that a run gave. */
export type Answer = Pick<Column, 'data' | 'dims'>;

/** @returns a place for elements of the type; empty texts, or zeros. */
export function newData(type: TensorType, count: number): TensorData {
  return type === 'string' ? new Array<string>(count).fill('') : newElements(type, count);
}

/** Joins rows, whose size is 1 on the axis. */
export function joined(rows: readonly Column[], axis: number): Column {
  const [first] = rows;
  if (first === undefined) throw new RangeError('there is no row to join');
  const { type, dims } = first;
  const length = first.data.length;
  const data = newData(type, rows.length * length);
  for (const [i, row] of rows.entries()) setElements(data, i * length, row.data);
  return {
    type,
    data: toBatchAxis(type, data, dims.toSpliced(axis, 1), axis),
    dims: dims.with(axis, rows.length),
  };
}

/** Both are of one type. */
function setElements(data: TensorData, start: number, elements: TensorData): void {
  const places = data as { [index: number]: number | bigint | string };
  for (const [i, element] of elements.entries()) places[start + i] = element;
}

/** @returns one place of an axis, whose size is then 1. */
export function partAt({ data, dims }: Answer, axis: number, index: number): Answer {
  const inner = elementsOf(dims.slice(axis + 1));
  const block = inner * (dims[axis] ?? 1);
  const isPart = (i: number) => Math.floor((i % block) / inner) === index;
  return { data: elementsWhere(data, isPart), dims: dims.with(axis, 1) };
}

/** The elements at the places that a rule allows. */
export function elementsWhere(data: TensorData, isIn: (place: number) => boolean): TensorData {
  // The kinds of arrays have the same methods, which TypeScript does not see.
  return (data as Float32Array<ArrayBuffer>).filter((_, i) => isIn(i));
}

/**
 * Whether two answers are the same. Machines add numbers in different orders, so that numbers may differ a little.
 *
 * @param relative the difference that is allowed, as a fraction of the largest number.
 */
export function isSame(left: Answer, right: Answer, relative: number): boolean {
  if (left.dims.length !== right.dims.length || left.dims.some((size, i) => size !== right.dims[i]))
    return false;
  const allowed = relative * largestIn(left);
  for (let i = 0; i < left.data.length; i++) {
    const [a, b] = [left.data[i], right.data[i]];
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    if (typeof a !== 'number' || typeof b !== 'number' || !(Math.abs(a - b) <= allowed)) return false;
  }
  return true;
}

function largestIn({ data }: Answer): number {
  let largest = 0;
  for (const element of data)
    if (typeof element === 'number' && Number.isFinite(element))
      largest = Math.max(largest, Math.abs(element));
  return largest;
}
