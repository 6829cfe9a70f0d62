/**
 * Reads a Parquet file as a table with exactly its own columns, whatever the names of the columns and of the file are.
 */
import type { Database } from './database.ts';
import { DataFault } from './dataFault.ts';
import { columnId, type FileColumn, literal } from './sql.ts';

/** @param path a plain name, see `plainNames.ts`. @throws {DataFault} if the file is damaged. */
export async function readParquetColumns(database: Database, path: string): Promise<readonly FileColumn[]> {
  const names = topLevelNames(
    await database.rows(`SELECT name, num_children FROM parquet_schema(${literal(path)})`),
  );
  // Only the types come from DESCRIBE: it changes names that differ only by case.
  const types = await database.rows(
    `DESCRIBE SELECT * FROM read_parquet(${literal(path)}, hive_partitioning = false)`,
  );
  if (names.length !== types.length)
    throw new DataFault(`the file has ${names.length} columns, of which ${types.length} can be read`);
  return names.map((name, index) => ({ index, name, type: String(types[index]?.[1]) }));
}

/** What the pages of the file unpack to, as its footer says. Values that repeat may take much more as rows. */
export async function unpackedBytes(database: Database, path: string): Promise<number> {
  const [row] = await database.rows(
    `SELECT coalesce(sum(total_uncompressed_size), 0)::DOUBLE FROM parquet_metadata(${literal(path)})`,
  );
  return Number(row?.[0]);
}

/** The columns with timestamps of 96 bits, an old type with nanoseconds. DuckDB reads them to the microsecond. */
export async function roundedColumns(database: Database, path: string): Promise<readonly string[]> {
  const rows = await database.rows(`SELECT name FROM parquet_schema(${literal(path)}) WHERE type = 'INT96'`);
  return rows.map(([name]) => String(name));
}

/** SQL that selects the columns, with the names that they have in our tables. */
export function parquetRows(path: string, columns: readonly FileColumn[]): string {
  const ids = columns.map(columnId).join(', ');
  return `SELECT * FROM read_parquet(${literal(path)}, hive_partitioning = false) AS file(${ids})`;
}

/** @param elements the root, then each column, followed by its children. */
function topLevelNames(elements: readonly (readonly unknown[])[]): readonly string[] {
  const names: string[] = [];
  let inner = 0;
  for (const [name, children] of elements.slice(1)) {
    if (inner === 0) names.push(String(name));
    else inner--;
    inner += Number(children ?? 0);
  }
  return names;
}
