/** The rows of a dataset in a database of their own, as SQL of manifests and our own queries read them. */
import { Database } from './database.ts';
import { DataFault } from './dataFault.ts';
import type { RowReader } from './dateFormats.ts';
import { InputFile, PROBLEM } from './inputFile.ts';
import { countRows, hasCell, type InputPart, loadInputs, type Part, readRows } from './inputTable.ts';
import type { MappedInput } from './mapping.ts';
import { PlainNames } from './plainNames.ts';
import { columnId, type FileColumn } from './sql.ts';

/** A data file on this machine. Its digest was checked. */
export interface FetchedFile {
  /** As the dataset has it. */
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

interface DataOptions {
  /** At least one. */
  readonly files: readonly FetchedFile[];
  /** For what does not fit into memory. It is removed by the caller. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** DuckDB writes to disk what does not fit. */
const MEMORY_LIMIT = '1GiB';
/** Between the cells of a CSV. */
export const DELIMITER = ',';
/** The columns of the files by their names, without rows that have a fault. It is what SQL of manifests reads. */
export const DATA_VIEW = 'data';

export class DataTable implements RowReader, AsyncDisposable {
  readonly database: Database;
  /** Of the table `input`. */
  readonly columns: readonly FileColumn[];
  /** Whether cells have types. Those of CSVs are texts. */
  readonly isTyped: boolean;

  private constructor(database: Database, columns: readonly FileColumn[], isTyped: boolean) {
    this.database = database;
    this.columns = columns;
    this.isTyped = isTyped;
  }

  /** @throws {DataFault} naming the file that cannot be read, or whose columns are others. */
  static async open({ files, folder, signal }: DataOptions): Promise<DataTable> {
    await using names = await PlainNames.open();
    const plain = await names.of(folder);
    const place = {
      folder: plain,
      file: undefined,
      shown: folder,
      whenFull: 'a dataset needs three times its bytes.',
    };
    const settings = { memory_limit: MEMORY_LIMIT, temp_directory: plain };
    const database = await Database.open(signal, place, settings);
    try {
      const opened: InputFile[] = [];
      for (const { path, sha256 } of files)
        opened.push(
          await InputFile.open({ file: path, delimiter: DELIMITER, names, signal, digest: sha256 }),
        );
      const shown = files.map(({ name }) => name);
      await loadInputs(database, opened, shown);
      const columns = await typesOf(database, opened[0]?.columns ?? []);
      await database.run(viewOf(columns));
      return new DataTable(database, columns, opened[0]?.isTyped ?? false);
    } catch (error) {
      await database[Symbol.asyncDispose]();
      throw shownAs(error, files);
    }
  }

  rowCount(): Promise<number> {
    return countRows(this.database);
  }

  read(inputs: readonly MappedInput[], part: Part): Promise<InputPart> {
    return readRows(this.database, inputs, part);
  }

  hasCell(inputs: readonly MappedInput[], pattern: string): Promise<boolean> {
    return hasCell(this.database, inputs, pattern);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.database[Symbol.asyncDispose]();
  }
}

/** The name of a column in the view, beside its own name. No file has such a name. */
export function viewId(column: Pick<FileColumn, 'index'>): string {
  return `"tidings column ${columnId(column)}"`;
}

/** The columns with the types that all files together give them: one may have whole numbers, another fractions. */
async function typesOf(database: Database, columns: readonly FileColumn[]): Promise<readonly FileColumn[]> {
  const types = await database.rows('DESCRIBE input');
  return columns.map(({ name }, index) => ({ index, name, type: String(types[index]?.[1]) }));
}

function viewOf(columns: readonly FileColumn[]): string {
  // To SQL, names that differ only by case are the same.
  const taken = new Set<string>();
  const named = columns.filter(({ name }) => {
    const key = name.toLowerCase();
    const isNew = name !== '' && !name.includes('\0') && !taken.has(key);
    taken.add(key);
    return isNew;
  });
  const list = [
    ...columns.map((column) => `${columnId(column)} AS ${viewId(column)}`),
    ...named.map((column) => `${columnId(column)} AS "${column.name.replaceAll('"', '""')}"`),
  ];
  return `CREATE VIEW ${DATA_VIEW} AS SELECT ${list.join(', ')} FROM input WHERE ${PROBLEM} IS NULL`;
}

/** Messages show the names of the dataset instead of paths on this machine. */
function shownAs(error: unknown, files: readonly FetchedFile[]): unknown {
  if (!(error instanceof DataFault)) return error;
  for (const { name, path } of files) error.message = error.message.replaceAll(path, name);
  return error;
}
