/** Writes rows of a database as a Parquet or CSV file, in their order. The same rows always give the same file. */
import { type Database, databaseError } from './database.ts';
import { renameParquetColumns } from './parquetNames.ts';
import { columnId, type FileColumn, literal } from './sql.ts';

export interface WrittenRows {
  readonly database: Database;
  /** The columns of the file. Their names may be any texts. */
  readonly columns: readonly { readonly name: string; readonly sql: string }[];
  /** SQL behind FROM: the table `input`, perhaps with others. Its rows are written in the order of `input`. */
  readonly from: string;
}

/** @param path a plain name, see `plainNames.ts`. */
export async function writeParquet(path: string, { database, columns, from }: WrittenRows): Promise<void> {
  const list = columns.map(({ sql }, i) => `${sql} AS w${i}`).join(', ');
  await writeAlone(
    database,
    `COPY (SELECT ${list} FROM ${from} ORDER BY input.rowid) TO ${literal(path)} (FORMAT parquet)`,
  );
  const names = columns.map(({ name }, i) => [`w${i}`, name] as const);
  await renameParquetColumns(path, new Map(names)).catch((cause) => {
    throw databaseError(cause);
  });
}

/**
 * Writes the names as the first row. In a header, DuckDB would change names that differ only by case.
 *
 * @param path a plain name, see `plainNames.ts`.
 */
export async function writeCsv(
  path: string,
  { database, columns, from, delimiter }: WrittenRows & { readonly delimiter: string },
): Promise<void> {
  const head = columns.map(({ name }, i) => `${name === '' ? 'NULL' : literal(name)} AS t${i}`).join(', ');
  const texts = columns.map(({ sql }) => `CAST(${sql} AS VARCHAR)`).join(', ');
  const list = columns.map((_, i) => `t${i}`).join(', ');
  await writeAlone(
    database,
    `COPY (SELECT ${list} FROM (
       SELECT -1 AS place, ${head} UNION ALL SELECT input.rowid, ${texts} FROM ${from})
     ORDER BY place) TO ${literal(path)}
     (FORMAT csv, HEADER false, DELIMITER ${literal(delimiter)}, QUOTE '"', ESCAPE '"', NULLSTR '')`,
  );
}

/** Several threads write the same rows in other bytes each time. */
async function writeAlone(database: Database, sql: string): Promise<void> {
  await database.run('SET threads TO 1');
  await database.run(sql);
}

/** SQL for the text of a cell. Bytes are decoded. */
export function textOf(column: FileColumn): string {
  const id = columnId(column);
  return column.type === 'BLOB' ? `decode(${id})` : `CAST(${id} AS VARCHAR)`;
}
