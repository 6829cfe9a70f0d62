/**
 * Writes the output of a score: the columns of the input, those of the predictions, and why a row has no prediction.
 */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { Database } from '../../data/database.ts';
import { textOf, writeCsv, writeParquet } from '../../data/fileWriter.ts';
import { columnId, type FileColumn, shownName } from '../../data/sql.ts';
import { type FieldView, ScoreError } from './tidings.ts';

/** The column with the reason why a row has no prediction. */
export const ERROR_COLUMN = 'error';

interface OutputOptions {
  readonly input: string;
  readonly out: string;
  /** Whether an existing output may be replaced. */
  readonly overwrite: boolean;
}

interface WriteOptions {
  /** It has the tables `input` and `prediction`. */
  readonly database: Database;
  readonly columns: readonly FileColumn[];
  readonly outputs: readonly FieldView[];
  readonly delimiter: string;
}

/**
 * Checks whether an output can be written.
 *
 * @throws {ScoreError} if it is the input, exists already, has an unknown format, or has a folder that does not exist.
 */
export async function checkOutput({ input, out, overwrite }: OutputOptions): Promise<void> {
  isParquet(out);
  await checkPlace(out);
  const [source, present] = await Promise.all([input, out].map((file) => stat(file).catch(() => undefined)));
  if (present === undefined) return;
  // Paths that differ may be the same file, such as over a link.
  if (source?.ino === present.ino && source.dev === present.dev)
    throw new ScoreError(`the output must be another file than the input, got ${input} and ${out}`);
  if (!present.isFile()) throw new ScoreError(`the output must be a file, got ${out}, which is no file`);
  if (!overwrite) throw new ScoreError(`${out} exists already: name another output, or use --overwrite`);
}

/**
 * DuckDB follows links to the real path of its database, and cannot write beside it if that path has a question mark.
 */
async function checkPlace(out: string): Promise<void> {
  const folder = dirname(resolve(out));
  // A folder is not made: the path may be mistyped.
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new ScoreError(
      `the folder of the output must be there, got ${out}, and ${found === undefined ? 'there is no' : 'this is no'} folder ${folder}: make it, or correct the path`,
    );
  const place = join(await realpath(folder), basename(out));
  if (place.includes('?'))
    throw new ScoreError(
      `the output must have no ? in its path, since its unfinished part could not be kept, got ${place}`,
    );
}

/** @throws {ScoreError} if a column of the file has the name of a new one. */
export function checkNewColumns(columns: readonly FileColumn[], outputs: readonly FieldView[]): void {
  const names = new Map(columns.map(({ name }) => [name.toLowerCase(), name]));
  const clash = [...outputs.map(({ name }) => name), ERROR_COLUMN].find((name) =>
    names.has(name.toLowerCase()),
  );
  if (clash !== undefined)
    throw new ScoreError(
      `the file has a column ${names.get(clash.toLowerCase())} already: rename it, since the predictions need the name ${clash}`,
    );
}

/** @throws {ScoreError} if cells of the file cannot be written as text. */
export async function checkCells(
  database: Database,
  columns: readonly FileColumn[],
  out: string,
): Promise<void> {
  if (isParquet(out)) return;
  for (const column of columns.filter(({ type }) => type === 'BLOB')) {
    const id = columnId(column);
    const [row] = await database.rows(
      `SELECT min(rowid) FROM input WHERE ${id} IS NOT NULL AND TRY(decode(${id})) IS NULL`,
    );
    if (row?.[0] == null) continue;
    throw new ScoreError(
      `the column ${shownName(column.name)} has bytes that are no UTF-8 (row ${Number(row[0]) + 1}), which no CSV can hold: name an output that ends in .parquet`,
    );
  }
}

/** The name that an output's column has in our table. */
export function outputId(index: number): string {
  return `p${index}`;
}

/**
 * Writes the rows in the order of the file.
 *
 * @param plainName see `plainNames.ts`.
 */
export async function writeOutput(plainName: string, options: WriteOptions): Promise<void> {
  const { database, columns, outputs, delimiter } = options;
  const toParquet = isParquet(plainName);
  const rows = {
    database,
    columns: [
      ...columns.map((column) => ({ name: column.name, sql: toParquet ? columnId(column) : textOf(column) })),
      ...outputs.map(({ name }, index) => ({ name, sql: outputId(index) })),
      { name: ERROR_COLUMN, sql: ERROR_COLUMN },
    ],
    from: JOINED,
  };
  await (toParquet ? writeParquet(plainName, rows) : writeCsv(plainName, { ...rows, delimiter }));
}

const JOINED = 'input JOIN prediction ON prediction.row = input.rowid';

/** @throws {ScoreError} if it is neither Parquet nor CSV. */
function isParquet(out: string): boolean {
  const extension = extname(out).toLowerCase();
  if (extension === '.parquet' || extension === '.csv') return extension === '.parquet';
  throw new ScoreError(`the output must end in .parquet or .csv, got ${out}`);
}
