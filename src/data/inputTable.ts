/** The table `input` of a database: the rows of data files, with the fault and the line of each row. */
import type { DuckDBValue } from '@duckdb/node-api';
import type { Database } from './database.ts';
import { DataFault } from './dataFault.ts';
import { type InputFile, PROBLEM } from './inputFile.ts';
import type { MappedInput } from './mapping.ts';
import { columnId, type FileColumn, literal, namesOf } from './sql.ts';

/** Rows that are read together. */
export interface Part {
  readonly from: number;
  /** The row behind the last one. */
  readonly to: number;
}

/** The rows of a part. */
export interface InputPart {
  /** The cells of each input. */
  readonly cells: readonly (readonly DuckDBValue[])[];
  /** The fault of each row as a whole; null if it has none. */
  readonly problems: readonly (string | null)[];
}

/**
 * Makes the table of the rows of one file or more, in their order. Its columns have the numbers of the first file's.
 *
 * @param shown the names of the files, for messages.
 * @throws {DataFault} if a file cannot be read to its end, or if the files have different columns.
 */
export async function loadInputs(
  database: Database,
  files: readonly InputFile[],
  shown: readonly string[],
): Promise<void> {
  const [first] = files;
  if (first === undefined) throw new Error('there is no file to load');
  const columns = files.map((file, i) => sameColumns(first, file, { first: shown[0], other: shown[i] }));
  const shapes = files.map((file, i) => file.emptyRows(columns[i] ?? []));
  await database.run(`CREATE TABLE input AS ${shapes.join(' UNION ALL ')}`);
  for (const [i, file] of files.entries()) await file.load(database, columns[i] ?? []);
}

/** The columns of a file in the order in which the first file has them. */
function sameColumns(
  first: InputFile,
  other: InputFile,
  shown: { readonly first: string | undefined; readonly other: string | undefined },
): readonly FileColumn[] {
  if (first.isTyped !== other.isTyped)
    throw new DataFault(
      `all files must have one format, and ${first.isTyped ? shown.first : shown.other} is Parquet and ${first.isTyped ? shown.other : shown.first} is CSV`,
    );
  const isSame = first.columns.every(({ name }, i) => other.columns[i]?.name === name);
  if (isSame && first.columns.length === other.columns.length) return other.columns;
  const lacks = first.columns.filter(({ name }) => !hasOnce(other, name));
  const more = other.columns.filter(({ name }) => !hasOnce(first, name));
  if (lacks.length + more.length > 0)
    throw new DataFault(
      `all files must have the same columns, and ${shown.other} has ${[
        ...(lacks.length > 0 ? [`no ${namesOf(lacks)}`] : []),
        ...(more.length > 0 ? [`${namesOf(more)}, which ${shown.first} has not`] : []),
      ].join(', but ')}`,
    );
  return first.columns.flatMap(({ name }) => other.columns.filter((column) => column.name === name));
}

function hasOnce({ columns }: InputFile, wanted: string): boolean {
  return columns.filter(({ name }) => name === wanted).length === 1;
}

export async function countRows(database: Database): Promise<number> {
  return Number((await database.rows('SELECT count(*) FROM input'))[0]?.[0]);
}

export async function readRows(
  database: Database,
  inputs: readonly MappedInput[],
  { from, to }: Part,
): Promise<InputPart> {
  const ids = inputs.map(({ column }) => (column === undefined ? 'NULL' : columnId(column)));
  const columns = await database.columns(
    `SELECT ${[PROBLEM, ...ids].join(', ')} FROM input WHERE rowid >= ${from} AND rowid < ${to} ORDER BY rowid`,
  );
  const [problems = [], ...cells] = columns;
  return { cells, problems: problems.map((problem) => (problem === null ? null : String(problem))) };
}

/** Whether the pattern matches a whole cell of any of the columns, which must be texts. */
export async function hasCell(
  database: Database,
  inputs: readonly MappedInput[],
  pattern: string,
): Promise<boolean> {
  const tests = inputs.flatMap(({ column }) =>
    column === undefined ? [] : [`regexp_full_match(${columnId(column)}, ${literal(pattern)})`],
  );
  if (tests.length === 0) return false;
  const found = await database.rows(
    `SELECT 1 FROM input WHERE ${PROBLEM} IS NULL AND (${tests.join(' OR ')}) LIMIT 1`,
  );
  return found.length > 0;
}
