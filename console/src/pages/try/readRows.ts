/** Reads a file of rows as inputs: CSV with a header, a JSON list, or JSON objects a line each. */
import { csvParseRows } from 'd3-dsv';
import type { Model, ModelField } from '../../api/models.ts';
import { readText } from './readText.ts';

export interface Rows {
  readonly inputs: readonly Readonly<Record<string, unknown>>[];
  /** The first problems; with one, nothing should be sent. */
  readonly problems: readonly string[];
  /** Columns that belong to no input. */
  readonly unused: readonly string[];
}

/** The most rows that one mutation takes. */
export const MAX_ROWS = 10_000;
const MAX_PROBLEMS = 5;

export function readRows(name: string, text: string, { inputs: fields }: Pick<Model, 'inputs'>): Rows {
  const rows = readTable(name, text);
  if (typeof rows === 'string') return { inputs: [], problems: [rows], unused: [] };
  const columns = new Set(rows.slice(0, 100).flatMap((row) => Object.keys(row)));
  const named = fields.map((field) => ({ field, column: columnOf(field, columns) }));
  const problems = [
    ...(rows.length === 0 ? ['The file has no rows.'] : []),
    ...(rows.length > MAX_ROWS
      ? [`The file has ${rows.length} rows, and ${MAX_ROWS} fit into one task.`]
      : []),
    ...named
      .filter(({ field, column }) => column === undefined && field.default === null)
      .map(({ field }) => `There is no column ${field.name}.`),
  ];
  if (problems.length > 0) return { inputs: [], problems, unused: [] };
  const inputs: Record<string, unknown>[] = [];
  for (const [i, row] of rows.entries()) {
    const input: Record<string, unknown> = {};
    for (const { field, column } of named) {
      const read = column === undefined ? { value: undefined } : readCell(field, row[column]);
      if ('problem' in read) problems.push(`Row ${i + 1}: ${read.problem}`);
      else if (read.value !== undefined) input[field.name] = read.value;
    }
    if (problems.length >= MAX_PROBLEMS) break;
    inputs.push(input);
  }
  const used = new Set(named.map(({ column }) => column));
  return { inputs, problems, unused: [...columns].filter((column) => !used.has(column)) };
}

type Row = Readonly<Record<string, unknown>>;

/** @returns what is wrong with the file, if it is no table. */
function readTable(name: string, text: string): readonly Row[] | string {
  if (!/^\s*[[{]/.test(text)) return readCsv(text);
  try {
    const isList = text.trimStart().startsWith('[');
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
    const rows: unknown = isList ? JSON.parse(text) : lines.map((line) => JSON.parse(line));
    if (Array.isArray(rows) && rows.every((row) => typeof row === 'object' && row !== null)) return rows;
    return `${name} must be a list of objects, one for each row.`;
  } catch (error) {
    return `${name} is no JSON: ${error instanceof Error ? error.message : error}`;
  }
}

function readCsv(text: string): readonly Row[] {
  // Programs of spreadsheets begin a file with a mark of its encoding.
  const [header = [], ...rows] = csvParseRows(text.replace(/^\uFEFF/, ''));
  return rows.map((cells) => Object.fromEntries(header.map((column, i) => [column.trim(), cells[i]])));
}

/** A column has the name of the input, or that of the model's tensor. Upper and lower case do not matter. */
function columnOf({ name, tensor }: ModelField, columns: ReadonlySet<string>): string | undefined {
  const fits = (wanted: string) =>
    [...columns].find((column) => column.toLowerCase() === wanted.toLowerCase());
  return fits(name) ?? fits(tensor);
}

function readCell(field: ModelField, cell: unknown): ReturnType<typeof readText> {
  if (cell === undefined || cell === null || cell === '')
    return field.default === null ? { problem: `${field.name} is empty` } : { value: undefined };
  // JSON has values, CSV has texts.
  return typeof cell === 'string' ? readText(field, cell) : { value: cell };
}
