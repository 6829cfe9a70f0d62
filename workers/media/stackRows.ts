/** Lays the tensors of rows one behind another, as one column. Shorter ones are filled up. */
import { elementsOf } from '../../src/contract/tensor.ts';
import type { TensorType } from '../../src/models/manifest.ts';
import type { Column } from '../runtimes/onnx/encoder.ts';
import { copyCorner, dimsOf, filledWith, type TensorData, toBatchAxis } from '../tensorLayout.ts';

/** The tensor of one row. */
export interface MadeTensor {
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly data: TensorData;
  /** The element that fills up. */
  readonly pad: number;
}

/**
 * @param rows at least one, all of the same type.
 * @param rowShape at least as large as the shape of each row.
 */
export function stackRows(
  rows: readonly MadeTensor[],
  rowShape: readonly number[],
  batchAxis: number | null,
): Column {
  const { type, pad } = rows[0] ?? { type: 'string' as const, pad: 0 };
  const size = elementsOf(rowShape);
  const isPadded = rows.some(({ data }) => data.length !== size);
  const data = filledWith(type, rows.length * size, isPadded && type !== 'string' ? pad : undefined);
  for (const [i, row] of rows.entries()) {
    if ('subarray' in data) {
      const place = data.subarray(i * size, (i + 1) * size);
      copyCorner(type, row, { data: place, shape: rowShape });
    } else data[i] = String(row.data[0]);
  }
  return {
    type,
    data: toBatchAxis(type, data, rowShape, batchAxis),
    dims: dimsOf(rowShape, batchAxis, rows.length),
  };
}
