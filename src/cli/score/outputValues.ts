/** Converts the outputs of a model to types and values of DuckDB. */
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';
import type { Value } from '../../contract/values.ts';
import type { FieldView } from './tidings.ts';

/** Whether an output is a whole number, or a list of them. */
export function isWholeNumber({ type }: FieldView): boolean {
  return type === 'int64' || type === 'int32';
}

export function duckTypeOf(output: FieldView): DuckDBType {
  if (output.type === 'string') return VARCHAR;
  if (output.type === 'boolean') return BOOLEAN;
  const number = isWholeNumber(output) ? BIGINT : DOUBLE;
  return output.size === null ? number : LIST(number);
}

export function duckValue(output: FieldView, value: Value | null): DuckDBValue {
  if (Array.isArray(value)) return listValue(value.map((item) => duckNumber(output, item)));
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return typeof value === 'number' ? duckNumber(output, value) : value;
}

function duckNumber(output: FieldView, value: number): DuckDBValue {
  return isWholeNumber(output) ? BigInt(value) : value;
}
