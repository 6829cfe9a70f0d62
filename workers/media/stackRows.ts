/** Lays the tensors of rows one behind another, as one column. Shorter ones are filled up. */
import { elementsOf } from '../../src/contract/tensor.ts';
import { type Elements, newElements } from '../../src/models/elements.ts';
import type { TensorType } from '../../src/models/manifest.ts';
import type { Column } from '../runtimes/onnx/encoder.ts';

/** The tensor of one row. */
export type MadeTensor = MadeNumbers | MadeTexts;

interface MadeNumbers {
  readonly type: Exclude<TensorType, 'string'>;
  readonly shape: readonly number[];
  readonly elements: Elements;
  /** The element that fills up. */
  readonly pad: number;
}

interface MadeTexts {
  readonly type: 'string';
  readonly shape: readonly number[];
  readonly elements: readonly string[];
}

/**
 * @param rows at least one, all of the same type.
 * @param sizeOf of a dimension, by its index: its size in the column if the longest row has this one.
 */
export function stackRows(
  rows: readonly MadeTensor[],
  sizeOf: (dimension: number, longest: number) => number,
): Column {
  const numbers = rows.filter((row) => row.type !== 'string');
  const [first] = numbers;
  if (first === undefined)
    return {
      type: 'string',
      data: rows.flatMap(({ elements }) => Array.from(elements, String)),
      rowShape: [],
    };
  const rowShape = first.shape.map((_, dimension) =>
    sizeOf(dimension, Math.max(...numbers.map(({ shape }) => shape[dimension] ?? 0))),
  );
  const size = elementsOf(rowShape);
  const data = newElements(first.type, rows.length * size);
  if (first.pad !== 0 && numbers.some(({ elements }) => elements.length < size)) fill(data, first.pad);
  for (const [i, { shape, elements }] of numbers.entries())
    place({ shape, elements }, { shape: rowShape, elements: data.subarray(i * size, (i + 1) * size) });
  return { type: first.type, data, rowShape };
}

function fill(data: Elements, pad: number): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data.fill(BigInt(pad));
  else data.fill(pad);
}

interface Block {
  readonly shape: readonly number[];
  readonly elements: Elements;
}

/** Copies a block to the beginning of each dimension of one that is at least as large. */
function place(from: Block, to: Block): void {
  const [count = 1, ...rest] = from.shape;
  const [, ...largerRest] = to.shape;
  if (rest.every((size, i) => size === largerRest[i])) {
    // Both have the same type, which the compiler cannot know.
    (to.elements as Uint8Array).set(from.elements as Uint8Array);
    return;
  }
  const [size, larger] = [elementsOf(rest), elementsOf(largerRest)];
  for (let i = 0; i < count; i++)
    place(
      { shape: rest, elements: from.elements.subarray(i * size, (i + 1) * size) },
      { shape: largerRest, elements: to.elements.subarray(i * larger, (i + 1) * larger) },
    );
}
