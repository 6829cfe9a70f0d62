/** Cuts, joins and compares tensors along any axis, for trial runs. */
import type { TensorData } from '../../../../workers/runtimes/onnx/encoder.ts';
import type { GraphTensor } from '../../../../workers/runtimes/onnx/sessionMessages.ts';
import { elementsOf } from '../../../contract/tensor.ts';
import { newElements } from '../../../models/elements.ts';
import type { TensorType } from '../../../models/manifest.ts';

/** A tensor that a run gave. */
export type Answer = Pick<GraphTensor, 'data' | 'dims'>;

/** @returns a place for elements of the type; empty texts, or zeros. */
export function newData(type: TensorType, count: number): TensorData {
  return type === 'string' ? new Array<string>(count).fill('') : newElements(type, count);
}

/** Joins tensors that differ in the size of one axis at most. */
export function joined(parts: readonly GraphTensor[], axis: number): GraphTensor {
  const [first] = parts;
  if (first === undefined) throw new RangeError('there is no tensor to join');
  const size = parts.reduce((sum, { dims }) => sum + (dims[axis] ?? 1), 0);
  const dims = first.dims.with(axis, size);
  const outer = elementsOf(first.dims.slice(0, axis));
  const data = newData(first.type, elementsOf(dims));
  let at = 0;
  for (let block = 0; block < outer; block++)
    for (const part of parts) {
      const length = part.data.length / outer;
      for (let i = 0; i < length; i++) setElement(data, at++, part.data[block * length + i] ?? 0);
    }
  return { type: first.type, data, dims };
}

/** Any array takes an element of its own type: those of one tensor are of one type. */
function setElement(data: TensorData, index: number, element: number | bigint | string): void {
  (data as { [index: number]: typeof element })[index] = element;
}

/** @returns one place of an axis, whose size is then 1. */
export function partAt({ data, dims }: Answer, axis: number, index: number): Answer {
  const inner = elementsOf(dims.slice(axis + 1));
  const step = inner * (dims[axis] ?? 1);
  const part: (number | bigint | string)[] = [];
  for (let start = index * inner; start < data.length; start += step)
    for (let i = 0; i < inner; i++) part.push(data[start + i] ?? 0);
  return { data: part as unknown as TensorData, dims: dims.with(axis, 1) };
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
    if (typeof element === 'number' && Number.isFinite(element)) largest = Math.max(largest, Math.abs(element));
  return largest;
}
