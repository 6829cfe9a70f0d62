/** Converts the outputs of a model to types and values of DuckDB. */
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  listValue,
  UBIGINT,
  VARCHAR,
} from '@duckdb/node-api';
import type { FieldView, ScoredValue } from './tidings.ts';

/** Whether an output is a whole number, or a list of them. */
export function isWholeNumber({ type }: FieldView): boolean {
  return /^u?int\d+$/.test(type);
}

export function duckTypeOf(output: FieldView): DuckDBType {
  const item = itemTypeOf(output);
  return isList(output) ? LIST(item) : item;
}

function itemTypeOf(output: FieldView): DuckDBType {
  if (output.type === 'string') return VARCHAR;
  if (output.type === 'boolean') return BOOLEAN;
  if (output.type === 'uint64') return UBIGINT;
  return isWholeNumber(output) ? BIGINT : DOUBLE;
}

function isList({ size, shape = null }: FieldView): boolean {
  return size !== null || shape !== null;
}

export function duckValue(output: FieldView, value: ScoredValue | null): DuckDBValue {
  if (typeof value !== 'object' || value === null) return duckItem(output, value);
  return listValue(value.map((item) => duckItem(output, item)));
}

function duckItem(output: FieldView, item: number | string | boolean | null): DuckDBValue {
  return item !== null && typeof item !== 'boolean' && isWholeNumber(output) ? BigInt(item) : item;
}
