/**
 * Reads the column of an input: each value once, with the number of its rows. Cells that need more than a comparison are
 * read by the same code as those that are scored.
 */
import { BIGINT, BOOLEAN, DOUBLE, VARCHAR } from '@duckdb/node-api';
import { inputProblem } from '../models/input.ts';
import { localTime, NOW, secondsOf } from '../models/localTime.ts';
import {
  isFloat,
  isMediaInput,
  isPlainInput,
  isTensorInput,
  type ManifestInput,
  type NumberInput,
} from '../models/manifest.ts';
import { UnusableCell } from './cells.ts';
import { DATA_VIEW, type DataTable, viewId } from './dataTable.ts';
import { type MappedInput, type Notation, readCell } from './mapping.ts';
import type { FileColumn } from './sql.ts';

export interface ReadInput extends MappedInput {
  readonly column: FileColumn;
}

/** The values of an input, in a table with the columns `value` or `name`, `is_outside`, `rows` and `kept`. */
export interface Reading {
  readonly input: ManifestInput;
  readonly column: FileColumn;
  readonly table: string;
  /** Rows whose cell is no value of the input. */
  readonly outside: number;
  /** Why one of them is none. */
  readonly reason: string | undefined;
}

const PAGE_CELLS = 50_000;
const SECONDS_PER_HOUR = 3_600;
const NUMBER = /^(?:U?(?:TINYINT|SMALLINT|INTEGER|BIGINT)|FLOAT|DOUBLE)$/;
/** Readings of a clock. */
const CLOCK = /^(?:DATE|TIMESTAMP(?:_S|_MS|_NS)?)$/;

/** @param kept SQL over the view: whether a row takes part in training. */
export async function readColumn(
  data: DataTable,
  mapped: ReadInput,
  { notation, kept }: { readonly notation: Notation; readonly kept: string },
): Promise<Reading> {
  const { input, column } = mapped;
  const table = `reading_${column.index}_${input.name}`;
  const id = viewId(column);
  const cells = `SELECT ${id} AS cell, (${kept}\n) AS is_kept FROM ${DATA_VIEW} WHERE ${id} IS NOT NULL`;
  const plain = plainValues(input, column.type);
  const reason =
    plain === undefined
      ? await readEach(data, mapped, { table, cells, notation })
      : await data.database.run(
          `CREATE TABLE ${table} AS SELECT ${plain.value} AS value, NULL::VARCHAR AS name, NOT coalesce(${plain.isInside}, false) AS is_outside,
             count(*) AS rows, count(*) FILTER (WHERE is_kept) AS kept FROM (${cells}) GROUP BY ALL`,
        );
  const [counted] = await data.database.rows(
    `SELECT coalesce(sum(rows), 0)::BIGINT, first(value ORDER BY rows DESC, value) FROM ${table} WHERE is_outside`,
  );
  const outside = Number(counted?.[0]);
  return {
    input,
    column,
    table,
    outside,
    reason: outside === 0 ? undefined : (reason ?? inputProblem(input, counted?.[1]).message),
  };
}

/** SQL for values of a typed column, which are read by comparisons alone; undefined for all others. */
function plainValues(
  input: ManifestInput,
  type: string,
): { readonly value: string; readonly isInside: string } | undefined {
  if (!isPlainInput(input)) return undefined;
  if (input.type === 'dateTime' && CLOCK.test(type)) {
    const clock = 'TRY_CAST(cell AS TIMESTAMP)';
    return { value: `hour(${clock})::DOUBLE`, isInside: `year(${clock}) BETWEEN 0 AND 9999` };
  }
  if (!NUMBER.test(type) || !isNumber(input) || input.size !== undefined || input.exact) return undefined;
  const value = 'cell::DOUBLE';
  const isWhole = isFloat(input.type) ? '' : ` AND floor(${value}) = ${value}`;
  return { value, isInside: `${value} BETWEEN ${input.minimum} AND ${input.maximum}${isWhole}` };
}

function isNumber(input: ManifestInput): input is NumberInput {
  return isPlainInput(input) && 'minimum' in input && 'unit' in input;
}

/** @returns why a cell is no value of the input, if one is none. */
async function readEach(
  { database }: DataTable,
  mapped: ReadInput,
  { table, cells, notation }: { readonly table: string; readonly cells: string; readonly notation: Notation },
): Promise<string | undefined> {
  await database.run(
    `CREATE TABLE cells_of_${table} AS SELECT cell, count(*) AS rows, count(*) FILTER (WHERE is_kept) AS kept FROM (${cells}) GROUP BY cell`,
  );
  await database.run(
    `CREATE TABLE ${table} (value DOUBLE, name VARCHAR, is_outside BOOLEAN, rows BIGINT, kept BIGINT)`,
  );
  let reason: string | undefined;
  for (let from = 0; ; from += PAGE_CELLS) {
    const [page = [], rows = [], kept = []] = await database.columns(
      `SELECT cell, rows, kept FROM cells_of_${table} WHERE rowid >= ${from} AND rowid < ${from + PAGE_CELLS}`,
    );
    if (page.length === 0) break;
    const values = page.map((cell) => readCell(mapped, cell, notation));
    const wrong = values.find((value) => value instanceof UnusableCell);
    if (wrong instanceof UnusableCell) reason ??= wrong.reason;
    await database.append(
      table,
      [DOUBLE, VARCHAR, BOOLEAN, BIGINT, BIGINT],
      [
        values.map((value) => numberOf(mapped.input, value)),
        values.map((value) => nameOf(mapped.input, value)),
        values.map((value) => value instanceof UnusableCell),
        rows,
        kept,
      ],
    );
  }
  await database.run(`DROP TABLE cells_of_${table}`);
  return reason;
}

/** The number by which values are told apart in a profile: of a time the hour, of a text its length. */
function numberOf(input: ManifestInput, value: unknown): number | null {
  if (isTensorInput(input) || value instanceof UnusableCell) return null;
  if (typeof value === 'string' && input.type === 'dateTime') {
    const reading = value === NOW ? undefined : localTime(value, input.timeZone);
    return reading === undefined ? null : Math.floor(secondsOf(reading) / SECONDS_PER_HOUR) % 24;
  }
  if (typeof value === 'string' && (isMediaInput(input) || input.type === 'string')) return [...value].length;
  return typeof value === 'number' ? value : null;
}

function nameOf(input: ManifestInput, value: unknown): string | null {
  if (isTensorInput(input) || value instanceof UnusableCell) return null;
  return input.type === 'enum' || input.type === 'boolean' ? String(value) : null;
}
