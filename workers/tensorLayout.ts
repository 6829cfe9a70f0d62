/** Moves the elements of tensors, which lie in row-major order: rows to another axis, rows to a larger or smaller shape. */
import { ELEMENT_BYTES, type ElementType, elementsOf } from '../src/contract/tensor.ts';
import { bytesIn, type Elements, elementsIn, newElements } from '../src/models/elements.ts';
import type { TensorType } from '../src/models/manifest.ts';

/** The elements of a tensor. Texts are a plain list. A bool is 1 (true) or 0 (false). */
export type TensorData = Elements | readonly string[];

/** Numbers as their bytes, or texts. */
type Cells = Uint8Array<ArrayBuffer> | string[];

/** From here on a copy by the engine is faster than a loop. */
const LONG_PIECE = 64;

/** The dimensions of a tensor of several rows. @param batchAxis null: it has none, and one row. */
export function dimsOf(rowShape: readonly number[], batchAxis: number | null, rows: number): number[] {
  return batchAxis === null ? [...rowShape] : rowShape.toSpliced(batchAxis, 0, rows);
}

/**
 * Moves rows from the first axis to the batch axis.
 *
 * @param data of n rows, one after the other.
 */
export function toBatchAxis<T extends TensorData>(
  type: TensorType,
  data: T,
  rowShape: readonly number[],
  batchAxis: number | null,
): T {
  const outer = elementsOf(rowShape.slice(0, batchAxis ?? 0));
  const rows = data.length / Math.max(1, elementsOf(rowShape));
  return swapAxes(type, data, rows, outer);
}

/** Moves rows from the batch axis to the first axis. @param dims of the whole tensor. */
export function fromBatchAxis<T extends TensorData>(
  type: TensorType,
  data: T,
  dims: readonly number[],
  batchAxis: number | null,
): T {
  const outer = elementsOf(dims.slice(0, batchAxis ?? 0));
  return swapAxes(type, data, outer, batchAxis === null ? 1 : (dims[batchAxis] ?? 1));
}

/** Takes a tensor as one of the shape [first, second, rest]. @returns one of [second, first, rest]. */
function swapAxes<T extends TensorData>(type: TensorType, data: T, first: number, second: number): T {
  if (first <= 1 || second <= 1 || data.length === 0) return data;
  const from = cellsOf(data);
  const to = emptyLike(from);
  const piece = from.length / (first * second);
  for (let i = 0; i < first; i++)
    for (let j = 0; j < second; j++) copy(from, (i * second + j) * piece, to, (j * first + i) * piece, piece);
  return dataOf(type, to) as T;
}

/**
 * Copies as much of a row as fits into another shape, from the beginning of each dimension. What else is there stays as
 * it is.
 */
export function copyCorner(
  type: TensorType,
  from: { readonly data: TensorData; readonly shape: readonly number[] },
  to: { readonly data: TensorData; readonly shape: readonly number[] },
): void {
  const width = type === 'string' ? 1 : ELEMENT_BYTES[type];
  const [fromShape, toShape] = [
    [...from.shape, width],
    [...to.shape, width],
  ];
  const [fromCells, toCells] = [cellsOf(from.data), cellsOf(to.data)];
  /** The innermost axes of equal sizes lie in one piece. */
  let last = fromShape.length - 1;
  while (last > 0 && fromShape[last] === toShape[last]) last--;
  const inner = elementsOf(fromShape.slice(last + 1));
  const copyAxis = (axis: number, fromAt: number, toAt: number): void => {
    const [fromSize = 1, toSize = 1] = [fromShape[axis], toShape[axis]];
    const size = Math.min(fromSize, toSize);
    const [fromStart, toStart] = [fromAt * fromSize, toAt * toSize];
    if (axis === last) copy(fromCells, fromStart * inner, toCells, toStart * inner, size * inner);
    else for (let i = 0; i < size; i++) copyAxis(axis + 1, fromStart + i, toStart + i);
  };
  copyAxis(0, 0, 0);
}

function copy(from: Cells, fromAt: number, to: Cells, toAt: number, length: number): void {
  if (length >= LONG_PIECE && from instanceof Uint8Array && to instanceof Uint8Array)
    to.set(from.subarray(fromAt, fromAt + length), toAt);
  else for (let i = 0; i < length; i++) to[toAt + i] = from[fromAt + i] as never;
}

/** @returns the same memory: texts are not copied either. */
function cellsOf(data: TensorData): Cells {
  return 'buffer' in data ? bytesIn(data) : (data as string[]);
}

function emptyLike(cells: Cells): Cells {
  return cells instanceof Uint8Array ? new Uint8Array(cells.length) : new Array<string>(cells.length);
}

function dataOf(type: TensorType, cells: Cells): TensorData {
  return cells instanceof Uint8Array ? elementsIn(type as ElementType, cells) : cells;
}

/** @returns elements that are all the same. @param element by default zero, false or an empty text. */
export function filledWith(
  type: TensorType,
  count: number,
  element?: number | string | boolean,
): Elements | string[] {
  if (type === 'string') return new Array<string>(count).fill(String(element ?? ''));
  const elements = newElements(type, count);
  if (element === undefined || Number(element) === 0) return elements;
  if (elements instanceof BigInt64Array || elements instanceof BigUint64Array) elements.fill(BigInt(element));
  else elements.fill(Number(element));
  return elements;
}
