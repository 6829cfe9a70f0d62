/**
 * The inputs of a row batch, column by column. Each value is checked like that of a single task: before it is queued,
 * and once more before it is run.
 */

import { badUserInput, badValue, type InputProblem, type RequestError } from '../contract/errors.ts';
import type { InputColumns, PackedColumns, Value, Values } from '../contract/values.ts';
import { inputProblem, readValue } from './input.ts';
import { localTimeAt, NOW } from './localTime.ts';
import type { Manifest, ManifestInput } from './manifest.ts';

/** The first wrong values, for programs and in words. */
const PROBLEMS_LISTED = 20;
const PROBLEMS_SPELT_OUT = 5;

/**
 * Checks and completes rows, as `checkInput` does for one: local times `now` stay `now`.
 *
 * @param rows by GraphQL name; the values may be anything.
 * @throws {RequestError} `BAD_USER_INPUT` naming the first 20 values that are wrong, each with the index of its row.
 */
export function checkRows(
  manifest: Manifest,
  rows: readonly Readonly<Record<string, unknown>>[],
): InputColumns {
  return readColumns(manifest, rows.length, ({ name }) => rows.map((row) => row[name]));
}

/**
 * Checks, completes and unpacks the columns of a job. Anybody with access to the broker may have written it.
 *
 * @param rowCount the length of each column. A column that is absent has the input's default in each row.
 * @throws {RequestError} as `checkRows`.
 */
export function unpackColumns(
  manifest: Manifest,
  columns: Readonly<Record<string, unknown>>,
  rowCount: number,
): InputColumns {
  return readColumns(manifest, rowCount, ({ name }) => {
    const column = columns[name] ?? { all: undefined };
    if (Array.isArray(column) && column.length === rowCount) return column;
    if (typeof column === 'object' && 'all' in column) return { all: column.all };
    const got = Array.isArray(column) ? `a list of ${column.length}` : typeof column;
    throw badValue(name, `a list of ${rowCount} values`, got);
  });
}

/**
 * @param now when the batch was submitted, in milliseconds since the epoch (broker time): a local time `now` is this.
 */
export function columnsAt({ inputs }: Manifest, columns: InputColumns, now: number): InputColumns {
  const readings = inputs.flatMap((field) => {
    const column = columns[field.name] ?? [];
    if (field.type !== 'dateTime' || !column.includes(NOW)) return [];
    const reading = localTimeAt(now, field.timeZone);
    return [[field.name, column.map((value) => (value === NOW ? reading : value))] as const];
  });
  return { ...columns, ...Object.fromEntries(readings) };
}

/** The rows from one index up to another, the latter not included. There is at least one. */
export function packColumns(columns: InputColumns, from: number, to: number): PackedColumns {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, packColumn(column.slice(from, to))]),
  );
}

function packColumn(column: readonly Value[]): PackedColumns[string] {
  const [first] = column;
  return first !== undefined && column.every((value) => value === first) ? { all: first } : column;
}

export function rowOf(columns: InputColumns, row: number): Values {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => {
      const value = column[row];
      if (value === undefined)
        throw new Error(`a batch has a value for each input of each row, none at ${row}`);
      return [name, value];
    }),
  );
}

interface RowProblem extends InputProblem {
  readonly row: number;
}

/** @param given the values of an input, row by row, or one value for all rows; undefined where it is left out. */
function readColumns(
  { inputs }: Manifest,
  rowCount: number,
  given: (field: ManifestInput) => readonly unknown[] | { readonly all: unknown },
): InputColumns {
  const problems: RowProblem[] = [];
  const columns = inputs.map((field) => {
    const values = given(field);
    const read = (row: number, asked: unknown) => {
      const value = readValue(field, asked ?? field.default);
      if (value === undefined) problems.push({ row, ...inputProblem(field, asked ?? field.default) });
      return value as Value;
    };
    if ('all' in values) return [field.name, new Array<Value>(rowCount).fill(read(0, values.all))] as const;
    const column: Value[] = [];
    for (let row = 0; row < rowCount; row++) column.push(read(row, values[row]));
    return [field.name, column] as const;
  });
  if (problems.length > 0) throw badRows(problems);
  return Object.fromEntries(columns);
}

function badRows(problems: readonly RowProblem[]): RequestError {
  const listed = problems.toSorted((a, b) => a.row - b.row).slice(0, PROBLEMS_LISTED);
  const spelt = listed.slice(0, PROBLEMS_SPELT_OUT).map(({ row, message }) => `inputs[${row}].${message}`);
  const others = problems.length - spelt.length;
  const message = [...spelt, ...(others === 0 ? [] : [`and ${others} more`])].join('; ');
  const details = listed.map(({ row, details }) => ({ row, ...details }));
  return badUserInput({
    message,
    details: { ...details[0], problems: details, problemCount: problems.length },
  });
}
