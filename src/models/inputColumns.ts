/**
 * The inputs of a row batch, column by column. Each value is checked like that of a single task: before it is queued,
 * and once more before it is run.
 */

import { isDeepStrictEqual } from 'node:util';
import {
  badUserInput,
  badValue,
  type InputProblem,
  messageOf,
  type RequestError,
} from '../contract/errors.ts';
import type { InputColumns, PackedColumns, Value, Values } from '../contract/values.ts';
import { inputProblem, readValue } from './input.ts';
import { localTimeAt, NOW } from './localTime.ts';
import { isTensorInput, type Manifest, type ManifestInput } from './manifest.ts';
import { filledElements, MAX_LISTED } from './tensorInput.ts';
import { tensorProblems } from './tensorProblems.ts';

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
  requireFewFilled(manifest, rows);
  const { columns, problems } = readColumns(manifest, rows.length, ({ name }) =>
    rows.map((row) => row[name]),
  );
  if (problems.length > 0) throw badRows(problems);
  return columns;
}

/** A few bytes of a request could fill all memory otherwise. */
function requireFewFilled({ inputs }: Manifest, rows: readonly Readonly<Record<string, unknown>>[]): void {
  let filled = 0;
  for (const field of inputs.filter(isTensorInput))
    for (const row of rows) filled += filledElements(field, row[field.name]);
  if (filled > MAX_LISTED)
    throw badValue(
      'inputs',
      `rows with ${MAX_LISTED} elements at most that are given as fill`,
      String(filled),
    );
}

/**
 * Checks, completes and unpacks the columns of a job. Anybody with access to the broker may have written it. A wrong value
 * is the fault of its row, a column of another length that of every row.
 *
 * @param rowCount the length of each column. A column that is absent has the input's default in each row.
 * @returns the columns, and what is wrong with a row, by row. Such a row may have no values in the columns.
 */
export function unpackColumns(
  manifest: Manifest,
  columns: Readonly<Record<string, unknown>>,
  rowCount: number,
): { readonly columns: InputColumns; readonly faults: ReadonlyMap<number, string> } {
  const faults = new Map<number, string>();
  const blame = (row: number, message: string) => {
    const others = faults.get(row);
    faults.set(row, others === undefined ? message : `${others}; ${message}`);
  };
  try {
    const read = readColumns(manifest, rowCount, ({ name }) => unpacked(name, columns[name], rowCount));
    for (const { row, message } of read.problems) blame(row, message);
    return { columns: read.columns, faults };
  } catch (error) {
    for (let row = 0; row < rowCount; row++) blame(row, messageOf(error));
    return { columns: {}, faults };
  }
}

function unpacked(
  name: string,
  column: unknown,
  rowCount: number,
): readonly unknown[] | { readonly all: unknown } {
  if (column === undefined || column === null) return { all: undefined };
  if (Array.isArray(column) && column.length === rowCount) return column;
  if (typeof column === 'object' && 'all' in column) return { all: column.all };
  const got = Array.isArray(column) ? `a list of ${column.length}` : typeof column;
  throw badValue(name, `a list of ${rowCount} values`, got);
}

/**
 * @param now when a row was submitted, in milliseconds since the epoch (broker time): a local time `now` is this.
 */
export function columnsAt(
  { inputs }: Manifest,
  columns: InputColumns,
  now: (row: number) => number,
): InputColumns {
  const readings = inputs.flatMap((field) => {
    const column = columns[field.name] ?? [];
    if (field.type !== 'dateTime' || !column.includes(NOW)) return [];
    const read = (value: Value, row: number) =>
      value === NOW ? localTimeAt(now(row), field.timeZone) : value;
    return [[field.name, column.map(read)] as const];
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
  return first !== undefined && column.every((value) => isSame(value, first)) ? { all: first } : column;
}

/** Equal lists are not looked for: they are rare. A tensor that is equal in all rows, such as a state, is not. */
function isSame(value: Value, first: Value): boolean {
  if (value === first) return true;
  if (typeof value !== 'object' || typeof first !== 'object' || !('base64' in value && 'base64' in first))
    return false;
  return value.base64 === first.base64 && isDeepStrictEqual(value, first);
}

interface RowProblem extends InputProblem {
  readonly row: number;
}

interface ReadColumns {
  readonly columns: InputColumns;
  readonly problems: readonly RowProblem[];
}

/** @param given the values of an input, row by row, or one value for all rows; undefined where it is left out. */
function readColumns(
  manifest: Manifest,
  rowCount: number,
  given: (field: ManifestInput) => readonly unknown[] | { readonly all: unknown },
): ReadColumns {
  const problems: RowProblem[] = [];
  const columns = manifest.inputs.map((field) => {
    const values = given(field);
    // Read once: that of a tensor may be large.
    const byDefault = field.default === undefined ? undefined : readValue(field, field.default);
    const read = (asked: unknown) => (asked == null ? byDefault : readValue(field, asked));
    const refuse = (row: number, asked: unknown) =>
      problems.push({ row, ...inputProblem(field, asked ?? field.default) });
    if ('all' in values) {
      const value = read(values.all);
      for (let row = 0; value === undefined && row < rowCount; row++) refuse(row, values.all);
      return [field.name, new Array<Value>(rowCount).fill(value as Value)] as const;
    }
    const column: Value[] = [];
    for (let row = 0; row < rowCount; row++) {
      const asked = values[row];
      const value = read(asked);
      if (value === undefined) refuse(row, asked);
      column.push(value as Value);
    }
    return [field.name, column] as const;
  });
  const read: InputColumns = Object.fromEntries(columns);
  problems.push(...rowTensorProblems(manifest, read, rowCount));
  return { columns: read, problems };
}

/** Rows whose tensors do not fit each other, the limits of their axes, or a message. */
function rowTensorProblems(
  manifest: Manifest,
  columns: InputColumns,
  rowCount: number,
): readonly RowProblem[] {
  const tensors = manifest.inputs.filter(isTensorInput).map(({ name }) => name);
  if (tensors.length === 0) return [];
  return Array.from({ length: rowCount }, (_, row) => {
    const values = Object.fromEntries(tensors.map((name) => [name, columns[name]?.[row]]));
    return tensorProblems(manifest, values as Values).map((problem) => ({ row, ...problem }));
  }).flat();
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
