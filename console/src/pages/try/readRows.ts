/** Reads a file of rows as inputs: CSV with a header, a JSON list, or JSON objects a line each. */
import { csvParseRows } from 'd3-dsv';
import type { Model, ModelField } from '../../api/models.ts';
import { MISSING, type Read, readText } from './readText.ts';
import { tensorOfText } from './tensorDraft.ts';

export interface Rows {
  readonly inputs: readonly Readonly<Record<string, unknown>>[];
  /** The first problems; with one, nothing should be sent. */
  readonly problems: readonly string[];
  /** Of all of them. */
  readonly problemCount: number;
  /** Columns that belong to no input. */
  readonly unused: readonly string[];
}

/** The most rows that one mutation takes. */
export const MAX_ROWS = 10_000;
/** So many problems of a file are told. */
export const MAX_PROBLEMS = 20;

export function readRows(name: string, text: string, { inputs: fields }: Pick<Model, 'inputs'>): Rows {
  const rows = readTable(name, text);
  if (typeof rows === 'string') return refused([rows]);
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
  if (problems.length > 0) return refused(problems);
  const inputs: Record<string, unknown>[] = [];
  let problemCount = 0;
  for (const [i, row] of rows.entries()) {
    const input: Record<string, unknown> = {};
    for (const { field, column } of named) {
      const read = column === undefined ? { value: undefined } : readCell(field, row[column]);
      if ('problem' in read) {
        problemCount++;
        if (problems.length < MAX_PROBLEMS) problems.push(`Row ${i + 1}, ${field.name}: ${read.problem}`);
      } else if (read.value !== undefined) input[field.name] = read.value;
    }
    inputs.push(input);
  }
  const used = new Set(named.map(({ column }) => column));
  return { inputs, problems, problemCount, unused: [...columns].filter((column) => !used.has(column)) };
}

function refused(problems: readonly string[]): Rows {
  return { inputs: [], problems, problemCount: problems.length, unused: [] };
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

function readCell(field: ModelField, cell: unknown): Read {
  if (cell === undefined || cell === null || cell === '')
    return field.default === null ? MISSING : { value: undefined };
  // JSON has values, CSV has texts.
  if (typeof cell !== 'string') return { value: cell };
  if (field.kind === 'IMAGE' || field.kind === 'AUDIO') return { value: { base64: cell } };
  if (field.kind === 'TEXT' || field.shape === null) return readText(field, cell);
  return cell.trimStart().startsWith('{') ? readObject(cell) : tensorOfText(field, { text: cell, shape: '' });
}

/** A tensor as GraphQL takes it. */
function readObject(cell: string): Read {
  try {
    return { value: JSON.parse(cell) };
  } catch {
    return { problem: 'Begins with { and is no JSON.' };
  }
}
