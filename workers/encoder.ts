/** Between rows as people write them and columns as ONNX takes them. Knows the manifest, not ONNX Runtime. */
import type { ElementType, Manifest } from '../src/models.ts';
import type { Values } from '../src/task.ts';

export type TensorData = BigInt64Array | Int32Array | Float32Array | Float64Array;

/** One column of a batch, of shape [n]. */
export interface Column {
  readonly type: ElementType;
  readonly data: TensorData;
}

/** Columns by tensor name. */
export type Columns = Readonly<Record<string, Column>>;

/** Output tensors as they came, by tensor name. */
export type OutputColumns = Readonly<
  Record<string, { readonly data: TensorData; readonly dims: readonly number[] }>
>;

/**
 * Encodes a batch as one column per input of the manifest.
 *
 * @param rows n validated inputs, n ≥ 1.
 * @returns per tensor name a column of length n; element i belongs to `rows[i]`.
 */
export function encodeBatch({ inputs }: Manifest, rows: readonly Values[]): Columns {
  return Object.fromEntries(
    inputs.map(({ name, tensor, type }) => {
      const values = rows.map((row) => row[name] ?? Number.NaN);
      return [tensor, { type, data: typedArray(type, values) }];
    }),
  );
}

/**
 * Reads one prediction per row from the output tensors.
 *
 * @param rowCount n.
 * @returns n predictions by GraphQL name, in the order of the rows; where a value is not finite, a text that says so.
 * @throws {RangeError} if a tensor is missing or not of shape [n] or [n, 1].
 */
export function decodeBatch(
  { outputs }: Manifest,
  columns: OutputColumns,
  rowCount: number,
): (Values | string)[] {
  for (const { tensor } of outputs) {
    const dims = columns[tensor]?.dims;
    const fits =
      dims !== undefined &&
      dims[0] === rowCount &&
      (dims.length === 1 || (dims.length === 2 && dims[1] === 1));
    if (!fits) {
      throw new RangeError(
        `output ${tensor} must have shape [${rowCount}], got ${dims ? `[${dims.join(', ')}]` : 'none'}`,
      );
    }
  }
  return Array.from({ length: rowCount }, (_, row) => {
    const values = outputs.map(({ name, tensor }) => [name, Number(columns[tensor]?.data[row])] as const);
    const wrong = values.find(([, value]) => !Number.isFinite(value));
    return wrong === undefined
      ? Object.fromEntries(values)
      : `${wrong[0]} must be a finite number, got ${wrong[1]}`;
  });
}

function typedArray(type: ElementType, values: readonly number[]): TensorData {
  switch (type) {
    case 'int64':
      return BigInt64Array.from(values, BigInt);
    case 'int32':
      return Int32Array.from(values);
    case 'float32':
      return Float32Array.from(values);
    case 'float64':
      return Float64Array.from(values);
  }
}
